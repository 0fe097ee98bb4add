"""Whether an account's tokens were sent to be renewed, and nobody knows what became of them."""

import sqlalchemy as sa
from alembic import op

revision = '0096'
down_revision = '0095'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('linked_accounts', sa.Column('renewal_unanswered', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column('linked_accounts', 'renewal_unanswered')
