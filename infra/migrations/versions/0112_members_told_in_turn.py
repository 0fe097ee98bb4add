"""When the last who moved by a re-evaluation hears of it."""

import sqlalchemy as sa
from alembic import op

revision = '0112'
down_revision = '0111'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('reevaluation_ranges', sa.Column('told_until', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('reevaluation_ranges', 'told_until')
