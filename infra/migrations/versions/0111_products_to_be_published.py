"""What products are to be from a time on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0111'
down_revision = '0110'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('products', sa.Column('staged', postgresql.JSONB(), nullable=True))
    op.add_column('products', sa.Column('publish_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('products', sa.Column('publish_refused_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('products', 'publish_refused_at')
    op.drop_column('products', 'publish_at')
    op.drop_column('products', 'staged')
