"""Indexes for whatever is listed of webhooks, taken by their senders, and forgotten by night."""

import sqlalchemy as sa
from alembic import op

revision = '0046'
down_revision = '0045'
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'WAITING'")
UNWELL = sa.text("status = 'PAUSED' OR failures > 0")
HANDLED = sa.text('handled_at IS NOT NULL')


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_webhook_deliveries_next', 'webhook_deliveries', ['endpoint_id', 'next_at', 'position'], if_not_exists=True, postgresql_where=WAITING, postgresql_concurrently=True)
        op.create_index('ix_webhook_deliveries_turn', 'webhook_deliveries', ['endpoint_id', 'subject_id', 'position', 'event_id'], if_not_exists=True, postgresql_where=WAITING, postgresql_concurrently=True)
        op.create_index('ix_webhook_deliveries_partner_id_state_id', 'webhook_deliveries', ['partner_id', 'state', 'id'], if_not_exists=True, postgresql_concurrently=True)
        op.create_index('ix_webhook_deliveries_endpoint_id_state_id', 'webhook_deliveries', ['endpoint_id', 'state', 'id'], if_not_exists=True, postgresql_concurrently=True)
        op.create_index('ix_webhook_endpoints_unwell', 'webhook_endpoints', ['id'], if_not_exists=True, postgresql_where=UNWELL, postgresql_concurrently=True)
        op.create_index('ix_webhook_endpoints_deleted_at', 'webhook_endpoints', ['deleted_at'], if_not_exists=True, postgresql_concurrently=True)
        op.create_index('ix_webhook_secrets_ends_at', 'webhook_secrets', ['ends_at'], if_not_exists=True, postgresql_concurrently=True)
        op.create_index('ix_challenges_created_at', 'challenges', ['created_at'], if_not_exists=True, postgresql_concurrently=True)
        op.create_index('ix_account_link_requests_created_at', 'account_link_requests', ['created_at'], if_not_exists=True, postgresql_concurrently=True)
        op.create_index('ix_event_reactions_handled', 'event_reactions', ['handled_at'], if_not_exists=True, postgresql_where=HANDLED, postgresql_concurrently=True)
        for name in ('due', 'order', 'partner_id_id'):
            op.drop_index(f'ix_webhook_deliveries_{name}', table_name='webhook_deliveries', if_exists=True, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_webhook_deliveries_partner_id_id', 'webhook_deliveries', ['partner_id', 'id'], if_not_exists=True, postgresql_concurrently=True)
        op.create_index('ix_webhook_deliveries_due', 'webhook_deliveries', ['endpoint_id', 'next_at', 'event_id'], if_not_exists=True, postgresql_where=WAITING, postgresql_concurrently=True)
        op.create_index('ix_webhook_deliveries_order', 'webhook_deliveries', ['endpoint_id', 'subject_id', 'event_id'], if_not_exists=True, postgresql_where=WAITING, postgresql_concurrently=True)
        op.drop_index('ix_event_reactions_handled', table_name='event_reactions', if_exists=True, postgresql_concurrently=True)
        for table, column in (('account_link_requests', 'created_at'), ('challenges', 'created_at'), ('webhook_secrets', 'ends_at'), ('webhook_endpoints', 'deleted_at')):
            op.drop_index(f'ix_{table}_{column}', table_name=table, if_exists=True, postgresql_concurrently=True)
        op.drop_index('ix_webhook_endpoints_unwell', table_name='webhook_endpoints', if_exists=True, postgresql_concurrently=True)
        for name in ('next', 'turn', 'partner_id_state_id', 'endpoint_id_state_id'):
            op.drop_index(f'ix_webhook_deliveries_{name}', table_name='webhook_deliveries', if_exists=True, postgresql_concurrently=True)
