"""Random lives of goods against a model that only counts: delivered, paid, returned in part, refused, taken back, late,
and made lighter in bad months.

`LONGAN_LIVES=10000 pytest tests/domain/agreements/test_lives_of_goods.py` lives as many.
"""

import os
import random
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from domain.actors import PartnerActor
from domain.agreements import booking, delivering, returning, statements
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.standings import AgreementStanding, standing_of
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.market.kinds import ProductKind
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.money import Money
from tests.domain.agreements.lives import FIRST, HARD_TIMES, HardTimes, at, earlier
from tests.domain.agreements.loans import open_loan, owner, repay
from tests.trying import rolled_back

LIVES = int(os.environ.get("LONGAN_LIVES", "24"))
EACH = 8  # in one transaction
STEPS = [*"confirm report pay pay over back return return take part refuse ease".split(), *HARD_TIMES]
Status = AgreementStatus


@dataclass
class Model:
    """What a life of goods comes to by counting alone."""

    price: int
    fee: int
    delivered: int = 0
    returned: int = 0
    fee_returned: int = 0
    paid: int = 0
    hard: HardTimes = field(default_factory=HardTimes)

    def cost(self, delivered_on: date) -> int:
        """Of the goods themselves, without interest; on a day that is spared no fee is charged."""
        fee = 0 if self.hard.spares(delivered_on) else self.fee - self.fee_returned
        return self.delivered * (self.price - self.returned + fee)


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
    cost = model.cost(min((act.on for act in standing.acts), default=standing.on)) + sum(standing.late_fees.values())
    given_up = -sum(each.parts.total - each.parts.interest for each in life.bookings if each.kind == "WAIVER")
    assert balances[K.LENT] + balances[K.FEES_EARNED] == cost - given_up
    if not given_up:
        assert balances[K.LENT] == model.delivered * (model.price - model.returned)
    assert balances[K.COLLECTED] == balances[K.PAYABLE] == balances[K.REPAID] == model.paid
    assert life.owed.total - life.credit == cost - given_up + balances[K.INTEREST_EARNED] - model.paid
    lines = statements.lines_of(standing, await clock.now(db))
    assert sum(line.amount for line in lines) == life.owed.total - life.credit
    is_waiting = model.delivered or agreement.status is Status.UNWOUND
    assert balances[K.DRAWABLE] == (0 if is_waiting else model.price)
    if agreement.status is Status.UNWOUND and model.delivered:
        assert (life.owed.total, balances[K.INTEREST_EARNED], life.credit) == (0, 0, model.paid)
    if agreement.status in OWING:
        assert (agreement.status is Status.OVERDUE) is any(
            row.outstanding and row.due_on < standing.on for row in life.rows
        )
    return standing


async def live(db: Db, chance: random.Random) -> AgreementStatus:
    day = FIRST + timedelta(days=chance.randint(0, 800))
    await at(db, day)
    price = chance.randint(100_00, 9_000_00)
    fee = price * chance.choice([0, 0, 2]) // 100
    rate, months = chance.choice(["0", "0.096", "0.18"]), chance.choice([1, 3, 6, 12])
    late = chance.choice(["0", "0.02", "0.05"])
    kind = ProductKind.ELECTRONICS
    agreement = await open_loan(db, price, months=months, rate=rate, fee=fee, kind=kind, late_fee_rate=late)
    model = Model(price, fee)
    shop = PartnerActor(agreement.partner_id, "a shop")
    for _ in range(chance.randint(4, 10)):
        await step(db, agreement, model, shop, chance)
        standing = await agree(db, agreement, model)
        if agreement.status in (Status.SETTLED, Status.UNWOUND):
            break
        day += timedelta(days=chance.choice([0, 1, 2, 5, 8, 30, 31]))
        await at(db, day)
        await booking.accrue(db, agreement)
    if agreement.status in OWING:
        standing = await standing_of(db, agreement)
        owed = standing.payoff(standing.on)
        if owed is not None:
            await pay(db, agreement, model, owed.amount)
        await at(db, day + timedelta(days=9))
        await booking.accrue(db, agreement)
        standing = await agree(db, agreement, model)
        assert (agreement.status, standing.outstanding) == (Status.SETTLED, 0)
    return agreement.status


async def step(db: Db, agreement: Agreement, model: Model, shop: PartnerActor, chance: random.Random) -> None:
    who, key = owner(agreement), str(new_id())
    match chance.choice(STEPS):
        case "confirm":
            await delivering.confirm(db, who, agreement.id)
            model.delivered = 1
        case "report" if agreement.status is Status.PENDING:
            now = await clock.now(db)
            await is_taken(delivering.report(db, shop, agreement.id, now, None, key))
        case "pay" | "over" | "back" as how if agreement.status in (*OWING, Status.RETURNING) and model.delivered:
            standing = await standing_of(db, agreement)
            owed = standing.outstanding + standing.life.accrued
            on = earlier(standing, chance) if how == "back" else standing.on
            await pay(db, agreement, model, owed + 1_00 if how == "over" else chance.randint(1, max(1, owed)), on)
        case "return" if agreement.status is not Status.RETURNING:
            if await is_taken(returning.ask(db, who, agreement.id, "It does not fit.", key)):
                model.delivered = 1
        case "take" | "part" as how if agreement.status is Status.RETURNING:
            left = model.price - model.returned
            amount = left if how == "take" else chance.randint(1, left)
            fee = (model.fee - model.fee_returned) * amount // left
            wanted = None if how == "take" else Money(amount, agreement.currency)
            await returning.take_back(db, shop, agreement.id, wanted, key)
            model.returned, model.fee_returned = model.returned + amount, model.fee_returned + fee
        case what if what in HARD_TIMES:
            await model.hard.happen(db, agreement, what, chance)
        case "refuse" if agreement.status is Status.RETURNING:
            await returning.refuse(db, shop, agreement.id, "It was used.", key)


def assert_known(refusal: Refusal) -> None:
    assert refusal.code in (RefusalCode.NOT_OPEN, RefusalCode.STALE), refusal


async def is_taken(asked: Awaitable[Agreement]) -> bool:
    """False where it is refused as what cannot be returned now or was reported before, which has left nothing behind."""
    try:
        await asked
    except Refusal as refusal:
        assert_known(refusal)
        return False
    return True


async def pay(db: Db, agreement: Agreement, model: Model, amount: int, on: date | None = None) -> None:
    await repay(db, agreement, amount, on=on)
    model.paid += amount


@pytest.mark.parametrize("batch", range(max(1, LIVES // EACH)))
async def test_whatever_happens_to_goods_all_that_is_told_of_them_agrees(batch: int) -> None:
    ended: list[AgreementStatus] = []
    async with rolled_back() as db:
        for number in range(EACH):
            ended.append(await live(db, random.Random(batch * EACH + number)))
    assert len(ended) == EACH
