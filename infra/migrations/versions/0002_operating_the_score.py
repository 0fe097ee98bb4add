"""operating the score"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('challenger_scores',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('score_id', sa.Uuid(), nullable=False),
    sa.Column('challenger', sa.Text(), nullable=False),
    sa.Column('champion', sa.Text(), nullable=False),
    sa.Column('champion_points', sa.Integer(), nullable=False),
    sa.Column('champion_grade', sa.Enum('A', 'B', 'C', 'D', name='grade', native_enum=False, length=40), nullable=False),
    sa.Column('points', sa.Integer(), nullable=True),
    sa.Column('grade', sa.Enum('A', 'B', 'C', 'D', name='grade', native_enum=False, length=40), nullable=True),
    sa.Column('scored_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'score_id', 'challenger', name=op.f('pk_challenger_scores'))
    )
    op.create_table('model_moves',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('SCORE', 'MATCH', name='kind', native_enum=False, length=40), nullable=False),
    sa.Column('move', sa.Enum('PROMOTED', 'CHALLENGED', 'WITHDRAWN', 'ROLLED_BACK', name='move', native_enum=False, length=40), nullable=False),
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('before', sa.Text(), nullable=True),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('gate', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_moves'))
    )
    op.create_index(op.f('ix_model_moves_kind_moved_at'), 'model_moves', ['kind', 'moved_at'], unique=False)
    op.create_table('rescores',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.Enum('MODEL_PROMOTED', 'FACTS_EXPIRED', 'ASKED', name='rescorereason', native_enum=False, length=40), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('RUNNING', 'DONE', 'SUPERSEDED', name='rescorestate', native_enum=False, length=40), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rescores'))
    )
    op.create_index('ix_rescores_running', 'rescores', ['begun_at'], unique=False, postgresql_where=sa.text("state = 'RUNNING'"))
    op.create_table('model_approvals',
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('SCORE', 'MATCH', name='kind', native_enum=False, length=40), nullable=False),
    sa.Column('is_proposal', sa.Boolean(), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_model_approvals_staff_id')),
    sa.PrimaryKeyConstraint('version', 'staff_id', name=op.f('pk_model_approvals'))
    )
    op.create_table('rescore_ranges',
    sa.Column('rescore_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('after', sa.Uuid(), nullable=False),
    sa.Column('last', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.Uuid(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('scored', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('unreadable', sa.Integer(), nullable=False),
    sa.Column('cpu_seconds', sa.Double(), nullable=False),
    sa.Column('told_until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['rescore_id'], ['rescores.id'], name=op.f('fk_rescore_ranges_rescore_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('rescore_id', 'number', name=op.f('pk_rescore_ranges'))
    )
    op.add_column('decisions', sa.Column('asked_sealed', sa.LargeBinary(), nullable=True))
    op.create_index(op.f('ix_decisions_id'), 'decisions', ['id'], unique=False)
    op.create_index(op.f('ix_scores_id'), 'scores', ['id'], unique=False)
    op.add_column('scorings', sa.Column('model_version', sa.Text(), nullable=True))
    op.add_column('scorings', sa.Column('stale_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f('ix_scorings_stale_at'), 'scorings', ['stale_at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_scorings_stale_at'), table_name='scorings')
    op.drop_column('scorings', 'stale_at')
    op.drop_column('scorings', 'model_version')
    op.drop_index(op.f('ix_scores_id'), table_name='scores')
    op.drop_index(op.f('ix_decisions_id'), table_name='decisions')
    op.drop_column('decisions', 'asked_sealed')
    op.drop_table('rescore_ranges')
    op.drop_table('model_approvals')
    op.drop_index('ix_rescores_running', table_name='rescores', postgresql_where=sa.text("state = 'RUNNING'"))
    op.drop_table('rescores')
    op.drop_index(op.f('ix_model_moves_kind_moved_at'), table_name='model_moves')
    op.drop_table('model_moves')
    op.drop_table('challenger_scores')
