"""What people share with a partner on its own website, and the addresses that they are sent back to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0097'
down_revision = '0096'
branch_labels = None
depends_on = None

PURPOSE = ('LENDING', 'RENTING', 'SHOPPING', 'INSURANCE', 'EMPLOYMENT')
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column('partner_clients', sa.Column('redirect_uris', postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default='[]'))
    op.create_table('share_requests',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('redirect_uri', sa.Text(), nullable=False),
    sa.Column('client_state', sa.Text(), nullable=True),
    sa.Column('code_challenge', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Enum(*PURPOSE, name='purpose', native_enum=False, length=40), nullable=False),
    sa.Column('scopes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('is_offline', sa.Boolean(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('expires_at', MOMENT, nullable=False),
    sa.Column('browser_mark', sa.LargeBinary(), nullable=False),
    sa.Column('challenge_id', sa.Uuid(), nullable=True),
    sa.Column('grant_id', sa.Uuid(), nullable=True),
    sa.Column('declined_at', MOMENT, nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_share_requests'))
    )
    op.create_index(op.f('ix_share_requests_expires_at'), 'share_requests', ['expires_at'], unique=False)
    op.create_table('share_grants',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('consent_id', sa.Uuid(), nullable=False),
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('redirect_uri', sa.Text(), nullable=False),
    sa.Column('code_challenge', sa.Text(), nullable=False),
    sa.Column('is_offline', sa.Boolean(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('exchanged_at', MOMENT, nullable=True),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('renewed_at', MOMENT, nullable=True),
    sa.Column('ended_at', MOMENT, nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_share_grants'))
    )
    op.create_index(op.f('ix_share_grants_consent_id'), 'share_grants', ['consent_id'], unique=False)


def downgrade() -> None:
    op.drop_table('share_grants')
    op.drop_table('share_requests')
    op.drop_column('partner_clients', 'redirect_uris')
