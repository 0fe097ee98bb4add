"""By when returns are answered: a promise of the partner's, of each that is asked for from now on."""

import sqlalchemy as sa
from alembic import op

revision = '0084'
down_revision = '0083'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('goods_returns', sa.Column('promised_by', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('goods_returns', 'promised_by')
