"""Marketing offers plans: who wrote a version, one that waits at a time, and what was written stays."""

import sqlalchemy as sa
from alembic import op

revision = '0090'
down_revision = '0089'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('plans', sa.Column('author_id', sa.Uuid(), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index('uq_plans_undecided', 'plans', ['code'], unique=True, postgresql_concurrently=True,
                        if_not_exists=True, postgresql_where=sa.text("status IN ('DRAFT', 'SUBMITTED')"))
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON plans
        FOR EACH ROW EXECUTE FUNCTION record_stays('{status}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON plans FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER stays_whole ON plans")
    op.execute("DROP TRIGGER stays ON plans")
    op.drop_index('uq_plans_undecided', table_name='plans')
    op.drop_column('plans', 'author_id')
