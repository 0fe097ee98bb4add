"""What partners owe for the lookups of a month."""

import sqlalchemy as sa
from alembic import op

revision = '0110'
down_revision = '0109'
branch_labels = None
depends_on = None

KIND = ('CHECK', 'REPORT', 'ANSWER', 'REVIEW', 'DISPUTE', 'MEMBERSHIP')


def upgrade() -> None:
    op.create_table(
        'lookup_charges',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=False),
        sa.Column('month', sa.Date(), nullable=False),
        sa.Column('kind', sa.Enum(*KIND, name='lookupkind', native_enum=False, length=40), nullable=False),
        sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('lookups', sa.Integer(), nullable=False),
        sa.Column('price', sa.BigInteger(), nullable=False),
        sa.Column('currency', sa.Text(), nullable=False),
        sa.Column('booked_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('lookups > 0 AND price > 0', name=op.f('ck_lookup_charges_something')),
        sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_lookup_charges_partner_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_lookup_charges')),
    )
    op.create_index(
        op.f('ix_lookup_charges_partner_id_month_kind'), 'lookup_charges', ['partner_id', 'month', 'kind'], unique=True
    )
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON lookup_charges FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON lookup_charges FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.drop_table('lookup_charges')
