"""Second factors, step-up of a session, codes for more than signing in, and numbers that have a new owner."""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('second_factors',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('TOTP', 'PASSKEY', 'IDENTITY', 'CODE', name='factorkind', native_enum=False, length=40), nullable=False),
    sa.Column('secret_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('credential_id', sa.LargeBinary(), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_second_factors'))
    )
    op.create_index('ix_second_factors_one_totp', 'second_factors', ['user_id'], unique=True, postgresql_where=sa.text("kind = 'TOTP' AND confirmed_at IS NOT NULL"))
    purpose = sa.Enum('SIGN_IN', 'CHANGE_PHONE', 'STEP_UP', name='codepurpose', native_enum=False, length=40)
    op.add_column('challenges', sa.Column('purpose', purpose, server_default='SIGN_IN', nullable=False))
    op.add_column('challenges', sa.Column('session_id', sa.Uuid(), nullable=True))
    op.add_column('challenges', sa.Column('half_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('challenges', sa.Column('second_tries', sa.Integer(), server_default='0', nullable=False))
    op.add_column('sessions', sa.Column('stepped_up_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('sessions', sa.Column('proven_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('phones', sa.Column('reassigned_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('phones', 'reassigned_at')
    op.drop_column('sessions', 'proven_at')
    op.drop_column('sessions', 'stepped_up_until')
    for name in ('second_tries', 'half_at', 'session_id', 'purpose'):
        op.drop_column('challenges', name)
    op.drop_table('second_factors')
