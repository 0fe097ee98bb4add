"""Who made a model the champion, let it challenge, or went back."""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('model_moves', sa.Column('moved_by_id', sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column('model_moves', 'moved_by_id')
