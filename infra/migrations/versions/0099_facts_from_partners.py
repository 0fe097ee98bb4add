"""With whose leave a partner told what it told."""

import sqlalchemy as sa
from alembic import op

revision = '0099'
down_revision = '0098'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('readings', sa.Column('consent_id', sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column('readings', 'consent_id')
