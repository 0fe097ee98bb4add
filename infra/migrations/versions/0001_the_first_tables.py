"""the first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


# One time for everybody: the database's, plus what the embedded default was moved ahead.
NOW = """
CREATE FUNCTION longan_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT now() + (SELECT ahead FROM clock_offset) $$
"""


def upgrade() -> None:
    op.create_table('account_link_requests',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('redirect_uri', sa.Text(), nullable=False),
    sa.Column('state_index', sa.LargeBinary(), nullable=False),
    sa.Column('secrets_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('OPEN', 'CALLING', 'LINKED', 'FAILED', name='requeststatus', native_enum=False, length=40), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('failure', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_account_link_requests'))
    )
    op.create_index(op.f('ix_account_link_requests_user_id_state_index'), 'account_link_requests', ['user_id', 'state_index'], unique=True)
    op.create_table('activities',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('event', sa.Text(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'event_id', name=op.f('pk_activities'))
    )
    op.create_index(op.f('ix_activities_user_id_occurred_at'), 'activities', ['user_id', 'occurred_at'], unique=False)
    op.create_table('applications',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('term_months', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('SUBMITTED', 'DELAYED', 'IN_REVIEW', 'APPROVED', 'DECLINED', 'WITHDRAWN', 'ACCEPTED', 'EXPIRED', name='applicationstatus', native_enum=False, length=40), nullable=False),
    sa.Column('promised_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_in', sa.BigInteger(), server_default=sa.text('(pg_current_xact_id()::text)::bigint'), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_applications'))
    )
    op.create_index(op.f('ix_applications_id'), 'applications', ['id'], unique=False)
    op.create_index(op.f('ix_applications_partner_id_changed_in_id'), 'applications', ['partner_id', 'changed_in', 'id'], unique=False)
    op.create_index(op.f('ix_applications_status_promised_by_id'), 'applications', ['status', 'promised_by', 'id'], unique=False)
    op.create_index('uq_applications_open', 'applications', ['user_id', 'product_id', 'amount', 'term_months'], unique=True, postgresql_where=sa.text("status IN ('SUBMITTED', 'DELAYED', 'IN_REVIEW', 'APPROVED')"))
    op.create_table('benefits',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('segment', sa.Enum('HOSPITALITY', 'TRANSPORT', 'SHOPPING', 'ENTERTAINMENT', 'HOME', 'FINANCE', name='segment', native_enum=False, length=40), nullable=False),
    sa.Column('quota', sa.Integer(), nullable=True),
    sa.Column('reset', sa.Enum('MONTHLY', 'YEARLY', 'ONCE', name='quotareset', native_enum=False, length=40), nullable=False),
    sa.Column('unit_cost_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('DRAFT', 'LIVE', 'RETIRING', 'RETIRED', name='benefitstatus', native_enum=False, length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('retires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('quota > 0 AND unit_cost_minor >= 0', name=op.f('ck_benefits_sensible')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_benefits')),
    sa.UniqueConstraint('code', name=op.f('uq_benefits_code'))
    )
    op.create_table('challenges',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('phone_index', sa.LargeBinary(), nullable=False),
    sa.Column('phone_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('resend_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('compared', sa.Integer(), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_challenges'))
    )
    op.create_index(op.f('ix_challenges_phone_index_created_at'), 'challenges', ['phone_index', 'created_at'], unique=False)
    op.create_table('clock_offset',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ahead', sa.Interval(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clock_offset'))
    )
    op.create_table('consents',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Enum('LENDING', 'RENTING', 'SHOPPING', 'INSURANCE', 'EMPLOYMENT', name='purpose', native_enum=False, length=40), nullable=False),
    sa.Column('scopes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('granted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_consents'))
    )
    op.create_index(op.f('ix_consents_user_id_application_id'), 'consents', ['user_id', 'application_id'], unique=False)
    op.create_table('decisions',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('outcome', sa.Enum('APPROVE', 'DECLINE', 'REFER', name='decisionoutcome', native_enum=False, length=40), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Text(), nullable=False),
    sa.Column('reasons_told', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('rule_version', sa.Text(), nullable=False),
    sa.Column('model_version', sa.Text(), nullable=True),
    sa.Column('vector_sealed', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_decisions'))
    )
    op.create_index(op.f('ix_decisions_user_id_application_id'), 'decisions', ['user_id', 'application_id'], unique=False)
    op.create_index('uq_decisions_final', 'decisions', ['user_id', 'application_id'], unique=True, postgresql_where=sa.text("outcome IN ('APPROVE', 'DECLINE')"))
    op.create_table('documents',
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_documents'))
    )
    op.create_table('events',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=True),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events'))
    )
    op.create_index(op.f('ix_events_occurred_at'), 'events', ['occurred_at'], unique=False)
    op.create_index(op.f('ix_events_subject_id_name'), 'events', ['subject_id', 'name'], unique=False)
    op.create_table('facts_versions',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_facts_versions'))
    )
    op.create_table('kept_messages',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('to_index', sa.LargeBinary(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_messages'))
    )
    op.create_index(op.f('ix_kept_messages_sent_at'), 'kept_messages', ['sent_at'], unique=False)
    op.create_index(op.f('ix_kept_messages_to_index_sent_at'), 'kept_messages', ['to_index', 'sent_at'], unique=False)
    op.create_table('linked_accounts',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('subject_index', sa.LargeBinary(), nullable=False),
    sa.Column('display_name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('tokens_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('scopes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('ACTIVE', 'EXPIRING', 'BROKEN', 'UNLINKED', name='linkstatus', native_enum=False, length=40), nullable=False),
    sa.Column('unlinked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_linked_accounts'))
    )
    op.create_index(op.f('ix_linked_accounts_user_id_provider_subject_index'), 'linked_accounts', ['user_id', 'provider', 'subject_index'], unique=True)
    op.create_table('offers',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('term_months', sa.Integer(), nullable=False),
    sa.Column('annual_rate', sa.Numeric(precision=7, scale=5), nullable=True),
    sa.Column('annual_cost', sa.Numeric(precision=7, scale=4), nullable=False),
    sa.Column('monthly_payment', sa.BigInteger(), nullable=False),
    sa.Column('deposit', sa.BigInteger(), nullable=False),
    sa.Column('deposit_waived', sa.BigInteger(), nullable=False),
    sa.Column('schedule', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('documents', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_offers'))
    )
    op.create_index(op.f('ix_offers_user_id_application_id'), 'offers', ['user_id', 'application_id'], unique=True)
    op.create_table('partners',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partners')),
    sa.UniqueConstraint('code', name=op.f('uq_partners_code'))
    )
    op.create_table('person_keys',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('wrapped', sa.LargeBinary(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_person_keys'))
    )
    op.create_index(op.f('ix_person_keys_version'), 'person_keys', ['version'], unique=False)
    op.create_table('readings',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('facts_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_readings'))
    )
    op.create_index(op.f('ix_readings_user_id_source'), 'readings', ['user_id', 'source'], unique=False)
    op.create_table('receipts',
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('operation', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('input_hash', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('result_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('actor', 'operation', 'key', name=op.f('pk_receipts'))
    )
    op.create_index(op.f('ix_receipts_created_at'), 'receipts', ['created_at'], unique=False)
    op.create_table('schedules',
    sa.Column('event', sa.Text(), nullable=False),
    sa.Column('every', sa.Interval(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('event', name=op.f('pk_schedules'))
    )
    op.create_table('scores',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('grade', sa.Enum('A', 'B', 'C', 'D', name='grade', native_enum=False, length=40), nullable=False),
    sa.Column('points', sa.Integer(), nullable=False),
    sa.Column('base_points', sa.Integer(), nullable=False),
    sa.Column('probability', sa.Double(), nullable=False),
    sa.Column('factors_told', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reasons_told', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('vector_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('model_version', sa.Text(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False),
    sa.Column('facts_version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_scores'))
    )
    op.create_index(op.f('ix_scores_user_id_as_of'), 'scores', ['user_id', 'as_of'], unique=False)
    op.create_table('scorings',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('state', sa.Enum('NOTHING_LINKED', 'WORKING', 'READY', 'NOT_ENOUGH_KNOWN', name='scoringstate', native_enum=False, length=40), nullable=False),
    sa.Column('facts_version', sa.Integer(), nullable=False),
    sa.Column('score_id', sa.Uuid(), nullable=True),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('message', sa.Text(), nullable=True),
    sa.Column('values', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_scorings'))
    )
    op.create_table('sessions',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('device_name_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('renewed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('used_generation', sa.Integer(), nullable=False),
    sa.Column('renewal_key', sa.Text(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_sessions'))
    )
    op.create_table('staff',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email_index', sa.LargeBinary(), nullable=False),
    sa.Column('email_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('role', sa.Enum('MARKETING', 'APPROVER', 'RISK', 'VIEWER', name='role', native_enum=False, length=40), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('totp_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff')),
    sa.UniqueConstraint('email_index', name=op.f('uq_staff_email_index'))
    )
    op.create_table('staff_tries',
    sa.Column('email_index', sa.LargeBinary(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('email_index', name=op.f('pk_staff_tries'))
    )
    op.create_table('tier_rules_versions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('DRAFT', 'SUBMITTED', 'APPROVED', 'SCHEDULED', 'LIVE', 'SUPERSEDED', 'REJECTED', name='rulesstatus', native_enum=False, length=40), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=True),
    sa.Column('effective_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tier_rules_versions')),
    sa.UniqueConstraint('version', name=op.f('uq_tier_rules_versions_version'))
    )
    op.create_index('uq_tier_rules_versions_live', 'tier_rules_versions', ['status'], unique=True, postgresql_where=sa.text("status = 'LIVE'"))
    op.create_table('tiers',
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_tiers')),
    sa.UniqueConstraint('rank', name=op.f('uq_tiers_rank'))
    )
    op.create_table('users',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('phone_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('ACTIVE', 'RESTRICTED', name='userstatus', native_enum=False, length=40), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users'))
    )
    op.create_table('benefit_sources',
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('benefit_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['benefit_id'], ['benefits.id'], name=op.f('fk_benefit_sources_benefit_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('source', 'benefit_id', name=op.f('pk_benefit_sources'))
    )
    op.create_index(op.f('ix_benefit_sources_benefit_id'), 'benefit_sources', ['benefit_id'], unique=False)
    op.create_table('benefit_usages',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('benefit_id', sa.Uuid(), nullable=False),
    sa.Column('period', sa.Text(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.CheckConstraint('used >= 0', name=op.f('ck_benefit_usages_not_negative')),
    sa.ForeignKeyConstraint(['benefit_id'], ['benefits.id'], name=op.f('fk_benefit_usages_benefit_id')),
    sa.PrimaryKeyConstraint('user_id', 'benefit_id', 'period', name=op.f('pk_benefit_usages'))
    )
    op.create_table('event_reactions',
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('reaction', sa.Text(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('parked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_event_reactions_event_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('event_id', 'reaction', name=op.f('pk_event_reactions'))
    )
    op.create_index('ix_event_reactions_due', 'event_reactions', ['due_at'], unique=False, postgresql_where=sa.text('handled_at IS NULL AND parked_at IS NULL'))
    op.create_index('ix_event_reactions_parked', 'event_reactions', ['parked_at'], unique=False, postgresql_where=sa.text('handled_at IS NULL AND parked_at IS NOT NULL'))
    op.create_table('grants',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('benefit_id', sa.Uuid(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('granted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['benefit_id'], ['benefits.id'], name=op.f('fk_grants_benefit_id')),
    sa.PrimaryKeyConstraint('user_id', 'benefit_id', 'source', name=op.f('pk_grants'))
    )
    op.create_table('members',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('tier_code', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rules_version', sa.Integer(), nullable=False),
    sa.Column('valid_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('review_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['tier_code'], ['tiers.code'], name=op.f('fk_members_tier_code')),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_members'))
    )
    op.create_index(op.f('ix_members_tier_code'), 'members', ['tier_code'], unique=False)
    op.create_table('partner_clients',
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('secret_hash', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_partner_clients_partner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', name=op.f('pk_partner_clients'))
    )
    op.create_index(op.f('ix_partner_clients_partner_id'), 'partner_clients', ['partner_id'], unique=False)
    op.create_table('phones',
    sa.Column('index', sa.LargeBinary(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('bound_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_phones_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('index', name=op.f('pk_phones'))
    )
    op.create_index(op.f('ix_phones_user_id'), 'phones', ['user_id'], unique=False)
    op.create_table('products',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('kind', sa.Enum('LOAN', 'RENTAL', 'ELECTRONICS', 'AESTHETICS', name='productkind', native_enum=False, length=40), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('amount_min', sa.BigInteger(), nullable=False),
    sa.Column('amount_max', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('term_months', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('annual_rate', sa.Numeric(precision=7, scale=5), nullable=True),
    sa.Column('fee_rate', sa.Numeric(precision=7, scale=5), nullable=False),
    sa.Column('deposit', sa.BigInteger(), nullable=False),
    sa.Column('grade_at_least', sa.Enum('A', 'B', 'C', 'D', name='grade', native_enum=False, length=40), nullable=True),
    sa.Column('decision', sa.Enum('INSTANT', 'PARTNER', name='decisionmode', native_enum=False, length=40), nullable=False),
    sa.Column('rules', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('sponsored', sa.Boolean(), nullable=False),
    sa.Column('status', sa.Enum('DRAFT', 'PUBLISHED', 'RETIRED', name='productstatus', native_enum=False, length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_products_partner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_products'))
    )
    op.create_index(op.f('ix_products_partner_id_sku'), 'products', ['partner_id', 'sku'], unique=True)
    op.create_index(op.f('ix_products_status_kind_id'), 'products', ['status', 'kind', 'id'], unique=False)
    op.create_table('provider_subjects',
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('subject_index', sa.LargeBinary(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['user_id', 'account_id'], ['linked_accounts.user_id', 'linked_accounts.id'], name=op.f('fk_provider_subjects_user_id_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('provider', 'subject_index', name=op.f('pk_provider_subjects'))
    )
    op.create_index(op.f('ix_provider_subjects_user_id'), 'provider_subjects', ['user_id'], unique=False)
    op.create_table('staff_sessions',
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_staff_sessions_staff_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_staff_sessions'))
    )
    op.create_index(op.f('ix_staff_sessions_staff_id'), 'staff_sessions', ['staff_id'], unique=False)
    op.create_table('tier_moves',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('from_code', sa.Text(), nullable=True),
    sa.Column('to_code', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('rules_version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['from_code'], ['tiers.code'], name=op.f('fk_tier_moves_from_code')),
    sa.ForeignKeyConstraint(['to_code'], ['tiers.code'], name=op.f('fk_tier_moves_to_code')),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_tier_moves'))
    )
    op.create_table('tier_rules',
    sa.Column('rules_id', sa.Uuid(), nullable=False),
    sa.Column('tier_code', sa.Text(), nullable=False),
    sa.Column('points_at_least', sa.Integer(), nullable=False),
    sa.Column('activity_at_least', sa.Integer(), nullable=False),
    sa.Column('grace_days', sa.Integer(), nullable=False),
    sa.CheckConstraint('points_at_least >= 0 AND activity_at_least >= 0 AND grace_days >= 0', name=op.f('ck_tier_rules_not_negative')),
    sa.ForeignKeyConstraint(['rules_id'], ['tier_rules_versions.id'], name=op.f('fk_tier_rules_rules_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['tier_code'], ['tiers.code'], name=op.f('fk_tier_rules_tier_code')),
    sa.PrimaryKeyConstraint('rules_id', 'tier_code', name=op.f('pk_tier_rules'))
    )
    op.execute("INSERT INTO clock_offset (id, ahead) VALUES (1, interval '0')")
    op.execute(NOW)


def downgrade() -> None:
    op.execute("DROP FUNCTION longan_now()")
    op.drop_table('tier_rules')
    op.drop_table('tier_moves')
    op.drop_index(op.f('ix_staff_sessions_staff_id'), table_name='staff_sessions')
    op.drop_table('staff_sessions')
    op.drop_index(op.f('ix_provider_subjects_user_id'), table_name='provider_subjects')
    op.drop_table('provider_subjects')
    op.drop_index(op.f('ix_products_status_kind_id'), table_name='products')
    op.drop_index(op.f('ix_products_partner_id_sku'), table_name='products')
    op.drop_table('products')
    op.drop_index(op.f('ix_phones_user_id'), table_name='phones')
    op.drop_table('phones')
    op.drop_index(op.f('ix_partner_clients_partner_id'), table_name='partner_clients')
    op.drop_table('partner_clients')
    op.drop_index(op.f('ix_members_tier_code'), table_name='members')
    op.drop_table('members')
    op.drop_table('grants')
    op.drop_index('ix_event_reactions_parked', table_name='event_reactions', postgresql_where=sa.text('handled_at IS NULL AND parked_at IS NOT NULL'))
    op.drop_index('ix_event_reactions_due', table_name='event_reactions', postgresql_where=sa.text('handled_at IS NULL AND parked_at IS NULL'))
    op.drop_table('event_reactions')
    op.drop_table('benefit_usages')
    op.drop_index(op.f('ix_benefit_sources_benefit_id'), table_name='benefit_sources')
    op.drop_table('benefit_sources')
    op.drop_table('users')
    op.drop_table('tiers')
    op.drop_index('uq_tier_rules_versions_live', table_name='tier_rules_versions', postgresql_where=sa.text("status = 'LIVE'"))
    op.drop_table('tier_rules_versions')
    op.drop_table('staff_tries')
    op.drop_table('staff')
    op.drop_table('sessions')
    op.drop_table('scorings')
    op.drop_index(op.f('ix_scores_user_id_as_of'), table_name='scores')
    op.drop_table('scores')
    op.drop_table('schedules')
    op.drop_index(op.f('ix_receipts_created_at'), table_name='receipts')
    op.drop_table('receipts')
    op.drop_index(op.f('ix_readings_user_id_source'), table_name='readings')
    op.drop_table('readings')
    op.drop_index(op.f('ix_person_keys_version'), table_name='person_keys')
    op.drop_table('person_keys')
    op.drop_table('partners')
    op.drop_index(op.f('ix_offers_user_id_application_id'), table_name='offers')
    op.drop_table('offers')
    op.drop_index(op.f('ix_linked_accounts_user_id_provider_subject_index'), table_name='linked_accounts')
    op.drop_table('linked_accounts')
    op.drop_index(op.f('ix_kept_messages_to_index_sent_at'), table_name='kept_messages')
    op.drop_index(op.f('ix_kept_messages_sent_at'), table_name='kept_messages')
    op.drop_table('kept_messages')
    op.drop_table('facts_versions')
    op.drop_index(op.f('ix_events_subject_id_name'), table_name='events')
    op.drop_index(op.f('ix_events_occurred_at'), table_name='events')
    op.drop_table('events')
    op.drop_table('documents')
    op.drop_index('uq_decisions_final', table_name='decisions', postgresql_where=sa.text("outcome IN ('APPROVE', 'DECLINE')"))
    op.drop_index(op.f('ix_decisions_user_id_application_id'), table_name='decisions')
    op.drop_table('decisions')
    op.drop_index(op.f('ix_consents_user_id_application_id'), table_name='consents')
    op.drop_table('consents')
    op.drop_table('clock_offset')
    op.drop_index(op.f('ix_challenges_phone_index_created_at'), table_name='challenges')
    op.drop_table('challenges')
    op.drop_table('benefits')
    op.drop_index('uq_applications_open', table_name='applications', postgresql_where=sa.text("status IN ('SUBMITTED', 'DELAYED', 'IN_REVIEW', 'APPROVED')"))
    op.drop_index(op.f('ix_applications_status_promised_by_id'), table_name='applications')
    op.drop_index(op.f('ix_applications_partner_id_changed_in_id'), table_name='applications')
    op.drop_index(op.f('ix_applications_id'), table_name='applications')
    op.drop_table('applications')
    op.drop_index(op.f('ix_activities_user_id_occurred_at'), table_name='activities')
    op.drop_table('activities')
    op.drop_index(op.f('ix_account_link_requests_user_id_state_index'), table_name='account_link_requests')
    op.drop_table('account_link_requests')
