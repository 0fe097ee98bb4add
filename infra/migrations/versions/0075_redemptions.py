"""Redemptions with their vouchers, and the months and years of a member's own."""

import sqlalchemy as sa
from alembic import op

revision = '0075'
down_revision = '0074'
branch_labels = None
depends_on = None

TRIGGER = """
CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON redemptions REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""
# Days of a month that has no such day are its last: a day and some months are added anew each time, so it never drifts.
CYCLE = """
    CREATE FUNCTION cycle_start(joined text, today text, months int) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT to_char(began + make_interval(months => passed - CASE
                    WHEN began + make_interval(months => passed) > day THEN months ELSE 0 END), 'YYYY-MM-DD')
          FROM (SELECT began, day, since - since % months AS passed
                  FROM (SELECT began, day, ((date_part('year', day) - date_part('year', began)) * 12
                                + date_part('month', day) - date_part('month', began))::int AS since
                          FROM (SELECT joined::timestamp AS began, today::timestamp AS day) AS days) AS counted) AS whole
    $$
"""


def upgrade() -> None:
    op.execute(CYCLE)
    # Whoever is a member already begins months of their own today; no benefit counts by them yet.
    op.add_column('members', sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False,
                                       server_default=sa.text('longan_now()')))
    op.add_column('benefits', sa.Column('retiring_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('benefits', sa.Column('cycle', sa.Enum('CALENDAR', 'ANNIVERSARY', name='quotacycle', native_enum=False, length=40),
                                        nullable=False, server_default='CALENDAR'))
    op.add_column('benefits', sa.Column('member_value_minor', sa.BigInteger(), nullable=True))
    op.add_column('benefits', sa.Column('partner_id', sa.Uuid(), nullable=True))
    op.create_table('redemptions',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('benefit_id', sa.Uuid(), nullable=False),
    sa.Column('period', sa.Text(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('unit_cost_minor', sa.BigInteger(), nullable=False),
    sa.Column('member_value_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('ISSUED', 'USED', 'CANCELLED', 'EXPIRED', name='redemptionstatus', native_enum=False, length=40),
              nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('partner_id', sa.Uuid(), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.CheckConstraint("(status = 'USED') = (used_at IS NOT NULL)", name=op.f('ck_redemptions_used')),
    sa.ForeignKeyConstraint(['benefit_id'], ['benefits.id'], name=op.f('fk_redemptions_benefit_id')),
    sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_redemptions'))
    )
    op.create_index(op.f('ix_redemptions_user_id_benefit_id'), 'redemptions', ['user_id', 'benefit_id'], unique=False)
    op.create_index(op.f('ix_redemptions_benefit_id'), 'redemptions', ['benefit_id'], unique=False)
    op.create_index(op.f('ix_redemptions_partner_id_id'), 'redemptions', ['partner_id', 'id'], unique=False)
    for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
        op.execute(TRIGGER.format(word=word, which=which))
    op.create_table('voucher_owners',
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('redemption_id', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_voucher_owners'))
    )
    op.create_index(op.f('ix_voucher_owners_user_id'), 'voucher_owners', ['user_id'], unique=False)


def downgrade() -> None:
    op.drop_table('voucher_owners')
    op.drop_table('redemptions')
    for column in ('partner_id', 'member_value_minor', 'cycle', 'retiring_at'):
        op.drop_column('benefits', column)
    op.drop_column('members', 'joined_at')
    op.execute('DROP FUNCTION cycle_start')
