"""What cashiers are told that a mandate draws next: with our own notice, at signing where that comes late, and before a second try."""

from datetime import timedelta

import pytest

from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from domain.payments import mandates, signing
from domain.payments.cashiers import CashierAway, MandateAnswer, MandateStatus
from domain.payments.mandates import WhyMandateEnded
from infra import clock as times
from infra.database import transaction
from infra.money import Money
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.loans import open_loan, pay_out, repay
from tests.domain.agreements.test_autopay import all_draws, signed, told
from tests.domain.agreements.test_breathing import record
from tests.domain.payments.scripted import FAILED, cashier_says
from tests.working import work_off

STILL = MandateAnswer(MandateStatus.SIGNED, "M1")
AWAY = CashierAway("scripted:night")
WAITS = timedelta(days=2)


async def lent(hands: Clock, *, days_before: int, people: int = 1, months: int = 1) -> list[Agreement]:
    """Agreements, so many days before their first instalment."""
    async with transaction() as db:
        found = [await open_loan(db, months=months, rate="0") for _ in range(people)]
        for each in found:
            await pay_out(db, each, each.amount)
        due_on = (await standing_of(db, found[0])).life.rows[0].due_on
        days = (due_on - await times.today(db)).days - days_before
    await hands.forward(days=days)
    return found


async def sign(agreement: Agreement) -> None:
    async with transaction() as db:
        await signed(db, await db.get_one(Agreement, (agreement.user_id, agreement.id)))


async def test_it_is_told_three_days_before_with_our_notice_and_hours_later_where_the_cashier_was_away(
    clock: Clock,
) -> None:
    told, paid, unsigned = await lent(clock, days_before=4, people=3)
    for each in (told, paid):
        await sign(each)
    async with transaction() as db:
        await repay(db, await db.get_one(Agreement, (paid.user_id, paid.id)), 1_200_00)
    people = [each.user_id for each in (told, paid, unsigned)]
    async with cashier_says(waits=WAITS, foretells=[AWAY, None]) as cashier:
        await day_passes(*people)
        await work_off(*people)
        assert cashier.foretold == [], "four days before, nothing is told"
        await clock.forward(days=1)
        await day_passes(*people)
        await work_off(*people)
        assert cashier.foretold == []
        await clock.forward(minutes=59)
        await work_off(*people)
        assert cashier.foretold == []
        await clock.forward(minutes=2)
        await work_off(*people)
        assert cashier.foretold == [("M1", Money(1_200_00, "CNY"))]
        await clock.forward(days=2)
        await work_off(*people)
        assert len(cashier.foretold) == 1, "told once"


async def test_what_is_signed_too_late_is_told_then_and_drawn_two_days_after_as_they_are_told_and_once_more(
    clock: Clock,
) -> None:
    [agreement] = await lent(clock, days_before=1, months=2)
    await sign(agreement)
    half = ("M1", Money(600_00, "CNY"))
    async with cashier_says(waits=WAITS, collects=[FAILED], looks=[FAILED], mandate_looks=[STILL]) as cashier:
        await work_off(agreement.user_id)
        assert cashier.foretold == [half]
        tries = []
        for _ in range(8):
            await clock.forward(days=1)
            await day_passes(agreement.user_id)
            await work_off(agreement.user_id)
            tries.append(cashier.asked.count("collect"))
        assert tries == [0, 1, 1, 2, 2, 2, 2, 2], "a day after it was due, and two days later"
        assert cashier.foretold == [half], "both within the days that it was told for"
        assert await told(agreement) == ["autopay_on", "autopay_later", "autopay_failed_once", "autopay_failed"]
        assert "instalment_overdue" not in await told(agreement, "instalment")


