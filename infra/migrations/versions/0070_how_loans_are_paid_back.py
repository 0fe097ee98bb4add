"""How a loan is paid back, of products and what was applied for; and what has to be found for an offer each month."""

import sqlalchemy as sa
from alembic import op

revision = '0070'
down_revision = '0069'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('products', 'applied_terms'):
        op.add_column(table, sa.Column('amortisation', sa.String(length=40), nullable=False, server_default='EQUAL'))
    op.add_column('offers', sa.Column('monthly_burden', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('offers', 'monthly_burden')
    for table in ('applied_terms', 'products'):
        op.drop_column(table, 'amortisation')
