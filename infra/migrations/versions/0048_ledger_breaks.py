"""Breaks: what was found to differ when the ledger was held against everything else that tells of money.

And no transfer goes, not even when its person does: the law asks for it, and it names nobody.
"""

import sqlalchemy as sa
from alembic import op

revision = '0048'
down_revision = '0047'
branch_labels = None
depends_on = None

STAYS = """
    CREATE FUNCTION keep_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'what % holds stays, whoever leaves', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
"""


def upgrade() -> None:
    op.execute(STAYS)
    op.execute('CREATE TRIGGER keep_for_good BEFORE DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION keep_for_good()')
    op.create_table('ledger_breaks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('expected', sa.BigInteger(), nullable=False),
    sa.Column('actual', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_breaks')),
    )
    op.create_index('ix_ledger_breaks_open', 'ledger_breaks', ['kind', 'subject_id', 'detail'], unique=True,
                    postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index(op.f('ix_ledger_breaks_subject_id'), 'ledger_breaks', ['subject_id'], unique=False)


def downgrade() -> None:
    op.drop_table('ledger_breaks')
    op.execute('DROP FUNCTION keep_for_good CASCADE')
