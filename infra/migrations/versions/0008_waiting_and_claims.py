"""since when a reaction waits, who is at work on it, and schedules by the clock of the product

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

# What was tried before has lost the time at which it first was due.
SINCE_IT_HAPPENED = """
    UPDATE event_reactions AS owed SET waiting_since = event.occurred_at FROM events AS event
     WHERE event.id = owed.event_id AND owed.handled_at IS NULL AND owed.attempts > 0
"""


def upgrade() -> None:
    op.add_column('event_reactions', sa.Column('waiting_since', sa.DateTime(timezone=True), nullable=True))
    op.add_column('event_reactions', sa.Column('claimed_by', sa.Uuid(), nullable=True))
    op.add_column('event_reactions', sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('schedules', sa.Column('at', sa.Time(), nullable=True))
    op.execute(SINCE_IT_HAPPENED)
    with op.get_context().autocommit_block():
        op.create_index('ix_event_reactions_waiting', 'event_reactions', ['waiting_since'], if_not_exists=True,
                        postgresql_where=sa.text('handled_at IS NULL AND waiting_since IS NOT NULL'),
                        postgresql_concurrently=True)
        op.drop_index('ix_event_reactions_parked', table_name='event_reactions', if_exists=True,
                      postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_event_reactions_parked', 'event_reactions', ['parked_at'], if_not_exists=True,
                        postgresql_where=sa.text('handled_at IS NULL AND parked_at IS NOT NULL'),
                        postgresql_concurrently=True)
        op.drop_index('ix_event_reactions_waiting', table_name='event_reactions', if_exists=True,
                      postgresql_concurrently=True)
    op.drop_column('schedules', 'at')
    op.drop_column('event_reactions', 'claimed_until')
    op.drop_column('event_reactions', 'claimed_by')
    op.drop_column('event_reactions', 'waiting_since')
