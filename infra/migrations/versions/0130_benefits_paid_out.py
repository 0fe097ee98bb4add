"""What of a remittance is for benefits that were used."""

import sqlalchemy as sa
from alembic import op

revision = '0130'
down_revision = '0129'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('remittances', sa.Column('benefits', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('remittances', 'benefits')
