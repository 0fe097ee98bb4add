"""Campaigns that are drafted and approved, and audiences whose size was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0083'
down_revision = '0082'
branch_labels = None
depends_on = None

STATUSES = ('DRAFT', 'SUBMITTED', 'APPROVED', 'SCHEDULED', 'RUNNING', 'PAUSED', 'ENDED')
RECORDS = {'campaigns': '{status,starts_at,ends_at}', 'campaign_moves': '{}'}


def upgrade() -> None:
    op.create_table('campaigns',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('audience', postgresql.JSONB(), nullable=False),
    sa.Column('audience_size', sa.Integer(), nullable=False),
    sa.Column('messages', postgresql.JSONB(), nullable=False),
    sa.Column('holdout_percent', sa.Integer(), nullable=False),
    sa.Column('budget_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('benefit_id', sa.Uuid(), nullable=True),
    sa.Column('benefit_version', sa.Integer(), nullable=True),
    sa.Column('unit_cost_minor', sa.BigInteger(), nullable=True),
    sa.Column('status', sa.Enum(*STATUSES, name='campaignstatus', native_enum=False, length=40), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('holdout_percent BETWEEN 0 AND 50 AND budget_minor >= 0', name=op.f('ck_campaigns_sensible')),
    sa.CheckConstraint('(benefit_id IS NULL) = (benefit_version IS NULL)', name=op.f('ck_campaigns_benefit')),
    sa.CheckConstraint('(starts_at IS NULL) = (ends_at IS NULL) AND starts_at < ends_at', name=op.f('ck_campaigns_times')),
    sa.ForeignKeyConstraint(['benefit_id'], ['benefits.id'], name=op.f('fk_campaigns_benefit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaigns'))
    )
    op.create_table('campaign_moves',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum(*STATUSES, name='campaignstatus', native_enum=False, length=40), nullable=False),
    sa.Column('by_id', sa.Uuid(), nullable=True),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_moves_campaign_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_moves'))
    )
    op.create_index(op.f('ix_campaign_moves_campaign_id'), 'campaign_moves', ['campaign_id'], unique=False)
    for table, later in RECORDS.items():
        op.execute(f"""
            CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION record_stays('{later}', '')
        """)
        op.execute(f"""
            CREATE TRIGGER stays_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
        """)
    op.create_table('asked_audiences',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('content', postgresql.JSONB(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_asked_audiences')),
    sa.UniqueConstraint('hash', name=op.f('uq_asked_audiences_hash'))
    )


def downgrade() -> None:
    for table in ('asked_audiences', 'campaign_moves', 'campaigns'):
        op.drop_table(table)
