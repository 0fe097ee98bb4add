"""How new the newest change is that got its place in a feed, so that times only grow in it."""

import sqlalchemy as sa
from alembic import op

revision = '0127'
down_revision = '0126'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('feed_heads', sa.Column('newest_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('feed_heads', 'newest_at')
