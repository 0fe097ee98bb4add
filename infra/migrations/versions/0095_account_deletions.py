"""Who asked to be erased, when, and when it was done."""

import sqlalchemy as sa
from alembic import op

revision = '0095'
down_revision = '0094'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account_deletions',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_account_deletions'))
    )
    op.create_index('uq_account_deletions_under_way', 'account_deletions', ['user_id'], unique=True,
                    postgresql_where=sa.text('cancelled_at IS NULL AND erased_at IS NULL'))


def downgrade() -> None:
    op.drop_table('account_deletions')
