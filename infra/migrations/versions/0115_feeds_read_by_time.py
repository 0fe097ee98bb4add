"""When a feed was last read by time, so that what commits after it is dated anew."""

import sqlalchemy as sa
from alembic import op

revision = '0115'
down_revision = '0114'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('feed_heads', sa.Column('read_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('feed_heads', 'read_at')