async def test_a_cashier_that_stays_away_is_asked_each_hour_until_the_day_and_then_each_day(clock: Clock) -> None:
    [agreement] = await lent(clock, days_before=1)
    await sign(agreement)
    async with cashier_says(waits=WAITS, foretells=[AWAY]) as cashier:
        await work_off(agreement.user_id)
        asked = []
        for _ in range(4):
            await clock.forward(days=1)
            await day_passes(agreement.user_id)
            await work_off(agreement.user_id)
            await clock.forward(hours=2)
            asked.append((await work_off(agreement.user_id)).count("foretell_draw") > 0)
        assert asked == [True, False, False, False]
        cashier.foretells = [None]
        await clock.forward(hours=24)
        await day_passes(agreement.user_id)
        await work_off(agreement.user_id)
        assert cashier.foretold == [("M1", Money(1_200_00, "CNY"))] and await all_draws(agreement) == []


async def test_what_falls_due_soon_after_a_breathing_space_is_told_as_soon_as_that_is_over(clock: Clock) -> None:
    [agreement] = await lent(clock, days_before=4)
    await sign(agreement)
    async with transaction() as db:
        today = await times.today(db)
        held = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        await record(db, held, today, today + timedelta(days=1))
    async with cashier_says(waits=WAITS, mandate_looks=[STILL]) as cashier:
        await work_off(agreement.user_id)
        for told in ([], [("M1", Money(1_200_00, "CNY"))]):
            await clock.forward(days=1)
            await day_passes(agreement.user_id)
            await work_off(agreement.user_id)
            assert cashier.foretold == told, "not in it, and two days before the draw"


async def test_whoever_turns_it_off_and_on_again_beside_another_is_told_at_once(
    clock: Clock,
) -> None:
    [agreement] = await lent(clock, days_before=2)
    async with transaction() as db:
        other = await open_loan(db, of=agreement.user_id, months=1, rate="0")
        await pay_out(db, other, other.amount)
        first = await signed(db, agreement)
        await signed(db, other, first)
    async with cashier_says(waits=WAITS, mandate_looks=[STILL]) as cashier:
        await work_off(agreement.user_id)
        async with transaction() as db:
            held = await mandates.lock_open(db, agreement.user_id, agreement.id)
            assert held is not None and held.told_at is not None
            await signing.end(db, held, WhyMandateEnded.PERSON)
            await signed(db, agreement, first)
        await work_off(agreement.user_id)
        assert cashier.foretold == [("M1", Money(1_200_00, "CNY"))] * 2


@pytest.mark.parametrize("is_broke", [False, True])
async def test_what_is_told_too_late_costs_no_late_fee_of_which_nobody_is_told(clock: Clock, is_broke: bool) -> None:
    async with transaction() as db:
        agreement = await open_loan(db, months=1, rate="0", late_fee_rate="0.05")
        await pay_out(db, agreement, agreement.amount)
        due_on = (await standing_of(db, agreement)).life.rows[0].due_on
        await clock.forward(days=(due_on - await times.today(db)).days - 1)
    await sign(agreement)
    # It stays away until the fourth day after the due one; or tells at once, and finds no money two days after that and four.
    tells = [None] if is_broke else [AWAY]
    async with cashier_says(
        waits=timedelta(days=3 if is_broke else 2), foretells=tells, collects=[FAILED], mandate_looks=[STILL]
    ) as cashier:
        await work_off(agreement.user_id)
        for _ in range(5):
            await clock.forward(days=1)
            await day_passes(agreement.user_id)
            await work_off(agreement.user_id)
        assert cashier.asked.count("collect") == (2 if is_broke else 0)
        cashier.foretells = [None]
        for _ in range(3):
            await clock.forward(days=1)
            await day_passes(agreement.user_id)
            await work_off(agreement.user_id)
    assert {each.amount for each in await all_draws(agreement)} == {1_200_00}
    async with transaction() as db:
        standing = await standing_of(db, await db.get_one(Agreement, (agreement.user_id, agreement.id)))
        assert (standing.outstanding, standing.late_fees) == (1_200_00, {})
        # Whoever had no money when it was tried first is late from then on.
        assert standing.overdue_days == (5 if is_broke else 0)
    assert await told(agreement, "late_fee") == []
