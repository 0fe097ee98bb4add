"""Treatments: parts that were done, and what was given up."""

import sqlalchemy as sa
from alembic import op

revision = '0072'
down_revision = '0071'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON {table} REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table(
        'treatments',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('agreement_id', sa.Uuid(), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('fee', sa.BigInteger(), nullable=False),
        sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('reference', sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_treatments')),
    )
    op.create_index(op.f('ix_treatments_user_id_agreement_id'), 'treatments', ['user_id', 'agreement_id'])
    op.create_table(
        'cancellations',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('agreement_id', sa.Uuid(), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('reason_sealed', sa.LargeBinary(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('user_id', 'agreement_id', name=op.f('pk_cancellations')),
    )
    for table in ('treatments', 'cancellations'):
        for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
            op.execute(TRIGGER.format(table=table, word=word, which=which))


def downgrade() -> None:
    op.drop_table('cancellations')
    op.drop_table('treatments')
