"""The journal: hledger and beancount read it, and all three say the same of every account."""

import csv
import io
import os
import random
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction
from sqlalchemy import select

from domain.agreements.agreements import Agreement
from domain.ledger.accounts import LedgerAccount
from domain.ledger.checking import LedgerScope
from domain.ledger.journal import Format, account_name, write_journal
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind, reversal
from infra import clock
from infra.database import Db, reading, transaction
from infra.ids import new_id
from infra.money import Money
from tests.domain.agreements.test_lives import live
from tests.domain.ledger.books import Loan
from tests.trying import rolled_back

HLEDGER = shutil.which("hledger")  # of Debian; where there is none beancount alone is asked
LIVES = int(os.environ.get("LONGAN_LIVES", "4"))
Sums = dict[tuple[str, str], Decimal]


async def lived(currency: str, scale: int) -> Loan:
    loan, draw, refund = Loan(currency), new_id(), new_id()
    async with transaction() as db:
        for each in (
            loan.accepted(10_000 * scale),
            loan.sent(2_000 * scale, draw),
            loan.settled(2_000 * scale, draw),
            loan.accrued(9 * scale + 1),
            loan.repaid(new_id(), interest=9 * scale, principal=100 * scale, credit=7 * scale),
            [fee := loan.transfer(K.FEES, K.FEES_EARNED, 5 * scale)],
            [reversal(fee, Cause(CauseKind.WAIVER, new_id()))],
            loan.all_of(Cause.of(CauseKind.ACCRUAL, loan.id, 1), (K.RENT, K.RENT_EARNED, 30 * scale)),
            loan.all_of(Cause(CauseKind.DEPOSIT, new_id()), (K.COLLECTED, K.DEPOSIT, 40 * scale)),
            loan.all_of(Cause(CauseKind.DEPOSIT_KEPT, new_id()), (K.DEPOSIT, K.PAYABLE, 15 * scale)),
            loan.all_of(Cause(CauseKind.DEPOSIT_RETURN, refund), (K.DEPOSIT, K.DEPOSIT_RETURNING, 25 * scale)),
            loan.all_of(Cause(CauseKind.DEPOSIT_RETURNED, refund), (K.DEPOSIT_RETURNING, K.COLLECTED, 24 * scale)),
        ):
            await post(db, each)
    return loan


async def journal(scope: LedgerScope, format: Format) -> str:
    async with reading() as db:
        return await written(db, scope, format)


async def written(db: Db, scope: LedgerScope, format: Format) -> str:
    return "".join([lines async for lines in write_journal(db, scope, format)])


def by_hledger(text: str, folder: Path) -> Sums:
    path = folder / "ledger.journal"
    path.write_text(text, "utf-8")
    words = [str(HLEDGER), "-f", str(path), "balance", "--flat", "--empty", "--no-total", "--layout=bare", "-O", "csv"]
    told = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout
    return {(row["account"], row["commodity"]): Decimal(row["balance"]) for row in csv.DictReader(io.StringIO(told))}


def by_beancount(text: str, folder: Path) -> Sums:
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            assert posting.units and posting.units.number is not None
            sums[(posting.account, posting.units.currency)] += posting.units.number
    return dict(sums)


async def by_longan(db: Db, scope: LedgerScope) -> Sums:
    rows = (await db.execute(select(LedgerAccount).where(LedgerAccount.subject_id == scope.subject_id))).scalars()
    return {
        (account_name(row.kind, row.subject_id), row.currency): Money(row.debits - row.credits, row.currency).amount
        for row in rows
    }


READERS: dict[Format, Callable[[str, Path], Sums]] = {Format.BEANCOUNT: by_beancount}
if HLEDGER:
    READERS[Format.HLEDGER] = by_hledger


@pytest.mark.parametrize(("currency", "scale"), [("CNY", 100), ("JPY", 1), ("KWD", 1000)])
async def test_whoever_reads_it_has_the_balances_of_the_ledger(currency: str, scale: int, tmp_path: Path) -> None:
    loan = await lived(currency, scale)
    scope = LedgerScope(subject_id=loan.id)
    async with reading() as db:
        ours = await by_longan(db, scope)
    assert len(ours) == 17 and ours[(f"Liabilities:DepositReturning:{str(loan.id).upper()}", currency)] == -1
    assert ours[(f"Assets:Principal:{str(loan.id).upper()}", currency)] == 1900
    for format, read in READERS.items():
        assert read(await journal(scope, format), tmp_path) == ours


@pytest.mark.parametrize("seed", range(LIVES))
async def test_and_of_a_life_with_payments_dated_back_and_too_large_and_payouts_that_failed(
    seed: int, tmp_path: Path
) -> None:
    async with rolled_back() as db:
        before = set((await db.execute(select(Agreement.id))).scalars())
        await live(db, random.Random(seed))
        (agreement_id,) = set((await db.execute(select(Agreement.id))).scalars()) - before
        scope = LedgerScope(subject_id=agreement_id)
        ours = await by_longan(db, scope)
        for format, read in READERS.items():
            assert read(await written(db, scope, format), tmp_path) == ours


async def test_a_range_of_days_has_what_was_booked_then_and_nobodys_name() -> None:
    loan = await lived("CNY", 1)
    async with reading() as db:
        today = await clock.today(db)
    whole, none = (
        LedgerScope(since=today, until=today, subject_id=loan.id),
        LedgerScope(until=today - timedelta(days=1), subject_id=loan.id),
    )
    assert await journal(none, Format.HLEDGER) == "decimal-mark .\n"
    assert str(loan.user_id) not in await journal(whole, Format.BEANCOUNT)
    first = (await journal(whole, Format.HLEDGER)).split("\n\n")[1].splitlines()
    name = str(loan.id).upper()
    assert first[0].startswith(f"{today} * (") and first[0].endswith(f"ACCEPTANCE {loan.id}  ; value:2027-01-31")
    assert first[1:] == [f"  Assets:Drawable:{name}  100.00 CNY", f"  Liabilities:Committed:{name}  -100.00 CNY"]
