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
    # What was linked before is renewed once, which tells when it ends.
    op.execute("UPDATE linked_accounts SET renew_at = longan_now() WHERE status = 'ACTIVE' AND tokens_sealed IS NOT NULL")
    with op.get_context().autocommit_block():
        for name, column in (('renewing', 'renew_at'), ('ending', 'ends_at')):
            op.create_index(f'ix_linked_accounts_{name}', 'linked_accounts', [column], postgresql_concurrently=True,
                            if_not_exists=True, postgresql_where=sa.text(f'{column} IS NOT NULL'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in ('renewing', 'ending'):
            op.drop_index(f'ix_linked_accounts_{name}', table_name='linked_accounts', postgresql_concurrently=True, if_exists=True)
    for column in ('ends_at', 'renew_at'):
        op.drop_column('linked_accounts', column)
