"""An index of the consents that wait for their place in their partner's feed, as applications and agreements have."""

from alembic import op
from sqlalchemy import text

revision = '0078'
down_revision = '0077'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_consents_unplaced', 'consents', ['partner_id', 'updated_at', 'id'],
                        postgresql_where=text('feed_position IS NULL'), postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_consents_unplaced', table_name='consents', postgresql_concurrently=True, if_exists=True)
