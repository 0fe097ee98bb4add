"""When the tokens of linked accounts are renewed, and when people's permissions end."""

import sqlalchemy as sa
from alembic import op

revision = '0079'
down_revision = '0078'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('linked_accounts', sa.Column('renew_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('linked_accounts', sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index('ix_linked_accounts_renewing', 'linked_accounts', ['renew_at'], postgresql_concurrently=True,
                        if_not_exists=True, postgresql_where=sa.text('renew_at IS NOT NULL'))
        op.create_index('ix_linked_accounts_ending', 'linked_accounts', ['ends_at'], postgresql_concurrently=True,
                        if_not_exists=True, postgresql_where=sa.text('ends_at IS NOT NULL'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in ('renewing', 'ending'):
            op.drop_index(f'ix_linked_accounts_{name}', table_name='linked_accounts', postgresql_concurrently=True, if_exists=True)
    for column in ('ends_at', 'renew_at'):
        op.drop_column('linked_accounts', column)
