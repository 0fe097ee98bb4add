"""What an instalment costs once that is late, as products say and people accept it."""

import sqlalchemy as sa
from alembic import op

revision = '0080'
down_revision = '0079'
branch_labels = None
depends_on = None

TABLES = ('products', 'applied_terms', 'offers', 'agreements')


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column('late_fee_rate', sa.Numeric(precision=7, scale=5), nullable=False, server_default='0'))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, 'late_fee_rate')
