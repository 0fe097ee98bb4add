"""Payments and refunds, whose they are by the id that cashiers know, and all money that cashiers said has come."""

import sqlalchemy as sa
from alembic import op

revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON {table} REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""
STATUS = ('NEEDS_ACTION', 'PENDING', 'SETTLED', 'FAILED')
FAILURE = ('REFUSED', 'EXPIRED', 'ODD_MONEY')
MODE = ('SETTLE', 'DELAY', 'FAIL', 'REPEAT', 'CONTRADICT', 'ACTION')
WHY = ('UNKNOWN_PAYMENT', 'SECOND_PAYMENT', 'WRONG_AMOUNT', 'FOREIGN_CURRENCY', 'NOTHING_OWED')


def upgrade() -> None:
    op.create_table('payments',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('cause_id', sa.Uuid(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('cashier', sa.Text(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum(*STATUS, name='paymentstatus', native_enum=False, length=40), nullable=False),
    sa.Column('address_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('page_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failure', sa.Enum(*FAILURE, name='paymentfailure', native_enum=False, length=40), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_payments_amount')),
    sa.CheckConstraint("(status = 'SETTLED') = (settled_at IS NOT NULL)", name=op.f('ck_payments_settled')),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_payments'))
    )
    op.create_index(op.f('ix_payments_user_id_cause_id'), 'payments', ['user_id', 'cause_id'], unique=False)
    op.create_table('cashier_order_owners',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cashier_order_owners'))
    )
    op.create_index(op.f('ix_cashier_order_owners_user_id'), 'cashier_order_owners', ['user_id'], unique=False)
    op.create_table('takings',
    sa.Column('cashier', sa.Text(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Text(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('paid_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('why', sa.Enum(*WHY, name='whyunmatched', native_enum=False, length=40), nullable=True),
    sa.Column('contradicted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_takings_amount')),
    sa.PrimaryKeyConstraint('cashier', 'reference', name=op.f('pk_takings')),
    sa.UniqueConstraint('id', name=op.f('uq_takings_id'))
    )
    op.create_index('ix_takings_odd', 'takings', ['taken_at'], unique=False, postgresql_where=sa.text('why IS NOT NULL OR contradicted_at IS NOT NULL'))
    op.create_table('refunds',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('payment_id', sa.Uuid(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('cause_id', sa.Uuid(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('cashier', sa.Text(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum(*STATUS, name='paymentstatus', native_enum=False, length=40), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_refunds_amount')),
    sa.CheckConstraint("(status = 'SETTLED') = (settled_at IS NOT NULL)", name=op.f('ck_refunds_settled')),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_refunds'))
    )
    op.create_index(op.f('ix_refunds_user_id_payment_id'), 'refunds', ['user_id', 'payment_id'], unique=False)
    op.create_table('sandbox_turns',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('mode', sa.Enum(*MODE, name='sandboxmode', native_enum=False, length=40), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.CheckConstraint('times > 0', name=op.f('ck_sandbox_turns_times')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sandbox_turns'))
    )
    op.create_table('sandbox_orders',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('PAYMENT', 'PAYOUT', 'REFUND', name='sandboxkind', native_enum=False, length=40), nullable=False),
    sa.Column('mode', sa.Enum(*MODE, name='sandboxmode', native_enum=False, length=40), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('of', sa.Uuid(), nullable=True),
    sa.Column('status', sa.Enum(*STATUS, name='paymentstatus', native_enum=False, length=40), nullable=False),
    sa.Column('settles_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sandbox_orders'))
    )
    for table in ('payments', 'refunds'):
        for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
            op.execute(TRIGGER.format(table=table, word=word, which=which))
    op.execute("CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON takings FOR EACH ROW EXECUTE FUNCTION record_stays('{why,contradicted_at}', '')")
    op.execute("CREATE TRIGGER stays_whole BEFORE TRUNCATE ON takings FOR EACH STATEMENT EXECUTE FUNCTION record_stays()")


def downgrade() -> None:
    for table in ('sandbox_orders', 'sandbox_turns', 'refunds', 'takings', 'cashier_order_owners', 'payments'):
        op.drop_table(table)
