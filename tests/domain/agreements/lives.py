"""What random lives of all kinds share, bad months before all: easier times, breathing spaces that may end early,
late fees that are waived. Which late fees there may be is counted by days alone, apart from the code.
"""

import random
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.actors import Role
from domain.agreements import breathing, easing, ending_breathing, hardships, waiving
from domain.agreements.agreements import Agreement
from domain.agreements.easing_terms import HardshipWish, acts_of
from domain.agreements.hardships import HardshipKind
from domain.agreements.previewing import preview_replanning
from domain.agreements.replanning import change_due_day, due_day_event
from domain.agreements.standings import AgreementStanding, standing_of
from domain.agreements.waiving import WhyWaived
from domain.money.loans import PlannedRow
from domain.people.breathing_spaces import BreathingSpace
from infra import clock
from infra.database import Db
from infra.errors import Refusal
from infra.hindsight import stand_at
from infra.ids import new_id
from tests.colleagues import COLLEAGUES
from tests.domain.agreements.loans import owner

FIRST = date(2027, 1, 1)
DAY = timedelta(days=1)
RISK = COLLEAGUES[Role.RISK]
HARD_TIMES = ("ease", "breathe", "relieve", "waive")
Days = tuple[date, date]  # both included


@dataclass
class HardTimes:
    """`spaces` are breathing spaces that count for the agreement, as they came to last; `eased` are times of less or nothing due."""

    spaces: dict[UUID, Days] = field(default_factory=dict)
    eased: list[Days] = field(default_factory=list)
    waived: set[int] = field(default_factory=set)

    async def happen(self, db: Db, agreement: Agreement, what: str, chance: random.Random) -> None:
        match what:
            case "ease":
                self.eased += await lighten(db, agreement, chance)
            case "breathe":
                await self._breathe(db, agreement, chance)
            case "relieve":
                await self._relieve(db, agreement)
            case "waive":
                await self._waive(db, agreement, chance)

    def spares(self, day: date) -> bool:
        """Whether nothing may be charged on a day."""
        return any(first <= day <= last for first, last in [*self.spaces.values(), *self.eased])

    def agree(self, standing: AgreementStanding) -> None:
        """There is a late fee of no instalment that may cost none, and none is dearer than its share."""
        fees, rate = standing.late_fees, Fraction(standing.agreement.late_fee_rate)
        rows = {row.number: row for row in standing.life.rows}
        assert {*fees} <= {*rows}
        for number, fee in fees.items():
            assert self._may_cost(rows[number], standing.on), (number, rows[number])
            due = rows[number].due.total - rows[number].due.penalties
            assert 0 < fee <= rate * due + 1 or self._gave_up(standing), (number, fee, due)
        if rate and not standing.agreement.annual_rate and not standing.agreement.fee:
            owed_whole = [row for row in rows.values() if row.due.total >= 100 and not row.paid.total]
            missing = {row.number for row in owed_whole if self._may_cost(row, standing.on)} - {*fees}
            assert not missing, "nothing is paid of it, and it costs nothing"

    def _may_cost(self, row: PlannedRow, on: date) -> bool:
        grace = {row.due_on + DAY * late for late in range(5)}
        return row.number not in self.waived and max(grace) <= on and not any(map(self.spares, grace))

    def _gave_up(self, standing: AgreementStanding) -> bool:
        return any(each.booked == "WAIVER" for each in standing.movements)

    async def _breathe(self, db: Db, agreement: Agreement, chance: random.Random) -> None:
        """It makes of the schedule what it showed, and nothing dearer."""
        first = await clock.today(db) - timedelta(days=chance.choice([0, 0, 12, 50]))
        last = first + timedelta(days=chance.choice([0, 20, 60, 90]))
        try:
            shown = await breathing.preview(db, RISK, agreement.user_id, first, last)
        except Refusal:
            return
        before = await standing_of(db, agreement)
        space = await breathing.record(db, RISK, agreement.user_id, first, last, "The court granted it.")
        if shown:
            self.spaces[space.id] = max(first, min(act.on for act in before.acts)), last
        after = (await standing_of(db, agreement)).life.rows
        spared = sum(row.due.total for row in before.life.rows) - sum(row.due.total for row in after)
        assert sum(each.amount.minor for each in shown) == max(0, spared)
        # By a cent that is rounded otherwise; or where the cap cuts less, since less is paid early.
        assert spared >= -1 or before.life.cut

    async def _relieve(self, db: Db, agreement: Agreement) -> None:
        """Ended early it changes nothing of the days until today, and spares no more than it would have."""
        open_ones = select(BreathingSpace).where(
            BreathingSpace.user_id == agreement.user_id, BreathingSpace.ended_on.is_(None)
        )
        today, before = await clock.today(db), await standing_of(db, agreement)
        for space in (await db.execute(open_ones.order_by(BreathingSpace.id))).scalars().all():
            is_running = space.until_on > today
            assert await is_taken(ending_breathing.end(db, RISK, space.id, "They wish it.")) is is_running
            if is_running and space.id in self.spaces:
                self.spaces[space.id] = self.spaces[space.id][0], today
        after = await standing_of(db, agreement)
        assert (after.life.owed, after.life.credit, after.life.accrued) == (
            before.life.owed,
            before.life.credit,
            before.life.accrued,
        )
        assert _total(after) >= _total(before) - 1 or before.life.cut

    async def _waive(self, db: Db, agreement: Agreement, chance: random.Random) -> None:
        """A fee that is charged is no more; of anything else nothing changes."""
        before = await standing_of(db, agreement)
        number = chance.choice([*before.late_fees, chance.randint(1, 3)])
        is_charged = number in before.late_fees
        waived = waiving.waive(db, RISK, agreement.id, number, WhyWaived.GOODWILL)
        assert await is_taken(waived) is (is_charged or number in self.waived)
        after = await standing_of(db, agreement)
        assert len(after.acts) == len(before.acts) + is_charged
        if is_charged:
            self.waived.add(number)
            assert _total(after) <= _total(before) or before.life.cut


