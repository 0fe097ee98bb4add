"""What partners are told of people, and what they asked.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('partner_questions',
    sa.Column('partner_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('question', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('partner_id', 'day', 'question', name=op.f('pk_partner_questions'))
    )
    op.add_column('product_reaches', sa.Column('disclosed', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    op.drop_column('product_reaches', 'disclosed')
    op.drop_table('partner_questions')
