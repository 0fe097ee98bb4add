"""Stops of money, by one person and with a reason."""

import sqlalchemy as sa
from alembic import op

revision = '0064'
down_revision = '0063'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'stops',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('kind', sa.Enum('DRAW_DOWNS', 'AUTOPAY', 'PAYOUTS', name='stopkind', native_enum=False, length=40),
                  nullable=False),
        sa.Column('subject_id', sa.Uuid(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('stopped_by', sa.Uuid(), nullable=False),
        sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['stopped_by'], ['staff.id'], name='fk_stops_stopped_by'),
        sa.PrimaryKeyConstraint('id', name='pk_stops'),
    )
    op.create_index('uq_stops_in_force', 'stops', ['kind', 'subject_id'], unique=True,
                    postgresql_where=sa.text('lifted_at IS NULL'))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON stops
        FOR EACH ROW EXECUTE FUNCTION record_stays('{lifted_at}', 'lifted_at')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON stops FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.drop_table('stops')
