"""Notices: what people are told, what they prefer, and every contact; whoever changes what they see raises their revision."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

OWNERS = ('contact_preferences', 'notices')
TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON {table} REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('contact_preferences',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('choices', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('quiet_from', sa.Time(), nullable=False),
    sa.Column('quiet_until', sa.Time(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=True),
    sa.Column('locale', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_contact_preferences'))
    )
    op.create_table('contacts',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('about', sa.Uuid(), nullable=False),
    sa.Column('channel', sa.Enum('APP', 'PUSH', 'SMS', name='noticechannel', native_enum=False, length=40), nullable=False),
    sa.Column('purpose', sa.Enum('SECURITY', 'MONEY', 'SERVICE', 'MARKETING', 'COLLECTION', name='noticeclass', native_enum=False, length=40), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'about', 'channel', name=op.f('pk_contacts'))
    )
    op.create_index(op.f('ix_contacts_at'), 'contacts', ['at'], unique=False)
    op.create_index(op.f('ix_contacts_user_id_at'), 'contacts', ['user_id', 'at'], unique=False)
    op.create_table('notice_deliveries',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('notice_id', sa.Uuid(), nullable=False),
    sa.Column('channel', sa.Enum('APP', 'PUSH', 'SMS', name='noticechannel', native_enum=False, length=40), nullable=False),
    sa.Column('device_id', sa.Uuid(), nullable=True),
    sa.Column('collapse_key', sa.Text(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Enum('WAITING', 'LEAVING', 'SENT', 'DROPPED', name='deliverystatus', native_enum=False, length=40), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('why', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_notice_deliveries'))
    )
    op.create_index(op.f('ix_notice_deliveries_ended_at'), 'notice_deliveries', ['ended_at'], unique=False)
    op.create_index(op.f('ix_notice_deliveries_user_id_collapse_key'), 'notice_deliveries', ['user_id', 'collapse_key'], unique=False)
    op.create_index(op.f('ix_notice_deliveries_user_id_notice_id_channel_device_id'), 'notice_deliveries', ['user_id', 'notice_id', 'channel', 'device_id'], unique=True, postgresql_nulls_not_distinct=True)
    op.create_table('notices',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('notice_class', sa.Enum('SECURITY', 'MONEY', 'SERVICE', 'MARKETING', 'COLLECTION', name='noticeclass', native_enum=False, length=40), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('values_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('is_listed', sa.Boolean(), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_notices'))
    )
    op.create_index('ix_notices_unread', 'notices', ['user_id'], unique=False, postgresql_where=sa.text('read_at IS NULL AND is_listed'))
    op.create_table('push_devices',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('platform', sa.Enum('APNS', 'FCM', 'WECHAT', name='deviceplatform', native_enum=False, length=40), nullable=False),
    sa.Column('token_index', sa.LargeBinary(), nullable=False),
    sa.Column('token_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('registered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sends_left', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_push_devices'))
    )
    op.create_index(op.f('ix_push_devices_user_id_session_id_platform'), 'push_devices', ['user_id', 'session_id', 'platform'], unique=True)
    op.create_table('push_tokens',
    sa.Column('index', sa.LargeBinary(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('device_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['user_id', 'device_id'], ['push_devices.user_id', 'push_devices.id'], name=op.f('fk_push_tokens_user_id_device_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('index', name=op.f('pk_push_tokens'))
    )
    op.create_index(op.f('ix_push_tokens_user_id'), 'push_tokens', ['user_id'], unique=False)
    for table in OWNERS:
        for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
            op.execute(TRIGGER.format(table=table, word=word, which=which))


def downgrade() -> None:
    op.drop_index(op.f('ix_push_tokens_user_id'), table_name='push_tokens')
    op.drop_table('push_tokens')
    op.drop_index(op.f('ix_push_devices_user_id_session_id_platform'), table_name='push_devices')
    op.drop_table('push_devices')
    op.drop_index('ix_notices_unread', table_name='notices', postgresql_where=sa.text('read_at IS NULL AND is_listed'))
    op.drop_table('notices')
    op.drop_index(op.f('ix_notice_deliveries_user_id_notice_id_channel_device_id'), table_name='notice_deliveries', postgresql_nulls_not_distinct=True)
    op.drop_index(op.f('ix_notice_deliveries_user_id_collapse_key'), table_name='notice_deliveries')
    op.drop_index(op.f('ix_notice_deliveries_ended_at'), table_name='notice_deliveries')
    op.drop_table('notice_deliveries')
    op.drop_index(op.f('ix_contacts_user_id_at'), table_name='contacts')
    op.drop_index(op.f('ix_contacts_at'), table_name='contacts')
    op.drop_table('contacts')
    op.drop_table('contact_preferences')
