"""Random lives of treatments against a model that only counts: confirmed part by part, paid, given up, late, made lighter.

`LONGAN_LIVES=10000 pytest tests/domain/agreements/test_lives_of_treatments.py` lives as many.
"""

import os
import random
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.actors import PartnerActor
from domain.agreements import booking, statements, treating
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.standings import AgreementStanding, standing_of
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.market.kinds import ProductKind
from domain.money.cap import costs_more, flow
from infra import clock
from infra.database import Db
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from tests.domain.agreements.lives import FIRST, HARD_TIMES, HardTimes, at, earlier
from tests.domain.agreements.loans import open_loan, owner, repay
from tests.trying import rolled_back

LIVES = int(os.environ.get("LONGAN_LIVES", "24"))
EACH = 8  # in one transaction
STEPS = [*"treat treat treat pay pay over back cancel ease".split(), *HARD_TIMES]
OVER = (AgreementStatus.SETTLED, AgreementStatus.UNWOUND)


@dataclass
class Model:
    """What a treatment comes to by counting alone; `price` and `fee` are of all of it, as it was booked."""

    price: int
    fee: int
    treated: int = 0
    is_cancelled: bool = False
    flows: list[tuple[int, date]] = field(default_factory=list)
    hard: HardTimes = field(default_factory=HardTimes)

    @property
    def paid(self) -> int:
        return sum(minor for minor, _ in self.flows if minor > 0)

    @property
    def untreated(self) -> int:
        return 0 if self.is_cancelled else self.price - self.treated

    @property
    def fees(self) -> int:
        return self.fee * self.treated // self.price


async def agree(db: Db, agreement: Agreement, model: Model) -> AgreementStanding:
    standing = await standing_of(db, agreement)
    balances, life = await balances_of(db, agreement.user_id, agreement.id), standing.life
    assert standing.unposted(await clock.now(db)) == []
    assert (balances[K.PRINCIPAL], balances[K.INTEREST], balances[K.FEES], balances[K.CREDIT]) == (
        life.owed.principal,
        life.owed.interest,
        life.owed.fees + life.owed.penalties,
        life.credit,
    )
    assert min(life.owed) >= 0 and life.credit >= 0
    model.hard.agree(standing)
    given_up = -sum(each.parts.total - each.parts.interest for each in life.bookings if each.kind == "WAIVER")
    charged = sum(each.parts.fees for each in life.bookings if each.kind == "FEE")
    assert 0 <= charged <= model.fees, "what would go beyond the cap is not charged"
    cost = model.treated + charged + sum(standing.late_fees.values()) - given_up
    assert balances[K.LENT] + balances[K.FEES_EARNED] == cost
    assert life.owed.total - life.credit == cost + balances[K.INTEREST_EARNED] - model.paid
    assert balances[K.COLLECTED] == balances[K.PAYABLE] == balances[K.REPAID] == model.paid
    assert balances[K.DRAWABLE] == balances[K.COMMITTED] == (0 if agreement.status in OVER else model.untreated)
    lines = statements.lines_of(standing, await clock.now(db))
    assert sum(line.amount for line in lines) == life.owed.total - life.credit
    if agreement.status in OWING:
        is_late = any(row.outstanding and row.due_on < standing.on for row in life.rows)
        assert (agreement.status is AgreementStatus.OVERDUE) is is_late
    return standing


async def live(db: Db, chance: random.Random) -> AgreementStatus:
    day = FIRST + timedelta(days=chance.randint(0, 800))
    await at(db, day)
    price = chance.randint(100_00, 9_000_00)
    fee = price * chance.choice([0, 0, 3]) // 100
    rate, months = chance.choice(["0", "0.096", "0.24"]), chance.choice([1, 3, 6, 12])
    late = chance.choice(["0", "0.02", "0.05"])
    kind = ProductKind.AESTHETICS
    agreement = await open_loan(db, price, months=months, rate=rate, fee=fee, kind=kind, late_fee_rate=late)
    model = Model(price, fee)
    for _ in range(chance.randint(4, 10)):
        await step(db, agreement, model, chance)
        await agree(db, agreement, model)
        if agreement.status in OVER:
            return agreement.status
        day += timedelta(days=chance.choice([0, 1, 5, 20, 30, 31]))
        await at(db, day)
        await booking.accrue(db, agreement)
    if agreement.status in OWING:
        await end(db, agreement, model)
    return agreement.status


