"""Autopay against a pure model: what is due is drawn on its day, once more where it failed, and never while nobody knows.

`LONGAN_LIVES=1000 pytest tests/domain/agreements/test_autopay.py` lives as many.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain import stops
from domain.agreements import agreements, maturing
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.repaid_by_instalments import terms_of
from domain.agreements.standings import standing_of
from domain.days import passing
from domain.deadlines.deadlines import Deadline
from domain.money import lives
from domain.notices.notices import Notice
from domain.payments import mandates, paying
from domain.payments.cashiers import CashierAnswer, CashierAway, MandateAnswer, MandateStatus, Paid, PaymentStatus
from domain.payments.mandates import LIFE, Mandate
from domain.payments.payments import Payment
from domain.stops import EVERYTHING, StopKind
from infra import clock as times
from infra.database import Db, reading, transaction
from infra.ids import new_id
from infra.outbox import Event
from tests.clocks import Clock
from tests.days import begin_day, day_passes, pass_days
from tests.domain.agreements.loans import open_loan, pay_out, repay
from tests.domain.payments.scripted import FAILED, PENDING, cashier_says, paid
from tests.domain.test_stops import lift, staff
from tests.trying import rolled_back
from tests.working import work_off

LIVES = int(os.environ.get("LONGAN_LIVES", "8"))
S = PaymentStatus
HOW_LATE = (agreements.OVERDUE, agreements.FELL_BEHIND, agreements.REPAID)
ENDED = MandateAnswer(MandateStatus.ENDED)
STILL = MandateAnswer(MandateStatus.SIGNED, "M1")


async def signed(db: Db, agreement: Agreement, together: Mandate | None = None) -> Mandate:
    """What the person has signed, alone or together with another."""
    now = await times.now(db)
    mandate = Mandate(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        cashier="scripted",
        begun_at=now,
        expires_at=now + mandates.LASTS,
    )
    db.add(mandate)
    await db.flush()
    mandate.reference, mandate.signed_at, mandate.answered_at = "M1", now, now
    mandate.signed_with = together.known_as if together else None
    await LIFE.move(db, mandate, MandateStatus.SIGNED)
    await db.flush()
    return mandate


async def draws(db: Db, agreement: Agreement) -> Sequence[Payment]:
    """The oldest first."""
    its = select(Payment).where(Payment.user_id == agreement.user_id, Payment.mandate_id.is_not(None))
    return (await db.execute(its.order_by(Payment.id))).scalars().all()


async def answer(db: Db, payment: Payment, status: PaymentStatus) -> None:
    now = await times.now(db)
    took = Paid(f"R-{payment.id.hex}", payment.money, now) if status is S.SETTLED else None
    await paying.record(db, payment, CashierAnswer(status, took))


class Model:
    """What is to be drawn, by counting days alone."""

    def __init__(self, signed_on: date) -> None:
        self.signed_on, self.tried, self.waits = signed_on, Counter[date](), False
        self.first: dict[date, date] = {}

    def is_ours(self, today: date, open_rows: Sequence[tuple[date, int]]) -> bool:
        """Whether a draw waits as this day begins: nobody knows its end, or what was due before was not tried yet."""
        newest = max((day for day, amount in open_rows if day < today and amount), default=date.min)
        return self.waits or (newest >= self.signed_on and not self.tried[newest])

    def draws(self, today: date, open_rows: Sequence[tuple[date, int]]) -> int:
        """How much, of what is due by now: (day, amount)."""
        due = [(day, amount) for day, amount in open_rows if day <= today and amount]
        if self.waits or not due:
            return 0
        newest = max(day for day, _ in due)
        is_second = self.tried[newest] == 1 and (today - self.first[newest]).days >= 2
        if newest < self.signed_on or not (self.tried[newest] == 0 or is_second):
            return 0
        self.tried[newest] += 1
        self.first.setdefault(newest, today)
        self.waits = True
        return sum(amount for _, amount in due)


def theirs(due_on: date, last: date, ours: set[date]) -> int:
    """Of how many days it is the person who was late."""
    return sum(due_on + timedelta(days=number) not in ours for number in range(1, (last - due_on).days + 1))


# Of 8, something falls due while a draw is on its way, and is drawn once that is known.
@pytest.mark.parametrize("seed", range(max(LIVES, 9)))
async def test_what_is_due_is_drawn_as_the_model_says_whatever_the_cashier_answers(seed: int) -> None:
    chance = random.Random(seed)
    async with rolled_back() as db:
        first = chance.choice([date(2027, 1, 31), date(2028, 1, 29), date(2027, 12, 30)])
        await begin_day(db, first)
        agreement = await open_loan(db, months=chance.choice([1, 2, 3]), late_fee_rate=chance.choice(["0", "0.05"]))
        await pay_out(db, agreement, agreement.amount)
        late = chance.choice([0, 0, 40])
        for _ in range(late):
            await pass_days(db, 1, agreement.user_id)
        await signed(db, agreement)
        model, waiting, ours = Model(await times.today(db)), 0, set[date]()
        for _ in range(100):
            today = await times.today(db) + timedelta(days=1)
            events = (await standing_of(db, agreement)).events
            rows = lives.live(terms_of(agreement), events, today).rows
            open_rows = [(row.due_on, row.outstanding) for row in rows if row.outstanding]
            is_open = agreement.status in OWING
            ours |= {today} if model.is_ours(today, open_rows) else set()
            wanted = model.draws(today, open_rows) if is_open else 0
            before = len(await draws(db, agreement))
            await pass_days(db, 1, agreement.user_id)
            for _ in range(chance.choice([0, 0, 1])):
                agreement.next_on = await times.today(db)  # it is looked at again on the same day
                await passing.pass_for(db, [agreement.user_id])
            new = (await draws(db, agreement))[before:]
            assert [each.amount for each in new] == ([wanted] if wanted else []), (seed, today)
            standing, oldest = await standing_of(db, agreement), min([today, *(day for day, _ in open_rows)])
            assert standing.overdue_days == theirs(oldest, today, ours), (seed, today)
            assert (agreement.status == "OVERDUE") == (standing.overdue_days > 0)
            waiting = chance.choice([0, 0, 0, 1, 4]) if new else max(0, waiting - 1)
            pending = [each for each in await draws(db, agreement) if each.is_open]
            if pending and not waiting:
                await answer(db, pending[0], chance.choice([S.SETTLED, S.FAILED, S.FAILED]))
                model.waits = False
        standing = await standing_of(db, agreement)
        took = sum(each.amount for each in await draws(db, agreement) if each.status is S.SETTLED)
        assert sum(act.amount for act in standing.acts if act.kind == "PAYMENT") == took
        assert standing.credit == 0, "more was drawn than was owed"
        settled = [(row, row.settled_on) for row in standing.life.rows if row.settled_on]
        assert [standing.days_late(row) for row, _ in settled] == [theirs(row.due_on, on, ours) for row, on in settled]
        assert (
            not {row.due_on + timedelta(days=4) for row in standing.life.rows if row.number in standing.late_fees}
            & ours
        )


async def test_it_is_drawn_on_its_day_and_once_more_two_days_later_and_not_a_third_time() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 31))
        agreement = await open_loan(db)
        await pay_out(db, agreement, agreement.amount)
        await signed(db, agreement)
        begun: list[tuple[date, int, int | None]] = []
        for _ in range(58):
            before = len(await draws(db, agreement))
            await pass_days(db, 1, agreement.user_id)
            for each in (await draws(db, agreement))[before:]:
                begun.append((await times.today(db), each.amount, each.attempt))
                await answer(db, each, S.FAILED)
        # Of 106.62 each, and nothing of a third try; the next instalment takes what is late with it.
        assert begun == [(date(2027, 2, 28), 106_62, 1), (date(2027, 3, 2), 106_62, 2)]
        await pass_days(db, 1, agreement.user_id)
        assert (await draws(db, agreement))[-1].amount > 2 * 106_00


async def test_what_was_due_before_it_was_signed_waits_for_the_next_instalment() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 31))
        agreement = await open_loan(db)
        await pay_out(db, agreement, agreement.amount)
        await pass_days(db, 29, agreement.user_id)
        assert agreement.status is AgreementStatus.OVERDUE
        await signed(db, agreement)
        await pass_days(db, 29, agreement.user_id)
        assert await draws(db, agreement) == []
        await pass_days(db, 1, agreement.user_id)
        assert [each.due_on for each in await draws(db, agreement)] == [date(2027, 3, 31)]


async def due_loan(hands: Clock, days: int = 0) -> Agreement:
    """For good, with a mandate, so many days before its only instalment."""
    async with transaction() as db:
        agreement = await open_loan(db, months=1)
        await pay_out(db, agreement, agreement.amount)
        await signed(db, agreement)
        due_on = (await standing_of(db, agreement)).life.rows[0].due_on
        ahead = (due_on - await times.today(db)).days - days
    await hands.forward(days=ahead)
    return agreement


async def told(agreement: Agreement, about: str = "autopay") -> list[str]:
    async with reading() as db:
        its = select(Notice).where(Notice.user_id == agreement.user_id).order_by(Notice.id)
        return [each.code for each in (await db.execute(its)).scalars() if each.code.startswith(about)]


async def all_draws(agreement: Agreement) -> Sequence[Payment]:
    async with reading() as db:
        return await draws(db, agreement)


async def owed(agreement: Agreement) -> int:
    async with reading() as db:
        found = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        return (await standing_of(db, found)).outstanding


async def test_fifty_days_at_once_draw_once_and_the_mandate_ends_with_the_last_cent(clock: Clock) -> None:
    agreement = await due_loan(clock)
    async with cashier_says(collects=[paid(1_212_00, f"R-{new_id()}")], withdraws=[ENDED]) as cashier:
        await asyncio.gather(*(day_passes(agreement.user_id) for _ in range(50)))
        await work_off(agreement.user_id)
        assert [each.mandate for each in cashier.orders] == ["M1"]
        await work_off(agreement.user_id)
        assert cashier.asked.count("withdraw") == 1
    assert [(each.status, each.amount) for each in await all_draws(agreement)] == [("SETTLED", 1_212_00)]
    assert await owed(agreement) == 0
    assert "autopay_drawn" in await told(agreement)


async def test_a_draw_that_fails_since_they_withdrew_at_the_cashier_ends_it_and_says_so(clock: Clock) -> None:
    agreement = await due_loan(clock)
    async with cashier_says(collects=[FAILED], looks=[FAILED], mandate_looks=[ENDED]):
        await day_passes(agreement.user_id)
        await work_off(agreement.user_id)
    async with reading() as db:
        [mandate] = (await db.execute(select(Mandate).where(Mandate.user_id == agreement.user_id))).scalars()
    assert (mandate.status, mandate.why, mandate.gone_at is not None) == ("ENDED", "WITHDRAWN", True)
    assert {"autopay_failed_once", "autopay_ended"} <= {*await told(agreement)}


@pytest.mark.parametrize("silent", [PENDING, CashierAway("scripted:no_answer")])
async def test_what_nobody_knows_is_not_drawn_again_until_the_cashier_closes_it_and_money_that_comes_then_counts(
    silent: CashierAnswer | CashierAway, clock: Clock
) -> None:
    agreement = await due_loan(clock)
    async with cashier_says(collects=[silent], looks=[silent], closes=[silent], mandate_looks=[STILL]) as cashier:
        for days in (0, 1, 12):
            await clock.forward(days=days)
            await day_passes(agreement.user_id)
            await work_off(agreement.user_id)
        [draw] = await all_draws(agreement)
        promised = select(Deadline).where(Deadline.user_id == agreement.user_id, Deadline.kind == "payment")
        notice = select(Notice.code).where(Notice.user_id == agreement.user_id, Notice.code == "payment_unsure")
        async with reading() as db:
            promise = (await db.execute(promised)).scalar_one()
            assert (await db.execute(notice)).scalars().all() == ["payment_unsure"]
        assert (draw.status, promise.subject_id) == ("PENDING", draw.id)
        assert promise.missed_at is not None and promise.ended_at is None
        cashier.looks[:], cashier.closes[:] = [PENDING], [FAILED]
        await clock.forward(hours=2)
        await work_off(agreement.user_id)
        async with reading() as db:
            assert (await db.execute(promised)).scalar_one().ended_at is not None
        await clock.forward(days=1)
        await day_passes(agreement.user_id)
        assert [(each.status, each.failure) for each in await all_draws(agreement)] == [
            ("FAILED", "EXPIRED"),
            ("PENDING", None),
        ]
        await paying.hear("scripted", draw.id, paid(1_212_00, f"R-{new_id()}"))
        cashier.looks[:], cashier.withdraws[:] = [None], [ENDED]
        await work_off(agreement.user_id)
    assert [each.status for each in await all_draws(agreement)] == ["SETTLED", "FAILED"]
    assert await owed(agreement) == 0


async def test_a_stop_holds_what_was_not_asked_yet_and_it_goes_on_where_it_is_still_owed(clock: Clock) -> None:
    paid_by_hand, drawn = await due_loan(clock), None
    async with transaction() as db:
        stop = await stops.stop(db, await staff(db), StopKind.AUTOPAY, EVERYTHING, "the cashier draws twice")
        before = await stops.list_held(db, StopKind.AUTOPAY)
    try:
        async with transaction() as db:
            drawn = await open_loan(db, months=1, late_fee_rate="0.05")
            await pay_out(db, drawn, drawn.amount)
            await signed(db, drawn)
        await clock.forward(days=31)
        async with cashier_says(collects=[paid(1_212_00, f"R-{new_id()}")], looks=[None], withdraws=[ENDED]) as cashier:
            await day_passes(paid_by_hand.user_id, drawn.user_id)
            await work_off(stop.id, paid_by_hand.user_id, drawn.user_id)
            assert cashier.orders == []
            async with transaction() as db:
                [held] = await stops.list_held(db, StopKind.AUTOPAY)
                assert held.count == before[0].count + 2
                theirs = await db.get_one(Agreement, (paid_by_hand.user_id, paid_by_hand.id))
                await repay(db, theirs, (await standing_of(db, theirs)).due)
            for _ in range(5):  # past the days of grace, and it costs them nothing
                await clock.forward(days=1)
                await day_passes(drawn.user_id)
                await work_off(drawn.user_id)
            assert await told(drawn, "late_fee") == []
            async with transaction() as db:
                late = await standing_of(db, await db.get_one(Agreement, (drawn.user_id, drawn.id)))
                assert (late.late_fees, late.overdue_days, late.agreement.status) == ({}, 0, "ACTIVE")
                await lift(db, await db.get_one(stops.Stop, stop.id))
            await work_off(stop.id, paid_by_hand.user_id, drawn.user_id)
            await clock.forward(hours=2)
            await work_off(stop.id, paid_by_hand.user_id, drawn.user_id)
            assert [each.amount.minor for each in cashier.orders] == [1_212_00]
    finally:
        async with transaction() as db:
            found = await db.get_one(stops.Stop, stop.id)
            found.lifted_at = found.lifted_at or await times.now(db)
    assert [each.status for each in await all_draws(paid_by_hand)] == ["FAILED"]
    assert [each.status for each in await all_draws(drawn)] == ["SETTLED"]
    assert "autopay_failed_once" not in await told(paid_by_hand)
    async with reading() as db:
        its = select(Event.name, Event.data).where(Event.subject_id == drawn.id, Event.name.in_(HOW_LATE))
        assert (await db.execute(its)).all() == [(agreements.REPAID, {"days_late": 0})]
        standing = await standing_of(db, await db.get_one(Agreement, (drawn.user_id, drawn.id)))
        assert not maturing._was_late(standing), "nor is it told of their score"


async def test_an_instalment_that_will_be_drawn_is_foretold_as_such(clock: Clock) -> None:
    agreement = await due_loan(clock, days=2)
    await day_passes(agreement.user_id)
    await work_off(agreement.user_id)
    assert "autopay_soon" in await told(agreement)


async def test_what_is_paid_after_midnight_before_the_day_passes_takes_none_of_its_steps_away() -> None:
    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 31))
        agreement = await open_loan(db)
        await pay_out(db, agreement, agreement.amount)
        await signed(db, agreement)
        await pass_days(db, 27, agreement.user_id)
        await begin_day(db, date(2027, 2, 28))
        await repay(db, agreement, 6_62)
        assert await passing.pass_for(db, [agreement.user_id]) == 1
        assert [(each.due_on, each.amount) for each in await draws(db, agreement)] == [(date(2027, 2, 28), 100_00)]
        assert await passing.pass_for(db, [agreement.user_id]) == 0
