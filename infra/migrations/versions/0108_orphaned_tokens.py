"""Tokens of unlinked accounts whose providers were away, without a word of whose they are."""

import sqlalchemy as sa
from alembic import op

revision = '0108'
down_revision = '0107'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('orphaned_tokens',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('tokens_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orphaned_tokens'))
    )
    op.create_index(op.f('ix_orphaned_tokens_account_id'), 'orphaned_tokens', ['account_id'], unique=False)


def downgrade() -> None:
    op.drop_table('orphaned_tokens')
