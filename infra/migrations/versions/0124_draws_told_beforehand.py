"""What a cashier tells a person of a draw beforehand, and the day on which it is drawn later than it was due."""

import sqlalchemy as sa
from alembic import op

revision = '0124'
down_revision = '0123'
branch_labels = None
depends_on = None

TOLD = {
    'told_of': sa.Date(),
    'told_amount': sa.BigInteger(),
    'told_at': sa.DateTime(timezone=True),
    'draws_from': sa.Date(),
    'draws_until': sa.Date(),
}


def upgrade() -> None:
    for name, kind in TOLD.items():
        op.add_column('mandates', sa.Column(name, kind, nullable=True))
    op.add_column('agreements', sa.Column('draws_on', sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column('agreements', 'draws_on')
    for name in TOLD:
        op.drop_column('mandates', name)
