"""Rent and deposits in the ledger: what is owed of the one is never below nothing, and nobody is given back more of the other."""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

BEFORE = {
    "debt": "(kind NOT IN ('PRINCIPAL', 'INTEREST', 'FEES') OR debits >= credits)",
    "credit": "(kind NOT IN ('CREDIT', 'UNMATCHED') OR credits >= debits)",
    "counter": "(kind NOT IN ('REPAID') OR debits >= credits) AND (kind NOT IN ('LENT', 'INTEREST_EARNED', 'FEES_EARNED',"
    " 'COMMISSION', 'COMMITTED') OR credits >= debits)",
}
AFTER = {
    "debt": "(kind NOT IN ('PRINCIPAL', 'INTEREST', 'FEES', 'RENT') OR debits >= credits)",
    "credit": "(kind NOT IN ('CREDIT', 'DEPOSIT', 'DEPOSIT_RETURNING', 'UNMATCHED') OR credits >= debits)",
    "counter": "(kind NOT IN ('REPAID') OR debits >= credits) AND (kind NOT IN ('LENT', 'INTEREST_EARNED', 'FEES_EARNED',"
    " 'RENT_EARNED', 'COMMISSION', 'COMMITTED') OR credits >= debits)",
}


def upgrade() -> None:
    replace(AFTER)


def downgrade() -> None:
    replace(BEFORE)


def replace(rules: dict[str, str]) -> None:
    # Accounts are posted to while this runs: the new rules hold for these at once, and are then asked of the others.
    for name, rule in rules.items():
        op.execute(f"ALTER TABLE ledger_accounts DROP CONSTRAINT ck_ledger_accounts_{name}")
        op.execute(f"ALTER TABLE ledger_accounts ADD CONSTRAINT ck_ledger_accounts_{name} CHECK ({rule}) NOT VALID")
    for name in rules:
        op.execute(f"ALTER TABLE ledger_accounts VALIDATE CONSTRAINT ck_ledger_accounts_{name}")
