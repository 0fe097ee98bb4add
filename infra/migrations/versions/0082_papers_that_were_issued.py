"""Papers that were issued: what people have in writing of their agreements, as it was."""

import sqlalchemy as sa
from alembic import op

revision = '0082'
down_revision = '0081'
branch_labels = None
depends_on = None

KINDS = ('SIGNED_CONTRACT', 'YEARLY_STATEMENT', 'PROOF_OF_SETTLEMENT')
TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON issued_papers REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('issued_papers',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum(*KINDS, name='paperkind', native_enum=False, length=40), nullable=False),
    sa.Column('year', sa.SmallInteger(), nullable=True),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('body_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_issued_papers'))
    )
    op.create_index('uq_issued_papers_name', 'issued_papers', ['user_id', 'agreement_id', 'kind', 'year', 'locale'],
                    unique=True, postgresql_nulls_not_distinct=True)
    for word, which in (('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON issued_papers
        FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON issued_papers FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.drop_table('issued_papers')
