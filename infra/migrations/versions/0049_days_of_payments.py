"""The day from which a payment counts, whenever it is settled."""

import sqlalchemy as sa
from alembic import op

revision = '0049'
down_revision = '0048'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('payments', sa.Column('counts_on', sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column('payments', 'counts_on')
