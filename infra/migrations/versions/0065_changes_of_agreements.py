"""What a change of an agreement names: months that are put off, instalments that are lowered, a day of the month."""

import sqlalchemy as sa
from alembic import op

revision = '0065'
down_revision = '0064'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('agreement_acts', sa.Column('number', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('agreement_acts', 'number')
