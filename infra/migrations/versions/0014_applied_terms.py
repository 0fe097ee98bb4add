"""What was applied for is kept, an offer has a state of its own, and a decision says who made it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

# Of a product that changed since, nobody knows what the person saw: such an application keeps no terms.
KEEP_WHAT_IS_STILL_THE_SAME = """
    INSERT INTO applied_terms (user_id, application_id, product_version, kind, title, decision, currency, term_months,
                               annual_rate, fee_rate, deposit, grade, cost_cap)
    SELECT application.user_id, application.id, product.version, product.kind, product.title, product.decision,
           product.currency, product.term_months, product.annual_rate, product.fee_rate, product.deposit, NULL, 0.24
      FROM applications AS application
      JOIN products AS product ON product.id = application.product_id
     WHERE product.updated_at IS NULL OR product.updated_at <= application.created_at
"""
AS_ITS_APPLICATION_STANDS = """
    UPDATE offers AS offer SET status = application.status
      FROM applications AS application
     WHERE application.user_id = offer.user_id AND application.id = offer.application_id
       AND application.status IN ('ACCEPTED', 'EXPIRED', 'WITHDRAWN')
"""
# As long as the receipt of a review was kept.
WHO_REVIEWED = """
    UPDATE decisions AS decision SET decided_by_id = substr(receipt.actor, 7)::uuid
      FROM receipts AS receipt
     WHERE receipt.operation = 'reviewApplication' AND receipt.actor LIKE 'staff:%'
       AND receipt.result_id = decision.application_id
       AND decision.decided_by = 'staff' AND decision.outcome IN ('APPROVE', 'DECLINE')
"""
WHICH_PARTNER = """
    UPDATE decisions AS decision SET decided_by_id = application.partner_id
      FROM applications AS application
     WHERE application.user_id = decision.user_id AND application.id = decision.application_id
       AND decision.decided_by = 'partner'
"""


def upgrade() -> None:
    op.create_table('applied_terms',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('product_version', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('LOAN', 'RENTAL', 'ELECTRONICS', 'AESTHETICS', name='productkind', native_enum=False, length=40), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('decision', sa.Enum('INSTANT', 'PARTNER', name='decisionmode', native_enum=False, length=40), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('term_months', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('annual_rate', sa.Numeric(precision=7, scale=5), nullable=True),
    sa.Column('fee_rate', sa.Numeric(precision=7, scale=5), nullable=False),
    sa.Column('deposit', sa.BigInteger(), nullable=False),
    sa.Column('grade', sa.Enum('A', 'B', 'C', 'D', name='grade', native_enum=False, length=40), nullable=True),
    sa.Column('cost_cap', sa.Numeric(precision=7, scale=5), nullable=False),
    sa.PrimaryKeyConstraint('user_id', 'application_id', name=op.f('pk_applied_terms'))
    )
    # The default serves the programs of before, which write offers while the new ones start.
    op.add_column('offers', sa.Column('status', sa.Enum('OPEN', 'ACCEPTED', 'EXPIRED', 'WITHDRAWN', name='offerstatus', native_enum=False, length=40), nullable=False, server_default='OPEN'))
    op.add_column('decisions', sa.Column('decided_by_id', sa.Uuid(), nullable=True))
    for statement in (KEEP_WHAT_IS_STILL_THE_SAME, AS_ITS_APPLICATION_STANDS, WHO_REVIEWED, WHICH_PARTNER):
        op.execute(statement)


def downgrade() -> None:
    op.drop_column('decisions', 'decided_by_id')
    op.drop_column('offers', 'status')
    op.drop_table('applied_terms')
