"""Test partners, whose people nobody counts."""

import sqlalchemy as sa
from alembic import op

revision = '0098'
down_revision = '0097'
branch_labels = None
depends_on = None

# Whom no count counts.
UNCOUNTED = """
CREATE OR REPLACE VIEW uncounted AS
SELECT id AS user_id FROM users
 WHERE is_invented AND (tests_for IS NOT NULL OR NOT coalesce((SELECT is_counted FROM invented_pasts), false))
"""
UNCOUNTED_BEFORE = """
CREATE OR REPLACE VIEW uncounted AS
SELECT id AS user_id FROM users
 WHERE is_invented AND NOT coalesce((SELECT is_counted FROM invented_pasts), false)
"""


def upgrade() -> None:
    op.add_column('partners', sa.Column('is_test', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('users', sa.Column('tests_for', sa.Uuid(), nullable=True))
    op.execute(UNCOUNTED)
    with op.get_context().autocommit_block():
        op.create_index('ix_partners_test', 'partners', ['id'], postgresql_where=sa.text('is_test'),
                        postgresql_concurrently=True)
        op.create_index('ix_users_testing', 'users', ['id'], postgresql_where=sa.text('tests_for IS NOT NULL'),
                        postgresql_concurrently=True)


def downgrade() -> None:
    op.execute(UNCOUNTED_BEFORE)
    op.drop_index('ix_users_testing', table_name='users')
    op.drop_index('ix_partners_test', table_name='partners')
    op.drop_column('users', 'tests_for')
    op.drop_column('partners', 'is_test')
