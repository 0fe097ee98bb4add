"""An index of the applications that await a review, in the order in which they were promised an answer."""

import sqlalchemy as sa
from alembic import op

revision = '0051'
down_revision = '0050'
branch_labels = None
depends_on = None

NAME = 'ix_applications_awaiting_review'


def upgrade() -> None:
    # Concurrently: people apply while this runs.
    with op.get_context().autocommit_block():
        op.create_index(NAME, 'applications', ['promised_by', 'id'], postgresql_concurrently=True, if_not_exists=True,
                        postgresql_where=sa.text("status IN ('DELAYED', 'IN_REVIEW')"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name='applications', postgresql_concurrently=True, if_exists=True)
