"""The log of evidence stays as it was written, save what is given to it later: a leaf's place, and a head's signature."""

from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

RECORDS = {
    'evidence_heads': ('{signed_at,note}', ''),
    'evidence_leaves': ('{position}', 'position'),
    'evidence_nodes': ('{}', ''),
}


def upgrade() -> None:
    for table, (later, closed_by) in RECORDS.items():
        op.execute(f"""
            CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION record_stays('{later}', '{closed_by}')
        """)
        op.execute(f"""
            CREATE TRIGGER stays_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
        """)


def downgrade() -> None:
    for table in RECORDS:
        op.execute(f'DROP TRIGGER stays ON {table}')
        op.execute(f'DROP TRIGGER stays_whole ON {table}')
