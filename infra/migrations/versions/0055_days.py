"""Days that pass through agreements in ranges of people, instead of a timer of each agreement."""

import sqlalchemy as sa
from alembic import op

revision = '0055'
down_revision = '0054'
branch_labels = None
depends_on = None

NAME = 'ix_agreements_next_on_user_id'
STATE = sa.Enum('RUNNING', 'DONE', 'SUPERSEDED', name='runstate', native_enum=False, length=40)


def upgrade() -> None:
    op.add_column('agreements', sa.Column('bucket', sa.SmallInteger(), nullable=False, server_default='0'))
    # The first day looks at all that are there, and plans the next of each.
    op.add_column('agreements', sa.Column('next_on', sa.Date(), nullable=True, server_default='2000-01-01'))
    op.create_table(
        'days',
        sa.Column('on', sa.Date(), nullable=False),
        sa.Column('zone', sa.Text(), nullable=False),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('people', sa.Integer(), nullable=False),
        sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('state', STATE, nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_days'),
    )
    op.create_index('ix_days_running', 'days', ['begun_at'], postgresql_where=sa.text("state = 'RUNNING'"))
    op.create_table(
        'day_ranges',
        sa.Column('day_id', sa.Uuid(), nullable=False),
        sa.Column('touched', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('after', sa.Uuid(), nullable=False),
        sa.Column('last', sa.Uuid(), nullable=False),
        sa.Column('people', sa.Integer(), nullable=False),
        sa.Column('cursor', sa.Uuid(), nullable=False),
        sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('unreadable', sa.Integer(), nullable=False),
        sa.Column('cpu_seconds', sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(['day_id'], ['days.id'], name='fk_day_ranges_day_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('day_id', 'number', name='pk_day_ranges'),
    )
    # Concurrently: people draw and repay while this runs.
    with op.get_context().autocommit_block():
        op.create_index(NAME, 'agreements', ['next_on', 'user_id'], postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name='agreements', postgresql_concurrently=True, if_exists=True)
    op.drop_table('day_ranges')
    op.drop_table('days')
    op.drop_column('agreements', 'next_on')
    op.drop_column('agreements', 'bucket')
