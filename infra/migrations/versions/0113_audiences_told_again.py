"""When somebody was last told of an audience, which is held against the others for a year from then."""

import sqlalchemy as sa
from alembic import op

revision = '0113'
down_revision = '0112'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('asked_audiences', sa.Column('told_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('asked_audiences', 'told_at')
