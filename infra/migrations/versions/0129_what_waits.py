"""Since when a draw waits that the person can do nothing about."""

import sqlalchemy as sa
from alembic import op

revision = '0129'
down_revision = '0128'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('agreements', sa.Column('waits_since', sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column('agreements', 'waits_since')
