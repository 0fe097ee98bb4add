"""Bills that people downloaded and showed us, until they count or are over."""

import sqlalchemy as sa
from alembic import op

revision = '0094'
down_revision = '0093'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('statements',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('provider', sa.Text(), nullable=True),
    sa.Column('told_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_statements'))
    )
    op.create_index(op.f('ix_statements_expires_at'), 'statements', ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('statements')
