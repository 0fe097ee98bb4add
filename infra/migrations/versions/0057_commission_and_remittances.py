"""What share of collected money a partner owes, as two people agreed; and what is due to it each day."""

import sqlalchemy as sa
from alembic import op

revision = '0057'
down_revision = '0056'
branch_labels = None
depends_on = None

LATER = {'commission_rates': ('{agreed_at}', 'agreed_at'), 'remittances': ('{reference,paid_by,paid_at}', 'paid_at')}


def upgrade() -> None:
    op.create_table(
        'commission_rates',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=False),
        sa.Column('rate', sa.Numeric(7, 5), nullable=False),
        sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('rate BETWEEN 0 AND 0.2', name=op.f('ck_commission_rates_rate')),
        sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_commission_rates_partner_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_commission_rates')),
    )
    op.create_index(op.f('ix_commission_rates_partner_id_agreed_at'), 'commission_rates', ['partner_id', 'agreed_at'])
    op.create_table(
        'remittances',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=False),
        sa.Column('currency', sa.Text(), nullable=False),
        sa.Column('first_on', sa.Date(), nullable=False),
        sa.Column('last_on', sa.Date(), nullable=False),
        sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('reference', sa.Text(), nullable=True),
        sa.Column('paid_by', sa.Uuid(), nullable=True),
        sa.Column('paid_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('amount > 0', name=op.f('ck_remittances_amount')),
        sa.CheckConstraint('(paid_at IS NULL) = (paid_by IS NULL)', name=op.f('ck_remittances_somebody_paid')),
        sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_remittances_partner_id')),
        sa.ForeignKeyConstraint(['paid_by'], ['staff.id'], name=op.f('fk_remittances_paid_by')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_remittances')),
    )
    op.create_index(
        op.f('ix_remittances_partner_id_currency_ends_at'), 'remittances', ['partner_id', 'currency', 'ends_at'], unique=True
    )
    for table, (later, closed_by) in LATER.items():
        op.execute(f"""
            CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION record_stays('{later}', '{closed_by}')
        """)
        op.execute(f"""
            CREATE TRIGGER stays_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
        """)


def downgrade() -> None:
    for table in LATER:
        op.drop_table(table)
