"""Lives of ledgers by chance, beside a model in plain Python: each post is taken or refused by both, for a reason both know.

`LONGAN_LEDGERS=2000 pytest tests/domain/ledger/test_model.py` lives as many.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from domain.ledger.accounts import balances_of
from domain.ledger.checking import LedgerScope, check
from domain.ledger.kinds import AccountKind
from domain.ledger.posting import NotPosted, post
from domain.ledger.transfers import Cause, CauseKind, Transfer, reversal, transfers_of
from infra.database import Db
from infra.ids import new_id
from tests.domain.ledger.books import DAY, Loan
from tests.trying import rolled_back

LIVES, STEPS, EACH = int(os.environ.get("LONGAN_LEDGERS", "12")), 30, 4
# Written apart from the table of kinds: which side each grows on, and what stands against falling below zero.
GROWS = {
    **dict.fromkeys(("PRINCIPAL", "INTEREST", "FEES", "RENT"), (1, "ck_ledger_accounts_debt")),
    **dict.fromkeys(("DRAWABLE", "RESERVED"), (1, "ck_ledger_accounts_limit")),
    "REPAID": (1, "ck_ledger_accounts_counter"),
    "COLLECTED": (1, None),
    **dict.fromkeys(("REMITTED", "BENEFITS"), (1, None)),
    **dict.fromkeys(("PAYABLE", "BENEFITS_OWED", "PLANS_SOLD"), (-1, None)),
    **dict.fromkeys(("CREDIT", "DEPOSIT", "DEPOSIT_RETURNING", "UNMATCHED"), (-1, "ck_ledger_accounts_credit")),
    **dict.fromkeys(("LENT", "INTEREST_EARNED", "FEES_EARNED", "RENT_EARNED"), (-1, "ck_ledger_accounts_counter")),
    **dict.fromkeys(("COMMISSION", "COMMITTED"), (-1, "ck_ledger_accounts_counter")),
}
KINDS = list(AccountKind)


@dataclass
class Model:
    """What stands, of all loans; `net` is debits less credits by loan and account."""

    net: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    currencies: dict[tuple[UUID, str], str] = field(default_factory=dict)
    posted: list[Transfer] = field(default_factory=list)
    causes: set[tuple[UUID, Cause]] = field(default_factory=set)
    taken_back: set[UUID] = field(default_factory=set)

    def faults(self, transfers: Sequence[Transfer]) -> set[str]:
        """All that stands against these."""
        after, found = self.net.copy(), set[str]()
        currencies, taken_back = dict(self.currencies), set(self.taken_back)
        known = {each.id: each for each in [*self.posted, *transfers]}
        for each in transfers:
            after[(each.subject_id, each.debit)] += each.amount
            after[(each.subject_id, each.credit)] -= each.amount
            if (each.user_id, each.cause) in self.causes:
                found.add("uq_transfers_once")
            for side in ("debit", "credit"):
                account = each.subject_id, getattr(each, side)
                if currencies.setdefault(account, each.currency) != each.currency:
                    found.add("fk_transfers")
            if each.reverses is not None:
                found |= self._faults_of_reversal(each, known, taken_back)
                taken_back.add(each.reverses)
        for (_, kind), net in after.items():
            sign, rule = GROWS[kind]
            if rule and sign * net < 0:
                found.add(rule)
        return found

    def _faults_of_reversal(self, back: Transfer, known: dict[UUID, Transfer], taken_back: set[UUID]) -> set[str]:
        of = known[back.reverses] if back.reverses else None
        found = {"ix_transfers_reversed_once"} if back.reverses in taken_back else set()
        same = of is not None and (of.debit, of.credit, of.amount) == (back.credit, back.debit, back.amount)
        return found if same and of is not None and of.reverses is None else found | {"ck_transfers_reversal"}

    def take(self, transfers: Sequence[Transfer]) -> None:
        for each in transfers:
            self.net[(each.subject_id, each.debit)] += each.amount
            self.net[(each.subject_id, each.credit)] -= each.amount
            self.currencies.setdefault((each.subject_id, each.debit), each.currency)
            self.currencies.setdefault((each.subject_id, each.credit), each.currency)
            self.causes.add((each.user_id, each.cause))
            self.taken_back |= {each.reverses} if each.reverses else set()
        self.posted += transfers


def wish(chance: Random, loans: Sequence[Loan], model: Model) -> list[Transfer]:
    """What somebody might post: mostly of one loan, now and then again, taken back, or in another currency."""
    loan = chance.choice(loans)
    old = [each.cause for each in model.posted if each.user_id == loan.user_id]
    cause = chance.choice(old) if old and chance.random() < 0.1 else Cause(CauseKind.CORRECTION, new_id())
    if model.posted and chance.random() < 0.25:
        back = [reversal(each, Cause(CauseKind.REPLAY, new_id())) for each in chance.sample(model.posted, 1)]
        back[0].amount += chance.random() < 0.1
        return back
    wished = [move(chance, loan, cause) for _ in range(chance.randint(1, EACH))]
    if chance.random() < 0.2:
        wished += [move(chance, each, Cause(CauseKind.FEE, new_id())) for each in chance.sample(loans, 1)]
    if chance.random() < 0.05:
        wished[-1].currency = "KWD"
    return wished


def move(chance: Random, loan: Loan, cause: Cause) -> Transfer:
    """More often than not from an account that falls by giving to one that grows by taking."""
    debit, credit = chance.sample(KINDS, 2)
    if chance.random() < 0.7:
        debit, credit = sorted((debit, credit), key=lambda kind: -GROWS[kind][0])
    on = DAY - timedelta(days=chance.randint(0, 40))
    return loan.transfer(debit, credit, chance.randint(1, 9), cause, on)


async def answer(db: Db, transfers: Sequence[Transfer]) -> str | None:
    """What stood against them; None where they were posted."""
    try:
        async with db.begin_nested():
            await post(db, transfers)
    except NotPosted as refused:
        return refused.constraint
    except IntegrityError as error:
        constraint = str(getattr(error.orig.__cause__, "constraint_name", None)) if error.orig else ""
        return "fk_transfers" if constraint.startswith("fk_transfers_") else constraint
    return None


@pytest.mark.parametrize("seed", range(max(1, LIVES // 4)))
async def test_the_database_takes_and_refuses_what_the_model_does(seed: int) -> None:
    chance = Random(seed)
    for _ in range(4):
        async with rolled_back() as db:
            await live(db, chance)


async def live(db: Db, chance: Random) -> None:
    model, person = Model(), new_id()
    loans = [Loan("CNY", user_id=person), Loan("JPY", user_id=person), Loan("CNY")]
    for _ in range(STEPS):
        wished = wish(chance, loans, model)
        faults, said = model.faults(wished), await answer(db, wished)
        assert (said in faults) if faults else (said is None), (said, faults)
        if not faults:
            model.take(wished)
    for loan in loans:
        now = await balances_of(db, loan.user_id, loan.id)
        assert {kind: now[kind] for kind in KINDS} == {
            kind: GROWS[kind][0] * model.net[loan.id, kind] for kind in KINDS
        }
        assert sum(model.net[loan.id, kind] for kind in KINDS) == 0
        there = {each.id for each in await transfers_of(db, loan.user_id, loan.id)}
        assert there == {each.id for each in model.posted if each.subject_id == loan.id}
        found = {each.name for each in (await check(db, LedgerScope(subject_id=loan.id))).faults}
        assert found <= {"CURRENCIES"}  # an account of another currency is one thing that only checking tells
