"""An index of the agreements that are late, by how late they are."""

import sqlalchemy as sa
from alembic import op

revision = '0063'
down_revision = '0062'
branch_labels = None
depends_on = None

NAME = 'ix_agreements_late'


def upgrade() -> None:
    # Concurrently: people draw and repay while this runs.
    with op.get_context().autocommit_block():
        op.create_index(NAME, 'agreements', ['bucket', 'user_id', 'id'], postgresql_concurrently=True, if_not_exists=True,
                        postgresql_where=sa.text('bucket > 0'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name='agreements', postgresql_concurrently=True, if_exists=True)
