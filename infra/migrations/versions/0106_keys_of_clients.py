"""Keys by which partners' clients prove themselves, and two secrets at a time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0106'
down_revision = '0105'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('partner_clients', sa.Column('secret_expires_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('partner_clients', sa.Column('old_secret_hash', sa.Text(), nullable=True))
    op.add_column('partner_clients', sa.Column('old_secret_until', sa.DateTime(timezone=True), nullable=True))
    op.create_table('client_keys',
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('public', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['partner_clients.client_id'], name=op.f('fk_client_keys_client_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'id', name=op.f('pk_client_keys'))
    )
    op.create_index(op.f('ix_client_keys_expires_at'), 'client_keys', ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('client_keys')
    op.drop_column('partner_clients', 'old_secret_until')
    op.drop_column('partner_clients', 'old_secret_hash')
    op.drop_column('partner_clients', 'secret_expires_at')
