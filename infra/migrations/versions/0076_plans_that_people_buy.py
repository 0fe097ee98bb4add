"""Plans that people buy."""

import sqlalchemy as sa
from alembic import op

revision = '0076'
down_revision = '0075'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER {function}_at_{word} AFTER {word} ON {table} REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {function}()
"""
RAISES = (('plans', 'raise_everybodys'), ('plan_subscriptions', 'raise_owners'))
STATUSES = ('NEEDS_PAYMENT', 'TRIAL', 'ACTIVE', 'GRACE', 'LAPSED', 'CANCELLED')


def upgrade() -> None:
    op.create_table('plans',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('price_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('period', sa.Enum('MONTH', 'QUARTER', 'YEAR', name='planperiod', native_enum=False, length=40), nullable=False),
    sa.Column('trial_days', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('DRAFT', 'SUBMITTED', 'LIVE', 'RETIRED', name='offeredstatus', native_enum=False, length=40),
              nullable=False),
    sa.CheckConstraint('price_minor > 0 AND trial_days >= 0', name=op.f('ck_plans_sensible')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plans'))
    )
    op.create_index(op.f('ix_plans_code_version'), 'plans', ['code', 'version'], unique=True)
    op.create_index('uq_plans_live', 'plans', ['code'], unique=True, postgresql_where=sa.text("status = 'LIVE'"))
    op.create_table('plan_subscriptions',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('plan_id', sa.Uuid(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum(*STATUSES, name='planstatus', native_enum=False, length=40), nullable=False),
    sa.Column('paid_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('periods_paid', sa.Integer(), nullable=False),
    sa.Column('paid_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('grace_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('years_settled', sa.Integer(), nullable=False),
    sa.CheckConstraint('periods_paid >= 0 AND years_settled >= 0', name=op.f('ck_plan_subscriptions_not_negative')),
    sa.CheckConstraint("(status = 'GRACE') = (grace_until IS NOT NULL)", name=op.f('ck_plan_subscriptions_grace')),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_plan_subscriptions_plan_id')),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_plan_subscriptions'))
    )
    op.create_index('uq_plan_subscriptions_open', 'plan_subscriptions', ['user_id'], unique=True,
                    postgresql_where=sa.text("status IN ('NEEDS_PAYMENT', 'TRIAL', 'ACTIVE', 'GRACE')"))
    for table, function in RAISES:
        for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
            op.execute(TRIGGER.format(table=table, function=function, word=word, which=which))


def downgrade() -> None:
    op.drop_table('plan_subscriptions')
    op.drop_table('plans')
