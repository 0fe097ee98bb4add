"""Tier rules become live, everybody is judged by them, and one step leads back."""

import sqlalchemy as sa
from alembic import op

revision = '0058'
down_revision = '0057'
branch_labels = None
depends_on = None

STATUSES = ('DRAFT', 'SUBMITTED', 'APPROVED', 'SCHEDULED', 'LIVE', 'SUPERSEDED', 'REJECTED')


def upgrade() -> None:
    op.create_table('tier_rules_moves',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('rules_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum(*STATUSES, name='rulesstatus', native_enum=False, length=40), nullable=False),
    sa.Column('by_id', sa.Uuid(), nullable=True),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['rules_id'], ['tier_rules_versions.id'], name=op.f('fk_tier_rules_moves_rules_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tier_rules_moves'))
    )
    op.create_index(op.f('ix_tier_rules_moves_rules_id'), 'tier_rules_moves', ['rules_id'], unique=False)
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON tier_rules_moves
        FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON tier_rules_moves FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)
    op.create_table('former_standings',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('rules_version', sa.Integer(), nullable=False),
    sa.Column('tier_code', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['tier_code'], ['tiers.code'], name=op.f('fk_former_standings_tier_code')),
    sa.PrimaryKeyConstraint('user_id', 'rules_version', name=op.f('pk_former_standings'))
    )
    op.create_table('reevaluations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('RUNNING', 'DONE', 'SUPERSEDED', name='runstate', native_enum=False, length=40), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rules_id', sa.Uuid(), nullable=False),
    sa.Column('restores', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['rules_id'], ['tier_rules_versions.id'], name=op.f('fk_reevaluations_rules_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reevaluations'))
    )
    op.create_index(op.f('ix_reevaluations_rules_id'), 'reevaluations', ['rules_id'], unique=False)
    op.create_index('ix_reevaluations_running', 'reevaluations', ['begun_at'], unique=False,
                    postgresql_where=sa.text("state = 'RUNNING'"))
    op.create_table('reevaluation_ranges',
    sa.Column('reevaluation_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('after', sa.Uuid(), nullable=False),
    sa.Column('last', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.Uuid(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('unreadable', sa.Integer(), nullable=False),
    sa.Column('cpu_seconds', sa.Double(), nullable=False),
    sa.Column('moved', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['reevaluation_id'], ['reevaluations.id'], name=op.f('fk_reevaluation_ranges_reevaluation_id'),
                            ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('reevaluation_id', 'number', name=op.f('pk_reevaluation_ranges'))
    )


def downgrade() -> None:
    for table in ('reevaluation_ranges', 'reevaluations', 'former_standings', 'tier_rules_moves'):
        op.drop_table(table)
