"""By when what people wait for is to be done."""

import sqlalchemy as sa
from alembic import op

revision = '0066'
down_revision = '0065'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'deadlines',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('subject_id', sa.Uuid(), nullable=False),
        sa.Column('about_id', sa.Uuid(), nullable=False),
        sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('missed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('user_id', 'id', name='pk_deadlines'),
    )
    op.create_index('ix_deadlines_user_id_kind_subject_id', 'deadlines', ['user_id', 'kind', 'subject_id'], unique=True)
    op.create_index('ix_deadlines_missed', 'deadlines', ['missed_at'],
                    postgresql_where=sa.text('missed_at IS NOT NULL AND ended_at IS NULL'))


def downgrade() -> None:
    op.drop_table('deadlines')