async def end(db: Db, agreement: Agreement, model: Model) -> None:
    """All that is owed is paid; then it is over at once where nothing more can be treated, and else with its last day."""
    standing = await standing_of(db, agreement)
    if (owed := standing.payoff(standing.on)) is not None:
        await pay(db, agreement, model, owed.amount)
    standing = await agree(db, agreement, model)
    assert standing.outstanding == 0
    if model.untreated and standing.ends_on is not None and standing.on < standing.ends_on:
        assert agreement.status in OWING
        await at(db, standing.ends_on)
        await booking.accrue(db, agreement)
        await agree(db, agreement, model)
    assert agreement.status is AgreementStatus.SETTLED
    kept = [(-each.credit, each.on) for each in standing.life.bookings if each.credit and each.kind == "REPAYMENT"]
    flows = [*model.flows, *kept]
    assert not costs_more([flow(minor, flows[0][1], on) for minor, on in flows], Decimal("0.24"))


async def step(db: Db, agreement: Agreement, model: Model, chance: random.Random) -> None:
    clinic, key = PartnerActor(agreement.partner_id, "a clinic"), str(new_id())
    match chance.choice(STEPS):
        case "treat" if model.untreated:
            amount = model.untreated if chance.random() < 0.3 else chance.randint(1, model.untreated)
            wanted = Money(amount, agreement.currency)
            if await is_taken(db, agreement, treating.confirm(db, clinic, agreement.id, wanted, None, key)):
                model.treated += amount
                model.flows.append((-amount, await clock.today(db)))
        case "pay" | "over" | "back" as how if agreement.status in OWING:
            standing = await standing_of(db, agreement)
            owed = standing.outstanding + standing.life.accrued
            on = earlier(standing, chance) if how == "back" else standing.on
            await pay(db, agreement, model, owed + 1_00 if how == "over" else chance.randint(1, max(1, owed)), on)
        case "cancel":
            cancelled = treating.cancel(db, owner(agreement), agreement.id, "I moved.", key)
            model.is_cancelled = await is_taken(db, agreement, cancelled) or model.is_cancelled
        case what if what in HARD_TIMES:
            await model.hard.happen(db, agreement, what, chance)


async def is_taken(db: Db, agreement: Agreement, asked: Awaitable[Agreement]) -> bool:
    """False where nothing more can be treated or given up, which has left nothing behind."""
    standing = await standing_of(db, agreement)
    before, is_over = len(standing.acts), standing.ends_on is not None and standing.on >= standing.ends_on
    try:
        await asked
    except Refusal as refusal:
        code = refusal.code
    else:
        return True
    treated = sum(act.amount for act in standing.acts if act.kind == "ADVANCE")
    assert code == "NOT_OPEN" and (is_over or standing.agreement.amount == treated)
    assert len((await standing_of(db, agreement)).acts) == before
    return False


async def pay(db: Db, agreement: Agreement, model: Model, amount: int, on: date | None = None) -> None:
    await repay(db, agreement, amount, on=on)
    model.flows.append((amount, on or await clock.today(db)))


@pytest.mark.parametrize("batch", range(max(1, LIVES // EACH)))
async def test_whatever_happens_to_a_treatment_all_that_is_told_of_it_agrees(batch: int) -> None:
    ended: list[AgreementStatus] = []
    async with rolled_back() as db:
        for number in range(EACH):
            ended.append(await live(db, random.Random(batch * EACH + number)))
    assert len(ended) == EACH
