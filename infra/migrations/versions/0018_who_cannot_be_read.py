"""Whom a rescore could not open is remembered, so that they start no other for everybody."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('scorings', sa.Column('unreadable_since', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('scorings', 'unreadable_since')
