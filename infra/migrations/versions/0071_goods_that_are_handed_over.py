"""Goods of an agreement: handed over to the person, and on their way back."""

import sqlalchemy as sa
from alembic import op

revision = '0071'
down_revision = '0070'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON {table} REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table(
        'handovers',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('agreement_id', sa.Uuid(), nullable=False),
        sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('reported_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('reference', sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_handovers')),
    )
    op.create_index(op.f('ix_handovers_user_id_agreement_id'), 'handovers', ['user_id', 'agreement_id'], unique=True)
    op.create_table(
        'goods_returns',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('agreement_id', sa.Uuid(), nullable=False),
        sa.Column('reason_sealed', sa.LargeBinary(), nullable=False),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('status', sa.String(length=40), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('fee', sa.BigInteger(), nullable=False),
        sa.Column('answer_sealed', sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_goods_returns')),
    )
    op.create_index(op.f('ix_goods_returns_user_id_agreement_id'), 'goods_returns', ['user_id', 'agreement_id'])
    for table in ('handovers', 'goods_returns'):
        for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
            op.execute(TRIGGER.format(table=table, word=word, which=which))


def downgrade() -> None:
    op.drop_table('goods_returns')
    op.drop_table('handovers')
