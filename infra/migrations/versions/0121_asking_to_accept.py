"""Until when an invitation's accounts are being asked, so that two who accept it at once ask them once."""

import sqlalchemy as sa
from alembic import op

revision = '0121'
down_revision = '0120'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('invitations', sa.Column('asking_until', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('invitations', 'asking_until')
