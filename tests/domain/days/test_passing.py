"""A day against a pure model: whoever lets it pass, how often and how late, the same rows are left behind, of every kind.

`LONGAN_LIVES=1000 pytest tests/domain/days` passes days through as many random books.
"""

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from domain.agreements import agreements, booking, posting
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.coming import BUCKETS
from domain.agreements.movements import Movement
from domain.agreements.standings import standing_of
from domain.agreements.statements import lines_of
from domain.days import passing
from domain.days.days import DayRange
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.ledger.transfers import Transfer
from domain.market.kinds import ProductKind
from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.outbox import Event
from tests.days import begin_day, pass_days, pass_days_until
from tests.domain.agreements.begun import begin
from tests.domain.agreements.loans import open_loan, pay_out, repay
from tests.statements import statements
from tests.trying import rolled_back

BOOKS = int(os.environ.get("LONGAN_LIVES", "4"))
FIRSTS = [
    date(2027, 1, 31),
    date(2028, 1, 29),
    date(2028, 1, 31),
    date(2027, 12, 30),
]  # before a short and a leap month
LENGTH = 75


@dataclass(frozen=True)
class Plan:
    """What people do of a book, by the place of the day; nothing of it depends on who lets days pass."""

    first: date
    terms: Sequence[dict[str, Any]]  # of an agreement of each kind
    payments: Sequence[tuple[int, int, float]]  # on which day, to which of them, how much of what it was for


def planned(seed: int) -> Plan:
    chance = random.Random(seed)
    terms = [
        {
            "kind": kind,
            "amount": chance.randint(50, 3_000) * 100,
            "months": chance.choice([1, 2, 3, 12]),
            "rate": chance.choice(["0", "0.12", "0.2139"]),
            "late_fee_rate": chance.choice(["0", "0.05"]),
        }
        for kind in ProductKind
    ]
    payments = [
        (chance.randrange(LENGTH), chance.randrange(4), chance.choice([0.05, 0.3, 1.5]))
        for _ in range(chance.randint(1, 5))
    ]
    return Plan(FIRSTS[seed % len(FIRSTS)], terms, sorted(payments))


async def lived(plan: Plan, passes: Sequence[int]) -> list[Any]:
    """All rows of a book after its days, of which these let a day pass; a number that is there twice lets it pass twice."""
    async with rolled_back() as db:
        await begin_day(db, plan.first)
        book = [
            *[await begin(db, **terms) for terms in plan.terms],
            await open_loan(db),
        ]  # nothing is drawn of the last one
        people = [each.user_id for each in book]
        for place in range(1, LENGTH + 1):
            await begin_day(db, plan.first + timedelta(days=place))
            for _ in range(passes.count(place)):
                await passing.pass_for(db, people)
            for on, which, share in plan.payments:
                if on == place and await is_owing(db, book[which]):
                    await repay(db, book[which], max(1, int(book[which].amount * share)))
        await passing.pass_for(db, people)
        for agreement in book:
            await agrees(db, agreement)
        return [await rows_of(db, agreement) for agreement in book]


async def is_owing(db: Db, agreement: Agreement) -> bool:
    """Whether it is not over by today, also where no day came that says so."""
    return agreement.status in agreements.OWING and not (await standing_of(db, agreement)).is_settled


async def agrees(db: Db, agreement: Agreement) -> None:
    """With a life that was worked out of what happened, and counted days."""
    standing, today = await standing_of(db, agreement), await clock.today(db)
    life = standing.kind.live(agreement, standing.events, today)
    assert standing.unposted(await clock.now(db)) == []
    balances = await balances_of(db, agreement.user_id, agreement.id)
    owed = (life.owed.principal, life.owed.interest, life.owed.penalties)
    assert (balances[standing.kind.books.owed], balances[K.INTEREST], balances[K.FEES]) == owed
    unpaid = [row.due_on for row in life.rows if row.outstanding]
    late = (today - unpaid[0]).days if unpaid else 0
    assert agreement.bucket == max((each for each in BUCKETS if each <= late), default=0)
    assert (agreement.status is AgreementStatus.OVERDUE) == (late > 0)
    assert agreement.next_on is None or agreement.next_on > today
    if agreement.status in agreements.OWING:
        days = [row.due_on for row in life.rows] + [
            first + timedelta(days=each) for first in unpaid[:1] for each in BUCKETS
        ]
        next_on = agreement.next_on
        assert next_on is not None and next_on <= min((day for day in days if day > today), default=next_on)


