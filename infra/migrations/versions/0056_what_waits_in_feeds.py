"""Indexes of the changes that wait for their position in a partner's feed, in the order in which they get it."""

import sqlalchemy as sa
from alembic import op

revision = '0056'
down_revision = '0055'
branch_labels = None
depends_on = None

TABLES = ('applications', 'agreements')


def upgrade() -> None:
    # Concurrently: people apply while this runs.
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.create_index(f'ix_{table}_unplaced', table, ['partner_id', 'updated_at', 'id'],
                            postgresql_concurrently=True, if_not_exists=True,
                            postgresql_where=sa.text('feed_position IS NULL'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.drop_index(f'ix_{table}_unplaced', table_name=table, postgresql_concurrently=True, if_exists=True)
