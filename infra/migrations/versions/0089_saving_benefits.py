"""Marketing saves and retires benefits: what they changed, sources that end, and what is newly granted to everybody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = '0089'
down_revision = '0088'
branch_labels = None
depends_on = None

STATES = ('RUNNING', 'DONE', 'SUPERSEDED')


def upgrade() -> None:
    op.add_column('benefit_sources', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True))
    op.create_table('changes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Uuid(), nullable=False),
    sa.Column('noun', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('before', JSONB(), nullable=True),
    sa.Column('after', JSONB(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['staff.id'], name=op.f('fk_changes_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_changes'))
    )
    op.create_index(op.f('ix_changes_noun_subject_id'), 'changes', ['noun', 'subject', 'id'], unique=False)
    op.create_index(op.f('ix_changes_by_id'), 'changes', ['by_id'], unique=False)
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON changes
        FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON changes FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)
    op.create_table('grantings',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum(*STATES, name='runstate', native_enum=False, length=40), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('benefit_ids', JSONB(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grantings'))
    )
    op.create_index('ix_grantings_running', 'grantings', ['begun_at'], unique=False,
                    postgresql_where=sa.text("state = 'RUNNING'"))
    op.create_table('granting_ranges',
    sa.Column('granting_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('after', sa.Uuid(), nullable=False),
    sa.Column('last', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.Uuid(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('unreadable', sa.Integer(), nullable=False),
    sa.Column('cpu_seconds', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['granting_id'], ['grantings.id'], name=op.f('fk_granting_ranges_granting_id'),
                            ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('granting_id', 'number', name=op.f('pk_granting_ranges'))
    )


def downgrade() -> None:
    for table in ('granting_ranges', 'grantings', 'changes'):
        op.drop_table(table)
    op.drop_column('benefit_sources', 'ended_at')
