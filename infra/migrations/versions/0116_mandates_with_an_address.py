"""From where somebody asks to sign a mandate, sealed, which WeChat Pay wants to know."""

import sqlalchemy as sa
from alembic import op

revision = '0116'
down_revision = '0115'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('mandates', sa.Column('address_sealed', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column('mandates', 'address_sealed')
