"""How loans went that partners made outside of Longan."""

import sqlalchemy as sa
from alembic import op

revision = '0114'
down_revision = '0113'
branch_labels = None
depends_on = None

HOW = ('PAID', 'LATE', 'SETTLED', 'DEFAULTED')


def upgrade() -> None:
    op.create_table(
        'loan_reports',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('partner_id', sa.Uuid(), nullable=False),
        sa.Column('consent_id', sa.Uuid(), nullable=False),
        sa.Column('loan', sa.Text(), nullable=False),
        sa.Column('opened_on', sa.Date(), nullable=False),
        sa.Column('how', sa.Enum(*HOW, name='outcomekind', native_enum=False, length=40), nullable=False),
        sa.Column('observed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('told_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('user_id', 'id', name=op.f('pk_loan_reports')),
    )
    op.create_index(op.f('ix_loan_reports_user_id_partner_id_loan'), 'loan_reports', ['user_id', 'partner_id', 'loan'])
    op.execute("""
        CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON loan_reports FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')
    """)
    op.execute("""
        CREATE TRIGGER stays_whole BEFORE TRUNCATE ON loan_reports FOR EACH STATEMENT EXECUTE FUNCTION record_stays()
    """)


def downgrade() -> None:
    op.drop_table('loan_reports')
