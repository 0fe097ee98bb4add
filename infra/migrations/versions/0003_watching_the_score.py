"""watching the score"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('outcomes',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('score_id', sa.Uuid(), nullable=False),
    sa.Column('bad', sa.Boolean(), nullable=False),
    sa.Column('observed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'score_id', name=op.f('pk_outcomes'))
    )
    op.create_index(op.f('ix_outcomes_observed_at'), 'outcomes', ['observed_at'], unique=False)
    op.create_table('watch_bins',
    sa.Column('model_version', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('measure', sa.Text(), nullable=False),
    sa.Column('bin', sa.Integer(), nullable=False),
    sa.Column('scores', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('model_version', 'day', 'measure', 'bin', name=op.f('pk_watch_bins'))
    )
    op.create_table('watch_marks',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('counted_to', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_watch_marks'))
    )
    op.create_table('watch_snapshots',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('standings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('decided', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('matured', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('truths', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_watch_snapshots'))
    )


def downgrade() -> None:
    op.drop_table('watch_snapshots')
    op.drop_table('watch_marks')
    op.drop_table('watch_bins')
    op.drop_index(op.f('ix_outcomes_observed_at'), table_name='outcomes')
    op.drop_table('outcomes')
