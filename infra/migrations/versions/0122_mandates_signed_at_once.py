"""Which mandates were signed at once, where a cashier lets a person sign one for all of their agreements."""

import sqlalchemy as sa
from alembic import op

revision = '0122'
down_revision = '0121'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('mandates', sa.Column('signed_with', sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column('mandates', 'signed_with')
