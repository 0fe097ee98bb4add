"""counters and places"""

import sqlalchemy as sa
from alembic import op
revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('counters',
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('uses', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_counters'))
    )
    op.create_index(op.f('ix_counters_ends_at'), 'counters', ['ends_at'], unique=False)
    op.drop_table('staff_tries')
    op.execute("DELETE FROM schedules WHERE event = 'staff.tries_grew_old'")
    op.execute("DELETE FROM event_reactions WHERE reaction = 'forget_old_staff_tries'")
    op.add_column('challenges', sa.Column('place', sa.LargeBinary(), nullable=False, server_default=sa.text("''::bytea")))
    op.add_column('challenges', sa.Column('is_known_place', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('sessions', sa.Column('place', sa.LargeBinary(), nullable=True))
    op.add_column('staff_sessions', sa.Column('place', sa.LargeBinary(), nullable=True))
    op.add_column('staff', sa.Column('dismissed_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('staff', 'dismissed_at')
    op.drop_column('staff_sessions', 'place')
    op.drop_column('sessions', 'place')
    op.drop_column('challenges', 'is_known_place')
    op.drop_column('challenges', 'place')
    op.create_table('staff_tries',
    sa.Column('email_index', sa.LargeBinary(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('email_index', name=op.f('pk_staff_tries'))
    )
    op.drop_index(op.f('ix_counters_ends_at'), table_name='counters')
    op.drop_table('counters')
