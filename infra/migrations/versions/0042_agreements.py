"""Agreements, what happens to them and what was booked; the fee of offers, and what kind of page a document is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0042'
down_revision = '0040'
branch_labels = None
depends_on = None

OWNERS = ('agreement_acts', 'agreements', 'draw_downs', 'movements')
RECORDS = ('agreement_acts', 'movements')
TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON {table} REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""
# What an approval kept back, as it was reckoned then: rounded to the nearest, or down where the cents would pass the cap.
FEES = """
UPDATE offers SET fee = round(offers.amount * terms.fee_rate) FROM applied_terms AS terms
 WHERE terms.user_id = offers.user_id AND terms.application_id = offers.application_id AND terms.fee_rate > 0 AND offers.status = 'OPEN'
"""


def enum(*values, name):
    return sa.Enum(*values, name=name, native_enum=False, length=40)


def upgrade() -> None:
    op.create_table('agreements',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('offer_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('kind', enum('LOAN', 'RENTAL', 'ELECTRONICS', 'AESTHETICS', name='productkind'), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('term_months', sa.Integer(), nullable=False),
    sa.Column('annual_rate', sa.Numeric(precision=7, scale=5), nullable=False),
    sa.Column('fee', sa.BigInteger(), nullable=False),
    sa.Column('cost_cap', sa.Numeric(precision=7, scale=5), nullable=False),
    sa.Column('monthly_payment', sa.BigInteger(), nullable=False),
    sa.Column('documents', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', enum('PENDING', 'ACTIVE', 'OVERDUE', 'PAUSED', 'RETURNING', 'SETTLED', 'UNWOUND', name='agreementstatus'), nullable=False),
    sa.Column('overdue_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('feed_position', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_agreements'))
    )
    op.create_index(op.f('ix_agreements_id'), 'agreements', ['id'], unique=False)
    op.create_index(op.f('ix_agreements_partner_id_feed_position_id'), 'agreements', ['partner_id', 'feed_position', 'id'], unique=False)
    op.create_index(op.f('ix_agreements_product_id'), 'agreements', ['product_id'], unique=False)
    op.create_index(op.f('ix_agreements_user_id_offer_id'), 'agreements', ['user_id', 'offer_id'], unique=True)
    op.create_table('draw_downs',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('payment_account_id', sa.Uuid(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('withheld', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', enum('SENT', 'SETTLED', 'FAILED', name='drawdownstatus'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_draw_downs'))
    )
    op.create_index(op.f('ix_draw_downs_id'), 'draw_downs', ['id'], unique=False)
    op.create_index('ix_draw_downs_sent', 'draw_downs', ['user_id', 'payment_account_id'], unique=False, postgresql_where=sa.text("status = 'SENT'"))
    op.create_index(op.f('ix_draw_downs_user_id_agreement_id'), 'draw_downs', ['user_id', 'agreement_id'], unique=False)
    op.create_table('agreement_acts',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('kind', enum('ADVANCE', 'PAYMENT', 'FEE', 'PENALTY', 'PAUSE', 'WAIVER', 'REFUND', name='actkind'), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('cause_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('withheld', sa.BigInteger(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_agreement_acts'))
    )
    op.create_index(op.f('ix_agreement_acts_user_id_agreement_id_kind_cause_id'), 'agreement_acts', ['user_id', 'agreement_id', 'kind', 'cause_id'], unique=True)
    op.create_index(op.f('ix_agreement_acts_user_id_agreement_id_place'), 'agreement_acts', ['user_id', 'agreement_id', 'place'], unique=True)
    op.create_table('movements',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('kind', enum('PRINCIPAL', 'INTEREST', 'FEE', 'RENT', 'REPAYMENT', 'REVERSAL', 'WAIVER', 'REFUND', 'PAYOUT_RETURNED', name='movementkind'), nullable=False),
    sa.Column('booked', sa.Text(), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('posted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('principal', sa.BigInteger(), nullable=False),
    sa.Column('interest', sa.BigInteger(), nullable=False),
    sa.Column('fees', sa.BigInteger(), nullable=False),
    sa.Column('penalties', sa.BigInteger(), nullable=False),
    sa.Column('credit', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('ref', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_movements'))
    )
    op.create_index(op.f('ix_movements_user_id_agreement_id_place'), 'movements', ['user_id', 'agreement_id', 'place'], unique=True)
    for table in OWNERS:
        for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
            op.execute(TRIGGER.format(table=table, word=word, which=which))
    for table in RECORDS:
        op.execute(f"""
            CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION record_stays('{{}}', '')
        """)
        op.execute(f"""
            CREATE TRIGGER stays_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
        """)
    op.add_column('documents', sa.Column('media_type', sa.Text(), nullable=False, server_default='text/plain; charset=utf-8'))
    op.alter_column('documents', 'media_type', server_default=None)
    op.add_column('offers', sa.Column('fee', sa.BigInteger(), nullable=False, server_default='0'))
    op.alter_column('offers', 'fee', server_default=None)
    op.execute('ALTER TABLE offers DISABLE TRIGGER stays')
    op.execute(FEES)
    op.execute('ALTER TABLE offers ENABLE TRIGGER stays')


def downgrade() -> None:
    op.drop_column('offers', 'fee')
    op.drop_column('documents', 'media_type')
    for table in reversed(OWNERS):
        op.drop_table(table)
