"""Exports of all that is kept of a person."""

import sqlalchemy as sa
from alembic import op

revision = '0088'
down_revision = '0087'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('data_exports',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('PREPARING', 'READY', 'EXPIRED', 'FAILED', name='exportstatus', native_enum=False, length=40),
              nullable=False),
    sa.Column('archive_sealed', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_data_exports'))
    )
    op.create_index(op.f('ix_data_exports_user_id_session_id'), 'data_exports', ['user_id', 'session_id'])
    op.create_index(op.f('ix_data_exports_id'), 'data_exports', ['id'])


def downgrade() -> None:
    op.drop_table('data_exports')
