"""When we gave a refund back ourselves that the cashier did not make."""

import sqlalchemy as sa
from alembic import op

revision = '0125'
down_revision = '0124'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('refunds', sa.Column('by_hand_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('refunds', 'by_hand_at')
