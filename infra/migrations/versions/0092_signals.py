"""Sightings, the signals that rules see in them, and the rules' other forms; a challenge names the device that asked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0092'
down_revision = '0091'
branch_labels = None
depends_on = None

RECORDS = {
    'signals': "'{verdict,judged_by,judged_at}', ''",
    'signal_rule_changes': "'{in_force_at}', 'in_force_at'",
}
MODES, ACTIONS = ('OFF', 'SHADOW', 'LIVE'), ('NOTHING', 'STEP_UP', 'REFER')


def enum(name, *values):
    return sa.Enum(*values, name=name, native_enum=False, length=40)


def upgrade() -> None:
    op.add_column('challenges', sa.Column('device_id', sa.Uuid(), nullable=True))
    op.create_table('sightings',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', enum('sightingkind', 'REGISTERED', 'SIGNED_IN', 'APPLIED'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('device_id', sa.Uuid(), nullable=False),
    sa.Column('network', sa.LargeBinary(), nullable=False),
    sa.Column('place_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('application_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_sightings'))
    )
    for columns in (['user_id', 'at'], ['session_id'], ['device_id', 'at'], ['network', 'at'], ['at']):
        op.create_index(op.f('ix_sightings_' + '_'.join(columns)), 'sightings', columns, unique=False)
    op.create_table('signals',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('rule_version', sa.Integer(), nullable=False),
    sa.Column('mode', enum('rulemode', *MODES), nullable=False),
    sa.Column('action', enum('ruleaction', *ACTIONS), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sighting_id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=True),
    sa.Column('evidence', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('verdict', enum('signalverdict', 'RIGHT', 'WRONG'), nullable=True),
    sa.Column('judged_by', sa.Uuid(), nullable=True),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['judged_by'], ['staff.id'], name=op.f('fk_signals_judged_by')),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_signals'))
    )
    op.create_index(op.f('ix_signals_user_id_rule_sighting_id'), 'signals', ['user_id', 'rule', 'sighting_id'], unique=True)
    op.create_index(op.f('ix_signals_at'), 'signals', ['at'], unique=False)
    op.create_index(op.f('ix_signals_id'), 'signals', ['id'], unique=False)
    op.create_index('ix_signals_waiting', 'signals', ['at', 'id'], unique=False,
                    postgresql_where=sa.text('verdict IS NULL'))
    op.create_table('signal_rule_changes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('mode', enum('rulemode', *MODES), nullable=False),
    sa.Column('action', enum('ruleaction', *ACTIONS), nullable=False),
    sa.Column('parameters', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('proposed_by', sa.Uuid(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('in_force_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['proposed_by'], ['staff.id'], name=op.f('fk_signal_rule_changes_proposed_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signal_rule_changes'))
    )
    op.create_index(op.f('ix_signal_rule_changes_code_version'), 'signal_rule_changes', ['code', 'version'], unique=True)
    for table, later in RECORDS.items():
        op.execute(f"""
            CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION record_stays({later})
        """)
        op.execute(f"""
            CREATE TRIGGER stays_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
        """)


def downgrade() -> None:
    op.drop_table('signal_rule_changes')
    op.drop_table('signals')
    op.drop_table('sightings')
    op.drop_column('challenges', 'device_id')
