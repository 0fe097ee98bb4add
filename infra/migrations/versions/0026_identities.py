"""Identities: whether people are who they say, and whose an id number is."""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('identities',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.Enum('UNCHECKED', 'CHECKED', 'MISMATCH', name='identitystatus', native_enum=False, length=40), nullable=False),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('number_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asking_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_identities'))
    )
    op.create_table('known_id_numbers',
    sa.Column('index', sa.LargeBinary(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_known_id_numbers_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('index', name=op.f('pk_known_id_numbers'))
    )
    op.create_index(op.f('ix_known_id_numbers_user_id'), 'known_id_numbers', ['user_id'], unique=False)


def downgrade() -> None:
    op.drop_table('known_id_numbers')
    op.drop_table('identities')
