"""one account in force"""

import sqlalchemy as sa
from alembic import op
revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

# Where two links at once had both become ACTIVE, the newest stays: its facts are the ones that count.
END_ALL_BUT_THE_NEWEST = """
    UPDATE linked_accounts AS older
       SET status = 'UNLINKED', unlinked_at = longan_now(), tokens_sealed = NULL
      FROM linked_accounts AS newer
     WHERE newer.user_id = older.user_id AND newer.provider = older.provider
       AND newer.status <> 'UNLINKED' AND older.status <> 'UNLINKED'
       AND (newer.linked_at, newer.id) > (older.linked_at, older.id)
"""
FREE_THEIR_SUBJECTS = """
    DELETE FROM provider_subjects AS held USING linked_accounts AS account
     WHERE account.user_id = held.user_id AND account.id = held.account_id AND account.status = 'UNLINKED'
"""


def upgrade() -> None:
    op.execute(END_ALL_BUT_THE_NEWEST)
    op.execute(FREE_THEIR_SUBJECTS)
    # Concurrently: people link accounts while this runs.
    with op.get_context().autocommit_block():
        op.create_index('ix_linked_accounts_one_in_force', 'linked_accounts', ['user_id', 'provider'], unique=True,
                        postgresql_where=sa.text("status <> 'UNLINKED'"), postgresql_concurrently=True,
                        if_not_exists=True)


def downgrade() -> None:
    op.drop_index('ix_linked_accounts_one_in_force', table_name='linked_accounts')
