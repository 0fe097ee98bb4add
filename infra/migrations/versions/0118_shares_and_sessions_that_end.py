"""Shares, ended sessions and staff sessions by their time, so that the old ones are found by night."""

import sqlalchemy as sa
from alembic import op

revision = "0118"
down_revision = "0117"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_share_grants_created_at", "share_grants", "created_at", None),
    ("ix_sessions_ended_at", "sessions", "ended_at", "ended_at IS NOT NULL"),
    ("ix_staff_sessions_expires_at", "staff_sessions", "expires_at", None),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, column, where in INDEXES:
            op.create_index(name, table, [column], postgresql_concurrently=True, if_not_exists=True,
                            postgresql_where=sa.text(where) if where else None)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, _, _ in INDEXES:
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
