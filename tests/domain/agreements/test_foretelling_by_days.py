"""Draws of one person by a cashier that tells of one at a time, against days that are counted: none is refused, whatever falls when.

`LONGAN_LIVES=300 pytest tests/domain/agreements/test_foretelling_by_days.py` lives as many.
"""

import itertools
import os
import random
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain.agreements.agreements import Agreement
from domain.payments.cashiers import CashierAnswer, CashierOrder, MandateAnswer, MandateOrder, MandateStatus
from infra import clock as times
from infra import reacting
from infra.database import reading, transaction
from infra.money import Money
from infra.outbox import Event, EventReaction
from tests.api.people import somebody
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.loans import open_loan, pay_out
from tests.domain.agreements.test_autopay import STILL, owed, signed
from tests.domain.agreements.test_breathing import record
from tests.domain.payments.scripted import FAILED, ScriptedCashier, answered_by, paid
from tests.working import due_for

LIVES = int(os.environ.get("LONGAN_LIVES", "1"))
WAITS = timedelta(days=2)
WORKS = (  # what tells and draws; all else that reacts would take most of the time
    "tell_of_agreement",
    "foretell_after_signing",
    "foretell_draw",
    "foretell_others",
    "look_after_payment",
    "look_after_mandate",
    "end_mandate_with_agreement",
)


class TellingCashier(ScriptedCashier):
    """Tells of one draw at a time, by the day of `hands`; refuses whatever was not told in time, or of more. `broke`: how many draws find
    no money.
    """

    def __init__(self) -> None:
        super().__init__(waits=WAITS, signs_once=True)
        self.told: tuple[date, int] | None = None
        self.taken: list[tuple[date, UUID]] = []
        self.today, self.broke = date.min, 0

    async def foretell(self, reference: str, amount: Money) -> None:
        is_open = self.told is not None and self.today <= self.told[0] + WAITS + timedelta(days=6)
        assert not is_open, "what it told is to be drawn yet"
        self.told = self.today, amount.minor

    async def collect(self, order: CashierOrder) -> CashierAnswer:
        assert self.told is not None, "nobody was told"
        assert self.told[0] + WAITS <= self.today <= self.told[0] + WAITS + timedelta(days=6)
        assert order.amount.minor <= self.told[1], "more than the person was told"
        if self.broke:
            self.broke -= 1
            return FAILED
        self.told = None
        self.taken.append((self.today, order.id))
        return paid(order.amount.minor, f"R-{order.id}")

    async def look_up(self, order: CashierOrder) -> CashierAnswer | None:
        return FAILED

    async def look_up_mandate(self, mandate: MandateOrder) -> MandateAnswer | None:
        return STILL

    async def withdraw(self, mandate: MandateOrder) -> MandateAnswer:
        return MandateAnswer(MandateStatus.ENDED)


IS_TO_DO = EventReaction.reaction.in_(WORKS), EventReaction.handled_at.is_(None)


async def work_off(owner: UUID) -> None:
    while due := [each for each in await due_for(owner) if each[1] in WORKS]:
        for event_id, name in due:
            await reacting.react(event_id, name)


async def idle_days(owner: UUID, until: date | None) -> int:
    """After how many days something is to happen to them again, or it is that day."""
    async with reading() as db:
        next_on = await db.scalar(select(func.min(Agreement.next_on)).where(Agreement.user_id == owner))
        waiting = select(func.min(EventReaction.due_at)).join(Event, Event.id == EventReaction.event_id)
        due_at = await db.scalar(waiting.where(Event.user_id == owner, *IS_TO_DO))
        days = [next_on, until, times.local_day(due_at) if due_at else None]
        return max(1, (min(day for day in days if day is not None) - await times.today(db)).days)


@pytest.mark.parametrize("seed", range(LIVES))
async def test_whatever_falls_due_when_all_is_told_in_time_and_drawn_once_however_much_breathes_beside(
    seed: int, clock: Clock
) -> None:
    """One contract, up to three agreements that fall due within days of one another, and perhaps a breathing space or no money."""
    chance, mine, together = random.Random(seed), list[Agreement](), None
    async with transaction() as db:
        owner = (await somebody(db)).id
    with answered_by(cashier := TellingCashier()):
        for _ in range(chance.randint(1, 3)):
            async with transaction() as db:
                mine.append(each := await open_loan(db, months=1, rate="0", of=owner))
                await pay_out(db, each, each.amount)
                together = await signed(db, each, together)
            await clock.forward(days=chance.choice([0, 0, 1, 4]))
        cashier.broke, breathes = chance.choice([0, 0, 1]), chance.choice([0, 0, 1, 3, 12])
        begins = chance.randint(1, 12)
        await clock.forward(days=22)
        begins_on = times.local_day(await clock.now()) + timedelta(days=begins) if breathes else None
        for _ in range(40):
            async with transaction() as db:
                cashier.today = await times.today(db)
                if begins_on is not None and begins_on <= cashier.today:
                    first = await db.get_one(Agreement, (owner, mine[0].id))
                    await record(db, first, cashier.today, cashier.today + timedelta(days=breathes))
                    begins_on = None
            await day_passes(owner)
            await work_off(owner)
            if len(cashier.taken) == len(mine):
                break
            await clock.forward(days=await idle_days(owner, begins_on))
    assert len(cashier.taken) == len(mine) and [await owed(each) for each in mine] == [0] * len(mine), seed
    days = [day for day, _ in cashier.taken]
    assert all(later - earlier >= WAITS for earlier, later in itertools.pairwise(days)), days
