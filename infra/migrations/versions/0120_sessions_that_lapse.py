"""Sessions by when they lapse, so that those which nobody ended are found by night too."""

from alembic import op

revision = "0120"
down_revision = "0119"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_sessions_expires_at", "sessions", ["expires_at"], postgresql_concurrently=True, if_not_exists=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_sessions_expires_at", table_name="sessions", postgresql_concurrently=True, if_exists=True)
