"""Mandates, by which instalments are drawn; and what a payment is drawn for."""

import sqlalchemy as sa
from alembic import op

revision = '0087'
down_revision = '0086'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON mandates REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""
DRAWS = {'mandate_id': sa.Uuid(), 'due_on': sa.Date(), 'attempt': sa.SmallInteger()}


def enum(*values, name):
    return sa.Enum(*values, name=name, native_enum=False, length=40)


def upgrade() -> None:
    op.create_table('mandates',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('cashier', sa.Text(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', enum('PENDING', 'SIGNED', 'ENDED', name='mandatestatus'), nullable=False),
    sa.Column('page_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('why', enum('PERSON', 'UNSIGNED', 'WITHDRAWN', 'OVER', name='whymandateended'), nullable=True),
    sa.Column('gone_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_mandates'))
    )
    op.create_index('uq_mandates_open', 'mandates', ['user_id', 'agreement_id'], unique=True,
                    postgresql_where=sa.text("status IN ('PENDING', 'SIGNED')"))
    op.create_index(op.f('ix_mandates_id'), 'mandates', ['id'], unique=False)
    for word, which in (('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))
    for name, kind in DRAWS.items():
        op.add_column('payments', sa.Column(name, kind, nullable=True))
    with op.get_context().autocommit_block():
        op.create_index('uq_payments_draws', 'payments', ['user_id', 'cause_id', 'due_on', 'attempt'], unique=True,
                        postgresql_where=sa.text('mandate_id IS NOT NULL'),
                        postgresql_concurrently=True, if_not_exists=True)
        op.create_index('ix_payments_draws_held', 'payments', ['currency'], unique=False,
                        postgresql_where=sa.text("mandate_id IS NOT NULL AND answered_at IS NULL AND status = 'PENDING'"),
                        postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in ('ix_payments_draws_held', 'uq_payments_draws'):
            op.drop_index(name, table_name='payments', postgresql_concurrently=True, if_exists=True)
    for name in DRAWS:
        op.drop_column('payments', name)
    op.drop_table('mandates')
