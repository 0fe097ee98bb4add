"""Breathing spaces: days on which nothing that a person owes bears interest or costs fees."""

import sqlalchemy as sa
from alembic import op

revision = '0093'
down_revision = '0092'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON breathing_spaces REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('breathing_spaces',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=False),
    sa.Column('reason_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_breathing_spaces'))
    )
    op.create_index(op.f('ix_breathing_spaces_user_id_from_on'), 'breathing_spaces', ['user_id', 'from_on'], unique=True)
    for word, which in (('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON breathing_spaces
        FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON breathing_spaces FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.drop_table('breathing_spaces')
