"""Codes that were asked for by a device that had signed in before have wrong answers of their own."""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    known = sa.Column('is_known_device', sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column('challenges', known)


def downgrade() -> None:
    op.drop_column('challenges', 'is_known_device')
