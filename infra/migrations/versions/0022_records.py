"""What was decided stays as it was written: one trigger for every table that is a record."""

from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

# Columns that are written after the row, and the one of them that ends this.
RECORDS = {
    'applications': ('{status,promised_by,updated_at,feed_position}', ''),
    'applied_terms': ('{}', ''),
    'approvals': ('{decided_by,decided_at,verdict,comment}', 'verdict'),
    'consents': ('{revoked_at}', 'revoked_at'),
    'decisions': ('{}', ''),
    'documents': ('{}', ''),
    'events': ('{}', ''),
    'matcher_trainings': ('{ended_at,outcome,version,failures,figures}', 'ended_at'),
    'model_artefacts': ('{}', ''),
    'model_files': ('{}', ''),
    'model_moves': ('{}', ''),
    'offers': ('{status}', ''),
    'outcomes': ('{}', ''),
    'scores': ('{}', ''),
    'tier_moves': ('{}', ''),
    'tier_rules': ('{}', ''),
    'tier_rules_versions': ('{status,effective_at}', ''),
}
STAY = """
    CREATE FUNCTION record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        later text[];
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            RAISE EXCEPTION 'what % holds stays as it was written', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END IF;
        IF TG_OP = 'DELETE' AND to_jsonb(OLD) ->> 'user_id' = current_setting('longan.erases', true) THEN
            RETURN OLD;
        END IF;
        later := TG_ARGV[0];
        IF TG_ARGV[1] <> '' AND to_jsonb(OLD) ->> TG_ARGV[1] IS NOT NULL THEN
            later := '{}';
        END IF;
        IF TG_OP = 'DELETE' OR to_jsonb(OLD) - later IS DISTINCT FROM to_jsonb(NEW) - later THEN
            RAISE EXCEPTION 'what % holds stays as it was written', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""
APPROVALS_BEFORE = """
    CREATE FUNCTION refuse_change_of_approval() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.verdict IS NOT NULL THEN
            RAISE EXCEPTION 'an approval stays as it was given';
        END IF;
        RETURN NEW;
    END $$
"""


def upgrade() -> None:
    op.execute('DROP TRIGGER approvals_stay ON approvals')
    op.execute('DROP FUNCTION refuse_change_of_approval')
    op.execute(STAY)
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
    op.execute('DROP FUNCTION record_stays')
    op.execute(APPROVALS_BEFORE)
    op.execute("""
        CREATE TRIGGER approvals_stay BEFORE UPDATE OR DELETE ON approvals
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_approval()
    """)
