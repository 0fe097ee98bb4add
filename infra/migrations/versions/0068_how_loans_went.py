"""How a loan went, in more words than good or bad."""

import sqlalchemy as sa
from alembic import op

revision = '0068'
down_revision = '0067'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('outcomes', sa.Column('how', sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column('outcomes', 'how')
