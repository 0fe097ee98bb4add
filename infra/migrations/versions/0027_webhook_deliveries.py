"""What is on its way to partners, and each attempt to get it there."""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

TYPES = (
    'APPLICATION_SUBMITTED', 'APPLICATION_WITHDRAWN', 'APPLICATION_DECIDED', 'APPLICATION_REFERRED', 'APPLICATION_DELAYED',
    'OFFER_ACCEPTED', 'OFFER_EXPIRED', 'PAYOUT_REQUESTED', 'AGREEMENT_DRAWN', 'AGREEMENT_REPAID', 'AGREEMENT_OVERDUE',
    'AGREEMENT_SETTLED', 'AGREEMENT_UNWOUND', 'NOTICE_GIVEN', 'CLAIM_DISPUTED', 'CLAIM_DECIDED', 'CONSENT_GRANTED',
    'CONSENT_REVOKED', 'BENEFIT_REDEEMED',
)
OUTCOMES = (
    'DELIVERED', 'REFUSED', 'REDIRECTED', 'GONE', 'UNAVAILABLE', 'TIMED_OUT', 'UNREACHABLE', 'UNSAFE_ADDRESS', 'TLS_FAILED',
    'BROKEN_OFF',
)
STATE = sa.Enum('WAITING', 'DELIVERED', 'FAILED', name='deliverystate', native_enum=False, length=40)
TYPE = sa.Enum(*TYPES, name='eventtype', native_enum=False, length=40)
OUTCOME = sa.Enum(*OUTCOMES, name='attemptoutcome', native_enum=False, length=40)
WAITING = sa.text("state = 'WAITING'")


def upgrade() -> None:
    op.create_table('webhook_deliveries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('event_type', TYPE, nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', STATE, nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('first_tried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_outcome', OUTCOME, nullable=True),
    sa.Column('last_status', sa.Integer(), nullable=True),
    sa.Column('claimed_by', sa.Uuid(), nullable=True),
    sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.id'], name=op.f('fk_webhook_deliveries_endpoint_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_deliveries'))
    )
    for columns, unique in ((['endpoint_id', 'event_id'], True), (['partner_id', 'id'], False), (['created_at'], False)):
        name = op.f(f"ix_webhook_deliveries_{'_'.join(columns)}")
        op.create_index(name, 'webhook_deliveries', columns, unique=unique)
    op.create_index('ix_webhook_deliveries_due', 'webhook_deliveries', ['endpoint_id', 'next_at', 'event_id'], unique=False, postgresql_where=WAITING)
    op.create_index('ix_webhook_deliveries_order', 'webhook_deliveries', ['endpoint_id', 'subject_id', 'event_id'], unique=False, postgresql_where=WAITING)
    op.create_table('webhook_attempts',
    sa.Column('delivery_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', OUTCOME, nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('milliseconds', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['webhook_deliveries.id'], name=op.f('fk_webhook_attempts_delivery_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('delivery_id', 'number', name=op.f('pk_webhook_attempts'))
    )


def downgrade() -> None:
    op.drop_table('webhook_attempts')
    op.drop_table('webhook_deliveries')
