"""scopes of a partner's clients"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every client could do everything so far.
    op.add_column('partner_clients', sa.Column('scopes', postgresql.JSONB(), nullable=False, server_default='["products", "applications"]'))
    op.alter_column('partner_clients', 'scopes', server_default=None)


def downgrade() -> None:
    op.drop_column('partner_clients', 'scopes')
