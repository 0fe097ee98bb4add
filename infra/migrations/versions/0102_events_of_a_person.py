"""Events by the person that they are about: whoever is erased takes theirs along, without a look at everybody's."""

import sqlalchemy as sa
from alembic import op

revision = '0102'
down_revision = '0101'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_events_user_id', 'events', ['user_id'], unique=False, postgresql_concurrently=True, if_not_exists=True,
                        postgresql_where=sa.text('user_id IS NOT NULL'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_events_user_id', table_name='events', postgresql_concurrently=True, if_exists=True)
