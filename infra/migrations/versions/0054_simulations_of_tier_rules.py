"""Simulations of tier rules, and what a published version took the place of."""

import sqlalchemy as sa
from alembic import op

revision = '0054'
down_revision = '0053'
branch_labels = None
depends_on = None

SCHEDULED = 'uq_tier_rules_versions_scheduled'
LATER = '{status,against_id,snapshot_at,members,done,cells,cost_minor,hash}'


def keep_versions(later: str) -> None:
    op.execute('DROP TRIGGER stays ON tier_rules_versions')
    op.execute(f"""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON tier_rules_versions
        FOR EACH ROW EXECUTE FUNCTION record_stays('{later}', '')
    """)


def upgrade() -> None:
    op.add_column('tier_rules_versions', sa.Column('replaced_id', sa.Uuid(), nullable=True))
    keep_versions('{status,effective_at,replaced_id}')
    op.create_table('tier_simulations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('rules_id', sa.Uuid(), nullable=False),
    sa.Column('against_id', sa.Uuid(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('snapshot_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('RUNNING', 'DONE', 'FAILED', name='runstatus', native_enum=False, length=40), nullable=False),
    sa.Column('members', sa.Integer(), nullable=True),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('cells', sa.dialects.postgresql.JSONB(), nullable=True),
    sa.Column('cost_minor', sa.BigInteger(), nullable=True),
    sa.Column('hash', sa.Text(), nullable=True),
    sa.CheckConstraint("(status = 'DONE') = (hash IS NOT NULL)", name=op.f('ck_tier_simulations_done_with_a_hash')),
    sa.ForeignKeyConstraint(['against_id'], ['tier_rules_versions.id'], name=op.f('fk_tier_simulations_against_id')),
    sa.ForeignKeyConstraint(['rules_id'], ['tier_rules_versions.id'], name=op.f('fk_tier_simulations_rules_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tier_simulations'))
    )
    op.create_index(op.f('ix_tier_simulations_rules_id_begun_at'), 'tier_simulations', ['rules_id', 'begun_at'], unique=False)
    op.create_index('uq_tier_simulations_running', 'tier_simulations', ['rules_id'], unique=True,
                    postgresql_where=sa.text("status = 'RUNNING'"))
    op.execute(f"""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON tier_simulations
        FOR EACH ROW EXECUTE FUNCTION record_stays('{LATER}', 'hash')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON tier_simulations FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)
    with op.get_context().autocommit_block():
        op.create_index(SCHEDULED, 'tier_rules_versions', ['status'], unique=True, postgresql_concurrently=True,
                        postgresql_where=sa.text("status = 'SCHEDULED'"), if_not_exists=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(SCHEDULED, table_name='tier_rules_versions', postgresql_concurrently=True, if_exists=True)
    op.drop_table('tier_simulations')
    keep_versions('{status,effective_at}')
    op.drop_column('tier_rules_versions', 'replaced_id')
