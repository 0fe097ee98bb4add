"""Lookups: who looked at a person, when, for what, and what they were answered."""

import sqlalchemy as sa
from alembic import op

revision = '0061'
down_revision = '0060'
branch_labels = None
depends_on = None

KIND = ('CHECK', 'REPORT', 'ANSWER', 'REVIEW')
ANSWER = ('YES', 'NO', 'UNKNOWN', 'REPORT', 'REFUSED')
PURPOSE = ('LENDING', 'RENTING', 'SHOPPING', 'INSURANCE', 'EMPLOYMENT')
GRADE = ('A', 'B', 'C', 'D')
TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON lookups REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('lookups',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Enum(*KIND, name='lookupkind', native_enum=False, length=40), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('answer', sa.Enum(*ANSWER, name='lookupanswer', native_enum=False, length=40), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=True),
    sa.Column('staff_id', sa.Uuid(), nullable=True),
    sa.Column('purpose', sa.Enum(*PURPOSE, name='purpose', native_enum=False, length=40), nullable=True),
    sa.Column('at_least', sa.Enum(*GRADE, name='grade', native_enum=False, length=40), nullable=True),
    sa.Column('grade', sa.Enum(*GRADE, name='grade', native_enum=False, length=40), nullable=True),
    sa.Column('score_id', sa.Uuid(), nullable=True),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=True),
    sa.Column('charged', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_lookups'))
    )
    op.create_index(op.f('ix_lookups_user_id_subject_id_at'), 'lookups', ['user_id', 'subject_id', 'at'], unique=False)
    op.create_index(op.f('ix_lookups_partner_id_at'), 'lookups', ['partner_id', 'at'], unique=False)
    op.create_index(op.f('ix_lookups_id'), 'lookups', ['id'], unique=False)
    for word, which in (('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON lookups
        FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON lookups FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.drop_table('lookups')
