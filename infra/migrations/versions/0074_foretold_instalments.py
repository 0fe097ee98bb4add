"""The day of the last instalment that was told to be due soon."""

import sqlalchemy as sa
from alembic import op

revision = '0074'
down_revision = '0073'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('agreements', sa.Column('foretold_on', sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column('agreements', 'foretold_on')
