"""Linked accounts by what their provider calls them, also those that were unlinked."""

from alembic import op

revision = '0107'
down_revision = '0106'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(op.f('ix_linked_accounts_provider_subject_index'), 'linked_accounts', ['provider', 'subject_index'],
                        unique=False, postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(op.f('ix_linked_accounts_provider_subject_index'), table_name='linked_accounts',
                      postgresql_concurrently=True, if_exists=True)
