"""What a rental is of, by which its lease has its times; of those that do not say, a home."""

import sqlalchemy as sa
from alembic import op

revision = '0053'
down_revision = '0052'
branch_labels = None
depends_on = None

GOODS = sa.Enum('HOME', 'DEVICE', name='goods', native_enum=False, length=40)


def upgrade() -> None:
    for table in ('products', 'applied_terms'):
        op.add_column(table, sa.Column('goods', GOODS, nullable=True))


def downgrade() -> None:
    for table in ('products', 'applied_terms'):
        op.drop_column(table, 'goods')
