"""Invented people are marked as such, are counted only while their house says so, and can be given a past."""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

# A transaction that lives through a past sets `longan.back` for itself; everywhere else there is none.
NOW = """
CREATE OR REPLACE FUNCTION longan_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT now() + (SELECT ahead FROM clock_offset) - coalesce(nullif(current_setting('longan.back', true), ''), '0')::interval $$
"""
NOW_BEFORE = """
CREATE OR REPLACE FUNCTION longan_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT now() + (SELECT ahead FROM clock_offset) $$
"""
# Whom no count counts.
UNCOUNTED = """
CREATE VIEW uncounted AS
SELECT id AS user_id FROM users
 WHERE is_invented AND NOT coalesce((SELECT is_counted FROM invented_pasts), false)
"""


def upgrade() -> None:
    op.add_column('users', sa.Column('is_invented', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.create_index('ix_users_invented', 'users', ['id'], unique=False, postgresql_where=sa.text('is_invented'))
    op.create_table('invented_pasts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('today', sa.Date(), nullable=False),
    sa.Column('is_counted', sa.Boolean(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invented_pasts'))
    )
    op.execute(UNCOUNTED)
    op.execute(NOW)


def downgrade() -> None:
    op.execute(NOW_BEFORE)
    op.execute("DROP VIEW uncounted")
    op.drop_table('invented_pasts')
    op.drop_index('ix_users_invented', table_name='users')
    op.drop_column('users', 'is_invented')
