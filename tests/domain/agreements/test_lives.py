"""A pure model against the product: random lives of loans, in several currencies, on a real database.

`LONGAN_LIVES=10000 pytest tests/domain/agreements/test_lives.py` lives as many.
"""

import os
import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from domain.agreements import booking, quotes, statements
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.drawing import PayoutOutcome, conclude
from domain.agreements.standings import AgreementStanding, standing_of
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.ledger.transfers import transfers_of
from domain.market.products import PaymentOrder
from domain.money import lives
from domain.money.cap import costs_more, flow
from domain.money.conventions import LONGAN, Rounding
from domain.money.instalments import plan, rounding_of
from domain.money.loans import Act, Amortisation, LoanEvent, LoanTerms
from infra import clock
from infra.clock import local_moment
from infra.database import Db
from tests.domain.agreements.lives import FIRST, HARD_TIMES, HardTimes, at
from tests.domain.agreements.loans import open_loan, pay_out, repay, send
from tests.trying import rolled_back

LIVES = int(os.environ.get("LONGAN_LIVES", "24"))
EACH = 8  # in one transaction
CURRENCIES = {"CNY": 100, "JPY": 1, "BHD": 1000}
DRAWN_OF = (AgreementStatus.PENDING, AgreementStatus.ACTIVE)


@dataclass
class Model:
    """What a loan's life comes to by counting alone, without any schedule."""

    limit: int
    drawn: int = 0
    on_its_way: int = 0
    fees: int = 0
    paid: int = 0
    flows: list[tuple[int, date]] = field(default_factory=list)
    hard: HardTimes = field(default_factory=HardTimes)

    @property
    def start(self) -> date:
        return self.flows[0][1]


async def agree(db: Db, agreement: Agreement, model: Model) -> AgreementStanding:
    """Statement, ledger and schedule say the same, and no more than the model allows."""
    standing = await standing_of(db, agreement)
    balances = await balances_of(db, agreement.user_id, agreement.id)
    life = standing.life
    assert standing.unposted(await clock.now(db)) == []
    assert (balances[K.PRINCIPAL], balances[K.INTEREST], balances[K.FEES], balances[K.CREDIT]) == (
        life.owed.principal,
        life.owed.interest,
        life.owed.fees + life.owed.penalties,
        life.credit,
    )
    assert min(life.owed) >= 0 and life.credit >= 0
    model.hard.agree(standing)
    lines = statements.lines_of(standing, await clock.now(db))
    assert sum(line.amount for line in lines) == standing.outstanding - standing.credit
    assert len({line.id for line in lines}) == len(lines)
    assert balances[K.DRAWABLE] == (
        model.limit - model.drawn - model.on_its_way
        if standing.agreement.status in ("PENDING", "ACTIVE", "OVERDUE", "PAUSED")
        else 0
    )
    assert balances[K.RESERVED] == model.on_its_way
    assert balances[K.COLLECTED] == balances[K.PAYABLE] == balances[K.REPAID] == model.paid
    assert balances[K.LENT] == model.drawn - model.fees - given_up(standing, K.LENT, await transfers(db, agreement))
    planned = sum(row.due.principal for row in life.rows)
    assert 0 <= model.drawn - waived_principal(standing) - planned <= life.cut
    open_parts = sum(row.outstanding for row in life.rows if row.due_on <= standing.on)
    assert open_parts <= life.owed.total + life.accrued
    return standing


async def transfers(db: Db, agreement: Agreement) -> list[tuple[K, K, int]]:
    return [(each.debit, each.credit, each.amount) for each in await transfers_of(db, agreement.user_id, agreement.id)]


def given_up(standing: AgreementStanding, account: K, moved: list[tuple[K, K, int]]) -> int:
    return sum(amount for debit, credit, amount in moved if debit is account and credit is K.PRINCIPAL)


def waived_principal(standing: AgreementStanding) -> int:
    return sum(-each.principal for each in standing.movements if each.booked == "WAIVER")


async def live(db: Db, chance: random.Random) -> AgreementStatus:
    currency = chance.choice([*CURRENCIES])
    unit = CURRENCIES[currency]
    amount, months = chance.randint(50, 3_000) * unit, chance.choice([1, 3, 6, 12, 24])
    rate = chance.choice(["0", "0.048", "0.12", "0.2139", "0.24"])
    fee = amount * chance.choice([0, 0, 1, 2]) // 100
    day = FIRST + timedelta(days=chance.randint(0, 800))
    await at(db, day)
    agreement = await open_loan(
        db,
        amount,
        months=months,
        rate=rate,
        fee=fee,
        currency=currency,
        amortisation=chance.choice([Amortisation.EQUAL, Amortisation.EQUAL, Amortisation.INTEREST_ONLY]),
        payment_order=chance.choice([*PaymentOrder]),
        late_fee_rate=chance.choice(["0", "0.02", "0.05"]),
    )
    model = Model(amount)
    for _ in range(chance.randint(3, 9)):
        await step(db, agreement, model, chance)
        standing = await agree(db, agreement, model)
        if agreement.status is AgreementStatus.SETTLED:
            break
        day += timedelta(days=chance.choice([0, 1, 3, 15, 28, 30, 31, 45]))
        await at(db, day)
        await booking.accrue(db, agreement)
    if agreement.status in OWING:
        standing = await standing_of(db, agreement)
        quote = quotes.quote(standing)
        assert quote is not None
        opened, credit = quotes.opened(quote.token), standing.credit
        assert opened == quote.quoted and not quotes.is_stale(opened, standing)
        await pay(db, agreement, model, quote.quoted.amount)
        standing = await agree(db, agreement, model)
        assert quotes.is_stale(opened, standing)
        assert (standing.outstanding, standing.credit, standing.life.accrued) == (0, credit, 0)
        assert agreement.status is (AgreementStatus.SETTLED if not model.on_its_way else AgreementStatus.ACTIVE)
        # What was paid too much is still theirs.
        kept = [(-each.credit, each.on) for each in standing.life.bookings if each.credit and each.kind == "REPAYMENT"]
        flows = [flow(minor, model.start, on) for minor, on in [*model.flows, *kept]]
        assert not costs_more(flows, Decimal("0.24")), "all told, it cost more than the law allows"
    return agreement.status