async def rows_of(db: Db, agreement: Agreement) -> Any:
    """Everything but ids and the times at which it was written down."""
    # By day: of what one booking makes good of many days, what adds comes first.
    lines = sorted(
        await _rows(db, Movement, Movement.place, Movement.agreement_id == agreement.id), key=lambda line: line.on
    )
    money = await _rows(db, Transfer, Transfer.value_on, Transfer.subject_id == agreement.id)
    told = select(Event.name, func.count()).where(Event.subject_id == agreement.id).group_by(Event.name)
    return (
        [(each.kind, each.booked, each.on, [*each.parts], each.credit, each.number) for each in lines],
        sorted((each.debit, each.credit, each.amount, each.cause_kind, each.value_on) for each in money),
        (agreement.status, agreement.bucket, agreement.next_on, agreement.overdue_at),
        sorted((name, number) for name, number in await db.execute(told)),
    )


async def _rows(db: Db, kind: type[Any], order: Any, its: Any) -> Sequence[Any]:
    return (await db.execute(select(kind).where(its).order_by(order))).scalars().all()


@pytest.mark.parametrize("seed", range(BOOKS))
async def test_the_same_rows_are_left_whoever_lets_days_pass(seed: int) -> None:
    plan, chance = planned(seed), random.Random(seed)
    every = [*range(1, LENGTH + 1)]
    wanted = await lived(plan, every)
    twice = [*every, *(place for place in every if chance.random() < 0.3)]
    late = [place for place in every if place % 4 == 0]  # three days' outage, again and again
    never: list[int] = []
    for passes in (twice, late, never):
        assert _without_moods(await lived(plan, passes)) == _without_moods(wanted)


def _without_moods(rows: list[Any]) -> list[Any]:
    """Whoever paid before anybody looked was never told that it is due, or late; all else is the same."""
    moods = {agreements.OVERDUE, agreements.FELL_BEHIND, agreements.DUE_SOON}
    return [(*rest, [each for each in told if each[0] not in moods]) for *rest, told in rows]


async def test_a_day_late_is_told_once_and_each_bucket_on_its_day() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2028, 1, 31))
        agreement = await open_loan(db, months=1)
        await pay_out(db, agreement, 1_200_00)
        reached: list[tuple[date, int]] = []
        for _ in range(29 + 95):
            before = agreement.bucket
            await pass_days(db, 1, agreement.user_id)
            if agreement.bucket != before:
                reached.append((await clock.today(db), agreement.bucket))
        due = date(2028, 2, 29)
        assert reached == [(due + timedelta(days=each), each) for each in BUCKETS]
        told = select(Event.data).where(Event.subject_id == agreement.id, Event.name == agreements.FELL_BEHIND)
        days = [data["days"] for data in (await db.execute(told.order_by(Event.position))).scalars()]
        assert days == [*BUCKETS]
        late = select(func.count()).where(Event.subject_id == agreement.id, Event.name == agreements.OVERDUE)
        assert (await db.execute(late)).scalar_one() == 1


async def test_a_late_fee_is_booked_and_told_once_on_the_fourth_day_after_the_due_one() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 31))
        agreement = await open_loan(db, late_fee_rate="0.05")
        await pay_out(db, agreement, 1_200_00)
        charged: list[tuple[date, int]] = []
        for _ in range(28 + 10):
            before = (await standing_of(db, agreement)).life.owed.penalties
            await pass_days(db, 1, agreement.user_id)
            after = await standing_of(db, agreement)
            if after.life.owed.penalties != before:
                charged.append((after.on, after.life.owed.penalties))
        assert charged == [(date(2027, 3, 4), 5_33)], "5 % of 106.62"
        lines = [line for line in lines_of(after, await clock.now(db)) if line.kind == "FEE"]
        assert [line.words("en") for line in lines] == [
            "Late fee: instalment 1 was not paid within 3 days after it was due."
        ]
        await repay(db, agreement, 50_00, on=date(2027, 3, 3))  # it was on its way
        assert (await standing_of(db, agreement)).life.owed.penalties == 2_83
        told = select(Event.data).where(Event.subject_id == agreement.id, Event.name == agreements.LATE_FEE_CHARGED)
        assert [data["number"] for data in (await db.execute(told)).scalars()] == [1]


async def test_an_instalment_is_told_three_days_before_it_is_due_and_once() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 31))
        agreement = await open_loan(db, months=2)
        await pay_out(db, agreement, 1_200_00)
        foretold: list[tuple[date, date | None]] = []
        for _ in range(28 + 31):
            before = agreement.foretold_on
            await pass_days(db, 1, agreement.user_id)
            assert await passing.pass_for(db, [agreement.user_id]) == 0
            if agreement.foretold_on != before:
                foretold.append((await clock.today(db), agreement.foretold_on))
            due = (await standing_of(db, agreement)).life.next_due
            if due is not None and due.due_on == await clock.today(db):
                await repay(db, agreement, due.outstanding)
        assert foretold == [(date(2027, 2, 25), date(2027, 2, 28)), (date(2027, 3, 28), date(2027, 3, 31))]
        told = select(func.count()).where(Event.subject_id == agreement.id, Event.name == agreements.DUE_SOON)
        assert (await db.execute(told)).scalar_one() == 2


