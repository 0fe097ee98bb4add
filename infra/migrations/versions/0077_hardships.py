"""Hardships: what people ask for in a bad month, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = '0077'
down_revision = '0076'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON hardships REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def enum(*values, name):
    return sa.Enum(*values, name=name, native_enum=False, length=40)


def upgrade() -> None:
    op.create_table('hardships',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('agreement_id', sa.Uuid(), nullable=False),
    sa.Column('kind', enum('PAUSE', 'LOWER', name='hardshipkind'), nullable=False),
    sa.Column('months', sa.Integer(), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('reason_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('promised_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', enum('REQUESTED', 'GRANTED', 'REFUSED', 'ENDED', name='hardshipstatus'), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('staff_id', sa.Uuid(), nullable=True),
    sa.Column('comment_sealed', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_hardships'))
    )
    op.create_index('uq_hardships_open', 'hardships', ['user_id', 'agreement_id'], unique=True,
                    postgresql_where=sa.text("status IN ('REQUESTED', 'GRANTED')"))
    op.create_index(op.f('ix_hardships_user_id_agreement_id'), 'hardships', ['user_id', 'agreement_id'], unique=False)
    op.create_index('ix_hardships_requested', 'hardships', ['promised_by', 'id'], unique=False,
                    postgresql_where=sa.text("status = 'REQUESTED'"))
    op.create_index(op.f('ix_hardships_id'), 'hardships', ['id'], unique=False)
    for word, which in (('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON hardships
        FOR EACH ROW EXECUTE FUNCTION record_stays('{status,ends_on,answered_at,staff_id,comment_sealed}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON hardships FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.drop_table('hardships')
