"""How agreements are planned and paid, as their products said when they were applied for."""

import sqlalchemy as sa
from alembic import op

revision = '0050'
down_revision = '0049'
branch_labels = None
depends_on = None

COLUMNS = {
    'rounding': sa.Enum('HALF_UP', 'HALF_EVEN', 'DOWN', name='rounding', native_enum=False, length=40),
    'amortisation': sa.Enum('EQUAL', 'INTEREST_ONLY', 'FLAT', name='amortisation', native_enum=False, length=40),
    'payment_order': sa.Enum('CHARGES_FIRST', 'PRINCIPAL_FIRST', name='paymentorder', native_enum=False, length=40),
}
BEFORE = {'rounding': 'HALF_UP', 'amortisation': 'EQUAL', 'payment_order': 'CHARGES_FIRST'}
NEW = {'agreements': ('rounding', 'amortisation', 'payment_order'), 'applied_terms': ('payment_order',), 'products': ('payment_order',)}


def upgrade() -> None:
    for table, names in NEW.items():
        for name in names:
            op.add_column(table, sa.Column(name, COLUMNS[name], nullable=False, server_default=BEFORE[name]))


def downgrade() -> None:
    for table, names in NEW.items():
        for name in names:
            op.drop_column(table, name)
