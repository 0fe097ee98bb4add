"""What became of money that fits nothing: found to be a payment, or sent back."""

import sqlalchemy as sa
from alembic import op

revision = '0059'
down_revision = '0058'
branch_labels = None
depends_on = None

BEFORE = '{why,contradicted_at}'
AFTER = '{why,contradicted_at,payment_id,refund_id,reason,ended_by,ended_at}'


def upgrade() -> None:
    op.add_column('takings', sa.Column('payment_id', sa.Uuid(), nullable=True))
    op.add_column('takings', sa.Column('refund_id', sa.Uuid(), nullable=True))
    op.add_column('takings', sa.Column('reason', sa.Text(), nullable=True))
    op.add_column('takings', sa.Column('ended_by', sa.Uuid(), nullable=True))
    op.add_column('takings', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True))
    stay(AFTER)


def downgrade() -> None:
    for column in ('ended_at', 'ended_by', 'reason', 'refund_id', 'payment_id'):
        op.drop_column('takings', column)
    stay(BEFORE)


def stay(later: str) -> None:
    op.execute('DROP TRIGGER stays ON takings')
    op.execute(f"""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON takings
        FOR EACH ROW EXECUTE FUNCTION record_stays('{later}', '')
    """)
