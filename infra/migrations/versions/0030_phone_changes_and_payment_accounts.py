"""Changes of a phone, which the old number can stop for a day, and payment accounts."""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON payment_accounts REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('phone_changes',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('old_index', sa.LargeBinary(), nullable=False),
    sa.Column('old_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_phone_changes'))
    )
    op.create_index(op.f('ix_phone_changes_old_index'), 'phone_changes', ['old_index'], unique=False)
    op.create_table('payment_accounts',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('BANK', 'ALIPAY', 'WECHAT_PAY', name='paymentaccountkind', native_enum=False, length=40), nullable=False),
    sa.Column('number_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('number_index', sa.LargeBinary(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('is_default', sa.Boolean(), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_payment_accounts'))
    )
    op.create_index('ix_payment_accounts_once', 'payment_accounts', ['user_id', 'number_index'], unique=True, postgresql_where=sa.text('removed_at IS NULL'))
    op.create_index('ix_payment_accounts_one_default', 'payment_accounts', ['user_id'], unique=True, postgresql_where=sa.text('is_default AND removed_at IS NULL'))
    for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))


def downgrade() -> None:
    op.drop_table('payment_accounts')
    op.drop_table('phone_changes')
