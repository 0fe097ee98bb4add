"""The order of events by the database itself, how often a notice was tried in vain, and since when."""

import sqlalchemy as sa
from alembic import op

revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None

POSITIONS = sa.Sequence('event_positions')


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(POSITIONS))
    # What is there keeps its place by the ids; a default that is the same for all rewrites no row.
    op.add_column('events', sa.Column('position', sa.BigInteger(), server_default='0', nullable=False))
    op.alter_column('events', 'position', server_default=sa.text("nextval('event_positions')"))
    # The release before names neither.
    op.add_column('webhook_deliveries', sa.Column('position', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('notice_deliveries', sa.Column('tries', sa.Integer(), server_default='0', nullable=False))
    op.add_column('notice_deliveries', sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('notice_deliveries', 'tried_at')
    op.drop_column('notice_deliveries', 'tries')
    op.drop_column('webhook_deliveries', 'position')
    op.drop_column('events', 'position')
    op.execute(sa.schema.DropSequence(POSITIONS))