async def lighten(db: Db, agreement: Agreement, chance: random.Random) -> list[Days]:
    """Another due day or an easier time, where it can be had; what it makes of the schedule is what was shown. Answers its times."""
    kind, months = chance.choice([*HardshipKind]), chance.randint(1, 7)
    wish = HardshipWish(kind, months, await clock.today(db) - timedelta(days=chance.choice([0, 0, 10, 40])))
    day, asks = chance.randint(1, 31), chance.random() < 0.6
    try:
        standing = await standing_of(db, agreement)
        events = acts_of(standing, wish) if asks else [due_day_event(standing, day)]
        shown = standing.with_more(*events)
        if asks:
            await easing.request(db, owner(agreement), agreement.id, wish, "It is a bad month.", f"key-{new_id()}")
            [*_, hardship] = await hardships.of_agreement(db, agreement)
            if hardship.status == "REQUESTED":
                await easing.answer(db, RISK, hardship.id, is_granted=chance.random() < 0.7, comment="We looked at it.")
            if hardship.status == "REFUSED":
                return []
        else:
            await change_due_day(db, owner(agreement), agreement.id, day, f"key-{new_id()}")
    except (Refusal, StopIteration):
        return []
    assert (await standing_of(db, agreement)).life.rows == shown.rows == preview_replanning(standing, events).rows
    return [(each.on, each.until) for each in events if each.until is not None]


async def at(db: Db, day: date) -> None:
    await stand_at(db, datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=5))


def earlier(standing: AgreementStanding, chance: random.Random) -> date:
    """A day before this one on which it was owed already, or its first."""
    return max(min(act.on for act in standing.acts), standing.on - timedelta(days=chance.randint(1, 40)))


async def is_taken(asked: Awaitable[Any]) -> bool:
    """False where it is refused."""
    try:
        await asked
    except Refusal:
        return False
    return True


def _total(standing: AgreementStanding) -> int:
    return sum(row.due.total for row in standing.life.rows)
