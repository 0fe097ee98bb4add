"""Numbers that partners invite, and what the people who have them see of it."""

import sqlalchemy as sa
from alembic import op

revision = '0104'
down_revision = '0103'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON invitations REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('invitation_batches',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('max_amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_invitation_batches_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation_batches'))
    )
    op.create_index(op.f('ix_invitation_batches_expires_at'), 'invitation_batches', ['expires_at'], unique=False)
    op.create_index(op.f('ix_invitation_batches_partner_id_id'), 'invitation_batches', ['partner_id', 'id'], unique=False)
    op.create_table('invited_phones',
    sa.Column('batch_id', sa.Uuid(), nullable=False),
    sa.Column('phone_index', sa.LargeBinary(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['invitation_batches.id'], name=op.f('fk_invited_phones_batch_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('batch_id', 'phone_index', name=op.f('pk_invited_phones'))
    )
    op.create_index(op.f('ix_invited_phones_phone_index'), 'invited_phones', ['phone_index'], unique=False)
    op.create_index(op.f('ix_invited_phones_expires_at'), 'invited_phones', ['expires_at'], unique=False)
    op.create_table('invitations',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('product_id', sa.Uuid(), nullable=False),
    sa.Column('max_amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('OPEN', 'ACCEPTED', 'DECLINED', 'REPLACED', name='invitationstatus', native_enum=False,
                                length=40), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_invitations_product_id')),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_invitations'))
    )
    op.create_index(op.f('ix_invitations_user_id_product_id'), 'invitations', ['user_id', 'product_id'], unique=False)
    op.create_index(op.f('ix_invitations_id'), 'invitations', ['id'], unique=False)
    op.create_index(op.f('ix_invitations_expires_at'), 'invitations', ['expires_at'], unique=False)
    for word, which in (('insert', 'NEW'), ('update', 'NEW'), ('delete', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))


def downgrade() -> None:
    op.drop_table('invitations')
    op.drop_table('invited_phones')
    op.drop_table('invitation_batches')
