"""An index for what people should have been told and were not."""

import sqlalchemy as sa
from alembic import op

revision = '0047'
down_revision = '0046'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_notice_deliveries_put_off', 'notice_deliveries', ['tried_at'], if_not_exists=True,
                        postgresql_where=sa.text("status = 'WAITING' AND tried_at IS NOT NULL"), postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_notice_deliveries_put_off', table_name='notice_deliveries', if_exists=True, postgresql_concurrently=True)