async def test_what_was_never_drawn_lapses_after_90_days_and_not_before() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 3, 1))
        agreement = await open_loan(db)
        await pass_days(db, 89, agreement.user_id)
        assert agreement.status is AgreementStatus.PENDING
        await pass_days(db, 1, agreement.user_id)
        assert (agreement.status, agreement.next_on) == (AgreementStatus.UNWOUND, None)
        balances = await balances_of(db, agreement.user_id, agreement.id)
        assert (balances[K.DRAWABLE], balances[K.COMMITTED]) == (0, 0)


async def test_many_lapse_in_as_many_statements_as_few() -> None:
    sent: list[int] = []
    for count in (2, 12):
        async with rolled_back() as db:
            await begin_day(db, date(2027, 3, 1))
            people = [(await open_loan(db)).user_id for _ in range(count)]
            await begin_day(db, date(2027, 5, 30))
            with statements() as said:
                assert await passing.pass_for(db, people) == count
            sent.append(len([each for each in said if "FROM draw_downs" not in each]))  # each is looked at once more
    assert sent[0] == sent[1]


async def test_a_day_that_waited_past_midnight_takes_back_nothing_that_was_done_since() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 1))
        agreement = await open_loan(db, months=2)
        await pay_out(db, agreement, 1_200_00)
        await begin_day(db, date(2027, 2, 2))
        await repay(db, agreement, 100_00)
        lines = len((await standing_of(db, agreement)).movements)
        agreement.next_on = date(2027, 2, 1)
        await db.flush()
        clock.freeze(db, clock.begins(date(2027, 2, 2)) - timedelta(seconds=1))
        assert await passing.pass_for(db, [agreement.user_id]) == 1
        assert len((await standing_of(db, agreement)).movements) == lines


async def test_a_day_touches_only_those_it_comes_to() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 3, 1))
        book = [await open_loan(db) for _ in range(3)]
        for agreement in book:
            await pay_out(db, agreement, 1_200_00)
        people = [each.user_id for each in book]
        await pass_days_until(db, date(2027, 3, 31), *people)
        written = [each.updated_at for each in book]
        assert await passing.pass_for(db, people) == 0
        await begin_day(db, date(2027, 4, 1))
        assert await passing.pass_for(db, people) == 3
        assert all(each.updated_at > at for each, at in zip(book, written, strict=True))


async def test_what_went_back_twice_bears_interest_that_each_day_books_though_all_was_settled() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 31))
        agreement = await open_loan(db, months=2)
        await pay_out(db, agreement, 1_200_00)
        await repay(db, agreement, 1_700_00)
        assert (agreement.status, agreement.next_on) == (AgreementStatus.SETTLED, None)
        for _ in range(2):
            await booking.book_act(db, agreement, ActKind.REFUND, new_id(), 500_00)
        assert (agreement.status, agreement.next_on) == (AgreementStatus.SETTLED, date(2027, 2, 28))
        await pass_days_until(db, date(2027, 5, 15), agreement.user_id)
        standing, balances = await standing_of(db, agreement), await balances_of(db, agreement.user_id, agreement.id)
        assert (str(agreement.status), agreement.next_on, agreement.bucket) == ("SETTLED", date(2027, 5, 31), 0)
        assert (balances[K.PRINCIPAL], balances[K.INTEREST]) == (500_00, 5_00)
        payoff = standing.payoff(standing.on)
        assert payoff is not None
        await repay(db, agreement, payoff.amount)
        assert agreement.next_on is None


async def test_one_agreement_that_stands_in_the_way_stops_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 1))
        book = [await open_loan(db) for _ in range(3)]
        for agreement in book:
            await pay_out(db, agreement, 1_200_00)
        await begin_day(db, date(2027, 2, 2))
        real, broken = posting.transfers_for, book[1].id

        async def break_one(db: Db, agreement: Agreement, *rest: Any) -> Any:
            assert agreement.id != broken, "this one stands in the way"
            return await real(db, agreement, *rest)

        monkeypatch.setattr(posting, "transfers_for", break_one)
        await db.flush()
        others = update(Agreement).where(Agreement.id.not_in([each.id for each in book]))
        await db.execute(others.values(next_on=None))
        day = await passing.begin(db, ranges=1)
        await passing.do_next_batch(db, day.id, 0)
        found = await statuses(db, book)
        assert found == [AgreementStatus.OVERDUE, AgreementStatus.ACTIVE, AgreementStatus.OVERDUE]
        part = (await db.execute(select(DayRange).where(DayRange.run_id == day.id))).scalars()
        # Other tests may have left agreements behind that this day comes to as well.
        assert [(each.touched >= 2, each.unreadable) for each in part] == [(True, 1)]


async def statuses(db: Db, book: Sequence[Agreement]) -> list[AgreementStatus]:
    ids: list[UUID] = [each.id for each in book]
    rows = dict((await db.execute(select(Agreement.id, Agreement.status).where(Agreement.id.in_(ids)))).all())
    return [rows[id] for id in ids]
