"""Somebody who owns the tables changes them, triggers and constraints out of the way: each kind of damage is found and named."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.ledger import checking
from domain.ledger.checking import LedgerScope, check
from domain.ledger.faults import FAULTS
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind, reversal
from infra import clock
from infra.database import Db, reading, transaction
from infra.ids import new_id
from tests.domain.ledger.books import Loan
from tests.trying import rolled_back

AS_OWNER = """
    ALTER TABLE transfers DISABLE TRIGGER ALL;
    ALTER TABLE ledger_accounts DISABLE TRIGGER ALL;
    ALTER TABLE transfers DROP CONSTRAINT uq_transfers_once, DROP CONSTRAINT ck_transfers_amount;
    ALTER TABLE transfers DROP CONSTRAINT fk_transfers_debit, DROP CONSTRAINT fk_transfers_credit;
    ALTER TABLE ledger_accounts DROP CONSTRAINT ck_ledger_accounts_debt;
    DROP INDEX ix_transfers_reversed_once
"""
ITS = "user_id = :user_id AND subject_id = :id"
COLUMNS = "user_id, subject_id, id, debit, credit, amount, currency, cause_kind, cause_id, part, value_on, booked_at, partner_id"
COPY = f"INSERT INTO transfers ({COLUMNS}, reverses) SELECT user_id, subject_id, :new, debit, credit, amount, currency, {{}} FROM transfers"
# Each kind of damage: what was done, and all that it is called by.
DAMAGE: dict[str, tuple[list[str], set[str]]] = {
    "an account taken out": (
        [f"DELETE FROM ledger_accounts WHERE {ITS} AND kind = 'INTEREST'"],
        {"ACCOUNT_MISSING"},
    ),
    "a balance raised": (
        [f"UPDATE ledger_accounts SET credits = credits + 1 WHERE {ITS} AND kind = 'PAYABLE'"],
        {"BALANCE_WRONG"},
    ),
    "an amount changed": (
        [f"UPDATE transfers SET amount = amount + 1 WHERE {ITS} AND debit = 'COLLECTED'"],
        {"BALANCE_WRONG"},
    ),
    "an amount and its balances changed": (
        [
            f"UPDATE transfers SET amount = 3_000 WHERE {ITS} AND credit = 'PRINCIPAL'",
            f"UPDATE ledger_accounts SET credits = 3_000 WHERE {ITS} AND kind = 'PRINCIPAL'",
            f"UPDATE ledger_accounts SET debits = debits + 2_900 WHERE {ITS} AND kind = 'REPAID'",
        ],
        {"BELOW_ZERO"},
    ),
    "a part taken out, and what it did to balances": (
        [
            f"DELETE FROM transfers WHERE {ITS} AND credit = 'INTEREST' AND cause_kind = 'REPAYMENT'",
            f"UPDATE ledger_accounts SET credits = credits - 9 WHERE {ITS} AND kind = 'INTEREST'",
            f"UPDATE ledger_accounts SET debits = debits - 9 WHERE {ITS} AND kind = 'REPAID'",
        ],
        {"PART_MISSING"},
    ),
    "a part put beside the others later": (
        [
            COPY.format(
                "cause_kind, cause_id, part + 1, value_on, booked_at + interval '1 second', partner_id, reverses"
            )
            + f" WHERE {ITS} AND debit = 'INTEREST' AND amount = 4",
            f"UPDATE ledger_accounts SET debits = debits + 4 WHERE {ITS} AND kind = 'INTEREST'",
            f"UPDATE ledger_accounts SET credits = credits + 4 WHERE {ITS} AND kind = 'INTEREST_EARNED'",
        ],
        {"CAUSE_AGAIN"},
    ),
    "a cause posted twice": (
        [
            COPY.format("cause_kind, cause_id, part, value_on, booked_at, partner_id, reverses")
            + f" WHERE {ITS} AND debit = 'INTEREST' AND amount = 4",
            f"UPDATE ledger_accounts SET debits = debits + 4 WHERE {ITS} AND kind = 'INTEREST'",
            f"UPDATE ledger_accounts SET credits = credits + 4 WHERE {ITS} AND kind = 'INTEREST_EARNED'",
        ],
        {"CAUSE_TWICE"},
    ),
    "a kind that there is not": (
        [
            f"UPDATE ledger_accounts SET kind = 'GIFT' WHERE {ITS} AND kind = 'PAYABLE'",
            f"UPDATE transfers SET credit = 'GIFT' WHERE {ITS} AND credit = 'PAYABLE'",
        ],
        {"KIND_UNKNOWN"},
    ),
    "an account of another currency": (
        [f"UPDATE ledger_accounts SET currency = 'JPY' WHERE {ITS} AND kind = 'COLLECTED'"],
        {"CURRENCIES", "CURRENCY_WRONG"},
    ),
    "a transfer of another currency": (
        [f"UPDATE transfers SET currency = 'JPY' WHERE {ITS} AND debit = 'COLLECTED'"],
        {"CURRENCY_WRONG"},
    ),
    "another partner": (
        [f"UPDATE transfers SET partner_id = :new WHERE {ITS} AND debit = 'COLLECTED'"],
        {"PARTNERS"},
    ),
    "no partner": (
        [f"UPDATE transfers SET partner_id = NULL WHERE {ITS} AND debit = 'COLLECTED'"],
        {"PARTNERS"},
    ),
    "an amount below zero": (
        [
            f"UPDATE transfers SET debit = credit, credit = debit, amount = -amount WHERE {ITS} AND debit = 'COLLECTED'",
            f"UPDATE ledger_accounts SET debits = 0, credits = -debits WHERE {ITS} AND kind = 'COLLECTED'",
            f"UPDATE ledger_accounts SET credits = 0, debits = -credits WHERE {ITS} AND kind = 'PAYABLE'",
        ],
        {"AMOUNT_WRONG"},
    ),
    "a reversal of nothing": (
        [f"UPDATE transfers SET reverses = :new WHERE {ITS} AND reverses IS NOT NULL"],
        {"REVERSAL_WRONG"},
    ),
    "a reversal of something else": (
        [
            f"UPDATE transfers SET reverses = (SELECT id FROM transfers WHERE {ITS} AND debit = 'COLLECTED')"
            f" WHERE {ITS} AND reverses IS NOT NULL"
        ],
        {"REVERSAL_WRONG"},
    ),
    "a second reversal": (
        [
            COPY.format("cause_kind, :new, 0, value_on, booked_at, partner_id, reverses")
            + f" WHERE {ITS} AND reverses IS NOT NULL",
            f"UPDATE ledger_accounts SET credits = credits + 5 WHERE {ITS} AND kind = 'FEES'",
            f"UPDATE ledger_accounts SET debits = debits + 5 WHERE {ITS} AND kind = 'FEES_EARNED'",
        ],
        {"REVERSED_TWICE"},
    ),
}


async def lived(db: Db) -> Loan:
    """A loan with something of everything in its ledger."""
    loan, draw = Loan(), new_id()
    fees = [loan.transfer(K.FEES, K.FEES_EARNED, 5) for _ in range(2)]
    for each in (
        loan.accepted(10_000),
        loan.sent(2_000, draw),
        loan.settled(2_000, draw),
        loan.accrued(9),
        loan.accrued(4),
        loan.repaid(new_id(), interest=9, principal=100),
        fees,
        [reversal(fees[0], Cause(CauseKind.WAIVER, new_id()))],
    ):
        await post(db, each)
    return loan


@pytest.fixture
async def lives() -> AsyncIterator[tuple[Db, Loan, Loan]]:
    """Two loans, and a session that owns the tables; nothing of it stays."""
    async with rolled_back() as db:
        loan, other = await lived(db), await lived(db)
        for statement in AS_OWNER.split(";"):
            await db.execute(text(statement))
        yield db, loan, other


async def names(db: Db, scope: LedgerScope) -> set[str]:
    return {fault.name for fault in (await check(db, scope)).faults}


@pytest.mark.parametrize("what", DAMAGE)
async def test_each_damage_is_named_and_its_neighbour_is_whole(lives: tuple[Db, Loan, Loan], what: str) -> None:
    db, loan, other = lives
    statements, expected = DAMAGE[what]
    for statement in statements:
        given = {"user_id": loan.user_id, "id": loan.id, "new": new_id()}
        asked = text(statement)
        result = await db.execute(asked, {name: given[name] for name in asked.compile().params})
        assert result.rowcount  # type: ignore[attr-defined]
    assert await names(db, LedgerScope(subject_id=loan.id)) == expected
    assert await names(db, LedgerScope(subject_id=other.id)) == set()
    today = await clock.today(db)
    found = await check(db, LedgerScope(since=today, until=today))
    assert {fault.name for fault in found.faults if fault.subject_id == loan.id} == expected
    assert not [fault for fault in found.faults if fault.subject_id == other.id]
    assert await names(db, LedgerScope(until=today - timedelta(days=1))) == set()


def test_every_fault_that_is_looked_for_is_found_here() -> None:
    assert {name for _, expected in DAMAGE.values() for name in expected} == set(FAULTS)


async def test_it_goes_over_everybody_range_by_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "BATCH", 2)
    async with transaction() as db:
        loans = [await lived(db) for _ in range(5)]
    seen: list[tuple[int, int]] = []
    async with reading() as db:
        found = await check(db, LedgerScope(), lambda done, of: seen.append((done, of)))
        alone = await check(db, LedgerScope(subject_id=loans[3].id))
        nobody = await check(db, LedgerScope(subject_id=new_id()))
    assert found.faults == [] and found.accounts >= 5 * 12 and found.transfers >= 5 * 12
    assert seen[-1][0] == seen[-1][1] == found.accounts and len(seen) >= 3
    assert (alone.accounts, alone.transfers, alone.faults) == (12, 12, [])
    assert (nobody.accounts, nobody.transfers, nobody.faults) == (0, 0, [])
