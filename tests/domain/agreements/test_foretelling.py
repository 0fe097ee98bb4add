"""What cashiers are told that a mandate draws next: with our own notice, at signing where that comes late, and before a second try."""

from datetime import timedelta

from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from domain.payments.cashiers import CashierAway, MandateAnswer, MandateStatus
from infra import clock as times
from infra.database import transaction
from infra.money import Money
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.loans import open_loan, pay_out, repay
from tests.domain.agreements.test_autopay import signed
from tests.domain.agreements.test_breathing import record
from tests.domain.payments.scripted import FAILED, cashier_says
from tests.working import work_off

STILL = MandateAnswer(MandateStatus.SIGNED, "M1")
AWAY = CashierAway("scripted:night")


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
    async with cashier_says(foretells=[AWAY, None]) as cashier:
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


async def test_it_is_told_at_signing_where_something_is_due_soon_and_again_before_a_second_try(clock: Clock) -> None:
    [agreement] = await lent(clock, days_before=1, months=2)
    await sign(agreement)
    half = ("M1", Money(600_00, "CNY"))
    async with cashier_says(collects=[FAILED], looks=[FAILED], mandate_looks=[STILL]) as cashier:
        await work_off(agreement.user_id)
        assert cashier.foretold == [half]
        await clock.forward(days=1)
        await day_passes(agreement.user_id)
        await work_off(agreement.user_id)
        assert cashier.foretold == [half, half]
        await clock.forward(days=2)
        await day_passes(agreement.user_id)
        await work_off(agreement.user_id)
        assert (cashier.asked.count("collect"), len(cashier.foretold)) == (2, 2), "after the last nothing is to be told"


async def test_a_cashier_that_stays_away_is_not_asked_after_the_second_try(clock: Clock) -> None:
    [agreement] = await lent(clock, days_before=1)
    await sign(agreement)
    async with cashier_says(foretells=[AWAY], mandate_looks=[STILL]):
        await work_off(agreement.user_id)
        await clock.forward(seconds=timedelta(days=4, hours=1).total_seconds())
        assert "foretell_draw" in await work_off(agreement.user_id)
        await clock.forward(hours=2)
        assert "foretell_draw" not in await work_off(agreement.user_id)


async def test_what_falls_due_soon_after_a_breathing_space_is_told_as_soon_as_that_is_over(clock: Clock) -> None:
    [agreement] = await lent(clock, days_before=4)
    await sign(agreement)
    async with transaction() as db:
        today = await times.today(db)
        held = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        await record(db, held, today, today + timedelta(days=1))
    async with cashier_says(mandate_looks=[STILL]) as cashier:
        await work_off(agreement.user_id)
        for told in ([], [("M1", Money(1_200_00, "CNY"))]):
            await clock.forward(days=1)
            await day_passes(agreement.user_id)
            await work_off(agreement.user_id)
            assert cashier.foretold == told, "not in it, and two days before the draw"
