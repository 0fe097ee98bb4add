"""a place in the partner's feed instead of a number that belongs to one server

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

THIS_TRANSACTION = sa.text('(pg_current_xact_id()::text)::bigint')


def upgrade() -> None:
    # The old numbers stay as places, in their order: cursors that partners hold go on working, and all new ones are higher.
    op.alter_column('applications', 'changed_in', new_column_name='feed_position', nullable=True, server_default=None)
    op.execute("ALTER INDEX ix_applications_partner_id_changed_in_id RENAME TO ix_applications_partner_id_feed_position_id")
    op.create_table('feed_heads',
        sa.Column('feed', sa.Text(), nullable=False),
        sa.Column('reader_id', sa.Uuid(), nullable=False),
        sa.Column('position', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('feed', 'reader_id', name=op.f('pk_feed_heads'))
    )


def downgrade() -> None:
    op.drop_table('feed_heads')
    op.execute("UPDATE applications SET feed_position = 0 WHERE feed_position IS NULL")
    op.execute("ALTER INDEX ix_applications_partner_id_feed_position_id RENAME TO ix_applications_partner_id_changed_in_id")
    op.alter_column('applications', 'feed_position', new_column_name='changed_in', nullable=False,
                    server_default=THIS_TRANSACTION)
