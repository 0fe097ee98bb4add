"""what counts on after an account was unlinked is found by when it ends

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_readings_counting_on', 'readings', ['withdrawn_at'], if_not_exists=True,
                        postgresql_where=sa.text("source LIKE 'unlinked:%'"), postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_readings_counting_on', table_name='readings', if_exists=True, postgresql_concurrently=True)
