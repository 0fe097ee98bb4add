"""Claims: what partners want of deposits."""

import sqlalchemy as sa
from alembic import op

revision = '0073'
down_revision = '0072'
branch_labels = None
depends_on = None

STATUS = ('OPEN', 'DISPUTED', 'UPHELD', 'REJECTED')
RAISES = """
    CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON claims REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('claims',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('texts_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Enum(*STATUS, name='claimstatus', native_enum=False, length=40), nullable=False),
    sa.Column('upheld', sa.BigInteger(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint('upheld >= 0 AND upheld <= amount', name=op.f('ck_claims_upheld')),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_claims')),
    )
    op.create_index(op.f('ix_claims_id'), 'claims', ['id'], unique=False)
    op.create_index(op.f('ix_claims_user_id_agreement_id'), 'claims', ['user_id', 'agreement_id'], unique=True)
    op.create_index('ix_claims_undecided', 'claims', ['answer_by', 'id'], unique=False,
                    postgresql_where=sa.text("status IN ('OPEN', 'DISPUTED')"))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON claims FOR EACH ROW
        EXECUTE FUNCTION record_stays('{answer_by,texts_sealed,status,upheld,decided_at,decided_by}', 'decided_at')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON claims FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)
    for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
        op.execute(RAISES.format(word=word, which=which))


def downgrade() -> None:
    op.drop_table('claims')
