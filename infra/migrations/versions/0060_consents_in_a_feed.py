"""Consents in a feed of their partner's: when each changed last, and its place."""

import sqlalchemy as sa
from alembic import op

revision = '0060'
down_revision = '0059'
branch_labels = None
depends_on = None

INDEXES = {
    'ix_consents_partner_id_feed_position_id': ['partner_id', 'feed_position', 'id'],
    'ix_consents_id': ['id'],
}
STAYS = """
    CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON consents
    FOR EACH ROW EXECUTE FUNCTION record_stays('{later}', '{closed_by}')
"""


def _stays(later: str, closed_by: str) -> None:
    op.execute(STAYS.format(later=later, closed_by=closed_by))


def upgrade() -> None:
    op.execute('DROP TRIGGER stays ON consents')
    # The release before writes none of them: what it writes has just changed, too.
    op.add_column('consents', sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False))
    op.add_column('consents', sa.Column('feed_position', sa.BigInteger(), nullable=True))
    _stays('{revoked_at,updated_at,feed_position}', '')
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.create_index(name, 'consents', columns, postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.drop_index(name, table_name='consents', postgresql_concurrently=True, if_exists=True)
    op.execute('DROP TRIGGER stays ON consents')
    op.drop_column('consents', 'feed_position')
    op.drop_column('consents', 'updated_at')
    _stays('{revoked_at}', 'revoked_at')
