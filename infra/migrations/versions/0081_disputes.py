"""Disputes: what people say no to in their scores, and what staff answer."""

import sqlalchemy as sa
from alembic import op

revision = '0081'
down_revision = '0080'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON disputes REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('disputes',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('factor_code', sa.Text(), nullable=False),
    sa.Column('score_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('texts_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Enum('OPEN', 'UPHELD', 'REJECTED', name='disputestatus', native_enum=False, length=40),
              nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_disputes'))
    )
    is_open = sa.text("status = 'OPEN'")
    op.create_index('uq_disputes_open', 'disputes', ['user_id', 'factor_code'], unique=True, postgresql_where=is_open)
    op.create_index('ix_disputes_open', 'disputes', ['answer_by', 'id'], unique=False, postgresql_where=is_open)
    op.create_index(op.f('ix_disputes_id'), 'disputes', ['id'], unique=False)
    for word, which in (('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON disputes
        FOR EACH ROW EXECUTE FUNCTION record_stays('{texts_sealed,status,answered_at,answered_by}', 'answered_at')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON disputes FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.drop_table('disputes')
