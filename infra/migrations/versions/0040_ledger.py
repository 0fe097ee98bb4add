"""The ledger: accounts of agreements, and the transfers between them, which stay as they were written."""

import sqlalchemy as sa
from alembic import op

revision = '0040'
down_revision = '0031'
branch_labels = None
depends_on = None

# Balances are what the transfers make them, whichever program wrote these. Accounts are locked in one order, one by one and by
# their key: so two that post for the same agreements wait for each other, never both, and nobody reads a whole table.
KEEP = """
    CREATE FUNCTION keep_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        moved record;
    BEGIN
        FOR moved IN
            SELECT user_id, subject_id, kind, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits
              FROM (SELECT user_id, subject_id, debit AS kind, amount AS debits, 0 AS credits FROM posted
                     UNION ALL SELECT user_id, subject_id, credit, 0, amount FROM posted) AS sides
             GROUP BY user_id, subject_id, kind ORDER BY user_id, subject_id, kind
        LOOP
            UPDATE ledger_accounts AS account
               SET debits = account.debits + moved.debits, credits = account.credits + moved.credits
             WHERE account.user_id = moved.user_id AND account.subject_id = moved.subject_id AND account.kind = moved.kind;
        END LOOP;
        RETURN NULL;
    END $$
"""
# A reversal takes back exactly what it names, and nothing that is a reversal itself.
MATCH = """
    CREATE FUNCTION match_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM transfers AS taken WHERE taken.user_id = NEW.user_id AND taken.subject_id = NEW.subject_id
               AND taken.id = NEW.reverses AND taken.debit = NEW.credit AND taken.credit = NEW.debit
               AND taken.amount = NEW.amount AND taken.currency = NEW.currency AND taken.reverses IS NULL
        ) THEN
            RAISE EXCEPTION 'a reversal takes back exactly what it names'
                USING ERRCODE = 'check_violation', TABLE = 'transfers', CONSTRAINT = 'ck_transfers_reversal';
        END IF;
        RETURN NULL;
    END $$
"""
ALONE = """
    CREATE FUNCTION refuse_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'only transfers change what % holds', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
"""
TRIGGERS = (
    """CREATE TRIGGER keep_balances AFTER INSERT ON transfers REFERENCING NEW TABLE AS posted
       FOR EACH STATEMENT EXECUTE FUNCTION keep_balances()""",
    """CREATE TRIGGER match_reversal AFTER INSERT ON transfers FOR EACH ROW WHEN (NEW.reverses IS NOT NULL)
       EXECUTE FUNCTION match_reversal()""",
    """CREATE TRIGGER refuse_new_balance BEFORE INSERT ON ledger_accounts FOR EACH ROW
       WHEN (NEW.debits <> 0 OR NEW.credits <> 0) EXECUTE FUNCTION refuse_balance()""",
    """CREATE TRIGGER refuse_balance BEFORE UPDATE OR DELETE ON ledger_accounts FOR EACH ROW
       WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION refuse_balance()""",
    """CREATE TRIGGER refuse_emptying BEFORE TRUNCATE ON ledger_accounts FOR EACH STATEMENT EXECUTE FUNCTION refuse_balance()""",
    """CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION record_stays('{}', '')""",
    """CREATE TRIGGER stays_whole BEFORE TRUNCATE ON transfers FOR EACH STATEMENT EXECUTE FUNCTION record_stays()""",
)
RAISES = """
    CREATE TRIGGER raise_owners_at_{word} AFTER {word} ON transfers REFERENCING {which} TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION raise_owners()
"""


def upgrade() -> None:
    op.create_table('ledger_accounts',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('debits', sa.BigInteger(), nullable=False),
    sa.Column('credits', sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "(kind NOT IN ('DRAWABLE', 'RESERVED') OR debits >= credits)", name=op.f('ck_ledger_accounts_limit')
    ),
    sa.CheckConstraint(
        "(kind NOT IN ('PRINCIPAL', 'INTEREST', 'FEES') OR debits >= credits)", name=op.f('ck_ledger_accounts_debt')
    ),
    sa.CheckConstraint(
        "(kind NOT IN ('CREDIT', 'UNMATCHED') OR credits >= debits)", name=op.f('ck_ledger_accounts_credit')
    ),
    sa.CheckConstraint(
        "(kind NOT IN ('REPAID') OR debits >= credits) AND (kind NOT IN ('LENT', 'INTEREST_EARNED', 'FEES_EARNED',"
        " 'COMMISSION', 'COMMITTED') OR credits >= debits)",
        name=op.f('ck_ledger_accounts_counter'),
    ),
    sa.PrimaryKeyConstraint('user_id', 'subject_id', 'kind', name=op.f('pk_ledger_accounts')),
    sa.UniqueConstraint(
        'user_id', 'subject_id', 'kind', 'currency', name=op.f('uq_ledger_accounts_user_id_subject_id_kind_currency')
    ),
    )
    op.create_table('transfers',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('debit', sa.String(40), nullable=False),
    sa.Column('credit', sa.String(40), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('cause_kind', sa.String(40), nullable=False),
    sa.Column('cause_id', sa.Uuid(), nullable=False),
    sa.Column('part', sa.SmallInteger(), nullable=False),
    sa.Column('value_on', sa.Date(), nullable=False),
    sa.Column('booked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('partner_id', sa.Uuid(), nullable=True),
    sa.Column('reverses', sa.Uuid(), nullable=True),
    sa.CheckConstraint('amount > 0 AND amount <= 9007199254740992', name=op.f('ck_transfers_amount')),
    sa.CheckConstraint('debit <> credit', name=op.f('ck_transfers_two_accounts')),
    *(
        sa.ForeignKeyConstraint(
            ['user_id', 'subject_id', side, 'currency'],
            [f'ledger_accounts.{name}' for name in ('user_id', 'subject_id', 'kind', 'currency')],
            name=f'fk_transfers_{side}',
        )
        for side in ('debit', 'credit')
    ),
    sa.PrimaryKeyConstraint('user_id', 'subject_id', 'id', name=op.f('pk_transfers')),
    sa.UniqueConstraint('user_id', 'cause_kind', 'cause_id', 'part', name='uq_transfers_once'),
    )
    op.create_index(op.f('ix_transfers_partner_id_booked_at'), 'transfers', ['partner_id', 'booked_at'], unique=False)
    op.create_index('ix_transfers_reversed_once', 'transfers', ['user_id', 'subject_id', 'reverses'], unique=True,
                    postgresql_where='reverses IS NOT NULL')
    for function in (KEEP, MATCH, ALONE, *TRIGGERS):
        op.execute(function)
    for word, which in (('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')):
        op.execute(RAISES.format(word=word, which=which))


def downgrade() -> None:
    op.drop_table('transfers')
    op.drop_table('ledger_accounts')
    for name in ('keep_balances', 'match_reversal', 'refuse_balance'):
        op.execute(f'DROP FUNCTION {name}')