async def step(db: Db, agreement: Agreement, model: Model, chance: random.Random) -> None:
    left = model.limit - model.drawn - model.on_its_way
    on = await clock.today(db)
    what = (
        chance.choice(["draw", "draw", "fail", "repay", "early", "over", "back", "ease", *HARD_TIMES])
        if model.drawn
        else "draw"
    )
    standing = await standing_of(db, agreement)
    may_draw = left > 0 and (standing.ends_on is None or on < standing.ends_on)
    if what in HARD_TIMES:
        await model.hard.happen(db, agreement, what, chance)
    elif what in ("draw", "fail") and may_draw and agreement.status in DRAWN_OF:
        amount = left if chance.random() < 0.4 else chance.randint(1, left)
        if what == "fail":
            await pay_out(db, agreement, amount, PayoutOutcome.FAILED)
            return
        drawn = await pay_out(db, agreement, amount)
        model.drawn += amount
        model.fees += drawn.withheld
        model.flows.append((drawn.withheld - amount, on))
    elif what in ("repay", "early", "over", "back") and standing.outstanding:
        due = standing.life.next_due
        owed = standing.outstanding + standing.life.accrued
        amounts = {
            "repay": due.outstanding if due else owed,
            "early": chance.randint(1, owed),
            "over": owed,
            "back": chance.randint(1, owed),
        }
        earlier = max(model.start, on - timedelta(days=chance.randint(1, 40))) if what == "back" else on
        await pay(db, agreement, model, max(1, amounts[what]), on=earlier)


async def pay(db: Db, agreement: Agreement, model: Model, amount: int, on: date | None = None) -> None:
    await repay(db, agreement, amount, on=on)
    model.paid += amount
    model.flows.append((amount, on or await clock.today(db)))


@pytest.mark.parametrize("batch", range(max(1, LIVES // EACH)))
async def test_statement_ledger_and_schedule_agree_whatever_happens(batch: int) -> None:
    ended: list[AgreementStatus] = []
    async with rolled_back() as db:
        for number in range(EACH):
            ended.append(await live(db, random.Random(batch * EACH + number)))
    assert len(ended) == EACH


async def test_what_is_on_its_way_keeps_an_agreement_open() -> None:
    async with rolled_back() as db:
        await at(db, FIRST)
        agreement = await open_loan(db, 1_000_00)
        await pay_out(db, agreement, 400_00)
        drawn = await send(db, agreement, 100_00)
        standing = await repay(db, agreement, 400_00)
        assert (agreement.status, standing.outstanding, standing.drawable) == ("ACTIVE", 0, 500_00)
        await conclude(db, agreement.user_id, drawn.id, PayoutOutcome.FAILED, None)
        assert agreement.status == "SETTLED"
        assert (await standing_of(db, agreement)).drawable == 0


async def test_a_day_late_is_late_and_paid_is_not() -> None:
    async with rolled_back() as db:
        await at(db, date(2027, 1, 31))
        agreement = await open_loan(db, 1_200_00)
        await pay_out(db, agreement, 1_200_00)
        assert agreement.overdue_at == local_moment(date(2027, 3, 1), datetime.min.time())
        await at(db, date(2027, 2, 28))
        standing = await booking.accrue(db, agreement)
        assert (agreement.status, standing.overdue_days, standing.outstanding) == ("ACTIVE", 0, 1_212_00)
        await at(db, date(2027, 3, 1))
        standing = await booking.accrue(db, agreement)
        assert (agreement.status, standing.overdue_days) == ("OVERDUE", 1)
        due = standing.life.next_due
        assert due is not None and due.due_on == date(2027, 2, 28)
        standing = await repay(db, agreement, due.outstanding)
        assert (agreement.status, standing.overdue_days) == ("ACTIVE", 0)
        assert agreement.overdue_at == local_moment(date(2027, 4, 1), datetime.min.time())


@pytest.mark.parametrize("rounding", [Rounding.HALF_UP, Rounding.DOWN])
def test_what_is_drawn_at_once_is_owed_as_it_was_offered(rounding: Rounding) -> None:
    chance = random.Random(7)
    for _ in range(60):
        amount, months = chance.randint(100_00, 50_000_00), chance.choice([1, 3, 6, 12, 24, 36])
        rate = Decimal(chance.choice(["0", "0.036", "0.1439", "0.24"]))
        offered = plan(amount, rate, months, rounding)
        terms = LoanTerms(rate, months, convention=replace(LONGAN, rounding=rounding_of(offered, rate)))
        day = FIRST + timedelta(days=chance.randint(0, 1500))
        rows = lives.plan(terms, [LoanEvent(Act.ADVANCE, day, amount)])
        assert [(row.due.total, row.due.principal, row.due.interest) for row in rows] == [
            (row.due, row.principal, row.interest) for row in offered
        ]
