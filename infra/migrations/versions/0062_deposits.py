"""Deposits, and how long before the last day of a lease notice of it is given."""

import sqlalchemy as sa
from alembic import op

revision = '0062'
down_revision = '0061'
branch_labels = None
depends_on = None

STATUS = ('WAIVED', 'DUE', 'HELD', 'CLAIMED', 'DISPUTED', 'PARTLY_RETURNED', 'RETURNED')
RAISES = """
    CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON deposits REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.add_column('agreements', sa.Column('notice_days', sa.Integer(), nullable=True))
    op.create_table('deposits',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('waived', sa.BigInteger(), nullable=False),
    sa.Column('claim_days', sa.Integer(), nullable=False),
    sa.Column('dispute_days', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum(*STATUS, name='depositstatus', native_enum=False, length=40), nullable=False),
    sa.Column('kept', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('kept >= 0 AND kept <= amount', name=op.f('ck_deposits_kept')),
    sa.PrimaryKeyConstraint('user_id', 'agreement_id', name=op.f('pk_deposits')),
    )
    for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
        op.execute(RAISES.format(word=word, which=which))


def downgrade() -> None:
    op.drop_table('deposits')
    op.drop_column('agreements', 'notice_days')
