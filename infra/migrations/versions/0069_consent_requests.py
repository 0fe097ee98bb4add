"""What partners ask of whoever opens their QR code or link."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0069'
down_revision = '0068'
branch_labels = None
depends_on = None

PURPOSE = ('LENDING', 'RENTING', 'SHOPPING', 'INSURANCE', 'EMPLOYMENT')


def upgrade() -> None:
    op.create_table('consent_requests',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Enum(*PURPOSE, name='purpose', native_enum=False, length=40), nullable=False),
    sa.Column('scopes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('consent_id', sa.Uuid(), nullable=True),
    sa.Column('declined_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent_requests'))
    )
    op.create_index(op.f('ix_consent_requests_code'), 'consent_requests', ['code'], unique=True)
    op.create_index(op.f('ix_consent_requests_consent_id'), 'consent_requests', ['consent_id'], unique=False)
    op.create_index(op.f('ix_consent_requests_expires_at'), 'consent_requests', ['expires_at'], unique=False)


def downgrade() -> None:
    op.drop_table('consent_requests')
