"""Campaigns run: whom they were drawn for, how far they are, what they may cost, and all of them paused at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0085'
down_revision = '0084'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('campaign_people',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('is_held_out', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_people_campaign_id')),
    sa.PrimaryKeyConstraint('user_id', 'campaign_id', name=op.f('pk_campaign_people'))
    )
    op.create_index(op.f('ix_campaign_people_campaign_id_user_id'), 'campaign_people', ['campaign_id', 'user_id'], unique=False)
    op.create_table('campaign_runs',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('RUNNING', 'DONE', 'SUPERSEDED', name='runstate', native_enum=False, length=40), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_runs_campaign_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_runs'))
    )
    op.create_index(op.f('ix_campaign_runs_campaign_id'), 'campaign_runs', ['campaign_id'], unique=False)
    op.create_table('campaign_ranges',
    sa.Column('campaign_run_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('after', sa.Uuid(), nullable=False),
    sa.Column('last', sa.Uuid(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.Uuid(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('unreadable', sa.Integer(), nullable=False),
    sa.Column('cpu_seconds', sa.Double(), nullable=False),
    sa.Column('told', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_run_id'], ['campaign_runs.id'], name=op.f('fk_campaign_ranges_campaign_run_id'),
                            ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('campaign_run_id', 'number', name=op.f('pk_campaign_ranges'))
    )
    op.create_table('campaign_budgets',
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('budget_minor', sa.BigInteger(), nullable=False),
    sa.Column('taken_minor', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('taken_minor BETWEEN 0 AND budget_minor', name=op.f('ck_campaign_budgets_kept')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaigns.id'], name=op.f('fk_campaign_budgets_campaign_id')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_campaign_budgets'))
    )
    op.create_table('campaign_pauses',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('stopped', postgresql.JSONB(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_pauses'))
    )
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON campaign_pauses
        FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON campaign_pauses FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)
    op.add_column('redemptions', sa.Column('campaign_id', sa.Uuid(), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(op.f('ix_redemptions_campaign_id_user_id'), 'redemptions', ['campaign_id', 'user_id'],
                        postgresql_where=sa.text('campaign_id IS NOT NULL'), postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(op.f('ix_redemptions_campaign_id_user_id'), table_name='redemptions', postgresql_concurrently=True, if_exists=True)
    op.drop_column('redemptions', 'campaign_id')
    for table in ('campaign_pauses', 'campaign_budgets', 'campaign_ranges', 'campaign_runs', 'campaign_people'):
        op.drop_table(table)
