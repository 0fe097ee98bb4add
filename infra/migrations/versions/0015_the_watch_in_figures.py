"""The watch keeps its figures, so that who asks often has nothing counted for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default serves the programs of before, which take snapshots while the new ones start.
    op.add_column('watch_snapshots', sa.Column('figures', postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default=sa.text("'{}'::jsonb")))


def downgrade() -> None:
    op.drop_column('watch_snapshots', 'figures')
