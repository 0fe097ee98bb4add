"""What of autopay is not drawn after all though it was begun, and that whoever ends it is never refused."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import select, text

from domain.actors import Role, UserActor
from domain.agreements import autopay, breathing, counting
from domain.agreements.agreements import Agreement
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import standing_of
from domain.payments import mandates, paying, signing
from domain.payments.cashiers import CashierAnswer, CashierAway, PaymentStatus, RefundAnswer
from domain.payments.causes import PaidFor
from domain.payments.mandates import Mandate, WhyMandateEnded
from domain.payments.takings import Taking
from infra import clock as times
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from infra.outbox import Event
from tests.clocks import Clock
from tests.colleagues import COLLEAGUES
from tests.days import begin_day, day_passes, pass_days
from tests.domain.agreements.loans import open_loan, pay_out, repay
from tests.domain.agreements.test_autopay import ENDED, STILL, all_draws, answer, due_loan, owed, signed, told
from tests.domain.payments.scripted import FAILED, PENDING, ScriptedCashier, answered_by, cashier_says, paid
from tests.patience import until
from tests.trying import rolled_back
from tests.working import work_off

WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype IN ('transactionid', 'tuple') AND NOT granted")


async def somebody_waits() -> bool:
    async with reading() as db:
        return bool((await db.execute(WAITING)).scalar_one())


async def test_what_was_begun_is_not_drawn_in_a_breathing_space_nor_while_they_pay_it_themselves(clock: Clock) -> None:
    async with transaction() as db:
        # Without interest, of which a breathing space would take some back.
        breathes, pays = [await open_loan(db, months=1, rate="0") for _ in range(2)]
        for each in (breathes, pays):
            await pay_out(db, each, each.amount)
            await signed(db, each)
    await clock.forward(days=31)
    async with cashier_says(collects=[PENDING], looks=[None], mandate_looks=[STILL]) as cashier:
        await day_passes(breathes.user_id, pays.user_id)
        async with transaction() as db:
            today = await times.today(db)
            risk = COLLEAGUES[Role.RISK]
            await breathing.record(db, risk, breathes.user_id, today, today, "The court granted it.")
            owes = await standing_of(db, await db.get_one(Agreement, (pays.user_id, pays.id)))
            await paying.begin(db, pays.user_id, PaidFor(REPAYMENT, pays.id), Money(owes.due, "CNY"))
        await work_off(breathes.user_id, pays.user_id)
        assert cashier.orders == []
    for agreement in (breathes, pays):
        assert [each.status for each in await all_draws(agreement)] == ["FAILED"]
        assert "autopay_failed_once" not in await told(agreement)


async def test_days_are_theirs_while_they_began_to_pay_by_themselves_and_once_they_ended_autopay() -> None:
    late = list[int]()

    async def live(days: int) -> None:
        for _ in range(days):
            await pass_days(db, 1, agreement.user_id)
            late.append((await standing_of(db, agreement)).overdue_days)

    async with rolled_back() as db:
        await begin_day(db, date(2027, 1, 31))
        agreement = await open_loan(db, months=1)
        await pay_out(db, agreement, agreement.amount)
        mandate = await signed(db, agreement)
        await pass_days(db, 27, agreement.user_id)
        with answered_by(ScriptedCashier()):
            theirs = PaidFor(REPAYMENT, agreement.id)
            page = await paying.begin(db, agreement.user_id, theirs, Money(1_00, "CNY"))
        await live(3)  # from the day on which it is due
        await answer(db, page, PaymentStatus.FAILED)
        await live(3)  # of which the first draws it, and the cashier does not answer
        await signing.end(db, mandate, WhyMandateEnded.PERSON)
        its = select(Event).where(Event.subject_id == mandate.id, Event.name == mandates.ENDED)
        await autopay.end_wait_with_mandate(db, (await db.execute(its)).scalar_one())
        await live(2)
    assert late == [0, 1, 2, 3, 3, 3, 4, 5]


async def test_ending_it_is_never_refused_however_often_it_was_begun(clock: Clock) -> None:
    agreement = await due_loan(clock, days=2)
    async with transaction() as db:
        for _ in range(counting.PER_PERSON.times):
            await counting.refuse_too_often(db, agreement.user_id, "setAutopay")
    me = UserActor(agreement.user_id, new_id())
    async with cashier_says(withdraws=[ENDED]) as cashier:
        await autopay.set_autopay(me, agreement.id, is_on=False)
        assert cashier.asked == ["withdraw"]
        with pytest.raises(Refusal) as refusal:
            await autopay.set_autopay(me, agreement.id, is_on=True)
    assert refusal.value.code == "RATE_LIMITED"


@pytest.mark.parametrize(("closed", "status"), [(FAILED, "FAILED"), (paid(1_212_00, "late"), "SETTLED")])
async def test_what_a_process_asked_and_never_wrote_down_is_called_off_once_they_end_autopay(
    closed: CashierAnswer, status: str, clock: Clock
) -> None:
    agreement = await due_loan(clock)
    if closed.paid is not None:
        closed = paid(1_212_00, f"R-{new_id()}")
    me = UserActor(agreement.user_id, new_id())
    away = CashierAway("scripted:no_answer")
    async with cashier_says(collects=[away], looks=[PENDING], closes=[closed], withdraws=[ENDED]) as cashier:
        await day_passes(agreement.user_id)
        await work_off(agreement.user_id)
        assert cashier.asked == ["collect"]
        await autopay.set_autopay(me, agreement.id, is_on=False)
        await clock.forward(minutes=5)
        await work_off(agreement.user_id)
        assert cashier.asked[-2:] == ["look_up", "close"] and cashier.asked.count("collect") == 1
    assert [each.status for each in await all_draws(agreement)] == [status]


@pytest.mark.parametrize("is_drawn", [False, True])
async def test_what_is_on_its_way_is_called_off_once_they_have_paid_it_themselves_or_goes_back(
    clock: Clock, is_drawn: bool
) -> None:
    agreement = await due_loan(clock)
    closed = paid(1_212_00, f"R-{new_id()}") if is_drawn else FAILED
    back = RefundAnswer(PaymentStatus.SETTLED, Money(1_212_00, "CNY"))
    async with cashier_says(
        collects=[PENDING], looks=[PENDING], closes=[closed], withdraws=[ENDED], refunds=[back]
    ) as cashier:
        await day_passes(agreement.user_id)
        await work_off(agreement.user_id)
        async with transaction() as db:
            theirs = await db.get_one(Agreement, (agreement.user_id, agreement.id))
            await repay(db, theirs, (await standing_of(db, theirs)).due)
        for _ in range(2):
            await clock.forward(minutes=5)
            await work_off(agreement.user_id)
        assert cashier.asked.count("give_back") == is_drawn
    assert [each.status for each in await all_draws(agreement)] == ["SETTLED" if is_drawn else "FAILED"]
    async with transaction() as db:
        theirs = await db.get_one(Agreement, (agreement.user_id, agreement.id))
        after = await standing_of(db, theirs)
        assert (after.outstanding, after.credit) == (0, 0)


@pytest.mark.parametrize(("minor", "currency"), [(1_211_99, "CNY"), (1_212_01, "CNY"), (1_212_00, "USD")])
async def test_a_draw_of_another_amount_or_currency_pays_nothing_and_lies_apart(
    minor: int, currency: str, clock: Clock
) -> None:
    agreement = await due_loan(clock)
    lie = paid(minor, f"R-{new_id()}", currency)
    async with cashier_says(collects=[lie], looks=[lie], mandate_looks=[STILL]):
        await day_passes(agreement.user_id)
        await work_off(agreement.user_id)
    assert [(each.status, each.failure) for each in await all_draws(agreement)] == [("FAILED", "ODD_MONEY")]
    async with reading() as db:
        after = await standing_of(db, await db.get_one(Agreement, (agreement.user_id, agreement.id)))
        taking = await db.get_one(Taking, ("scripted", lie.paid.reference if lie.paid else ""))
    assert (after.outstanding, after.credit) == (1_212_00, 0)
    assert taking.why in ("WRONG_AMOUNT", "FOREIGN_CURRENCY") and (taking.amount, taking.currency) == (minor, currency)


async def test_money_of_another_draw_that_is_told_again_pays_nothing(clock: Clock) -> None:
    async with transaction() as db:
        one, other = [await open_loan(db, months=1, rate="0") for _ in range(2)]
        for each in (one, other):
            await pay_out(db, each, each.amount)
            await signed(db, each)
    await clock.forward(days=31)
    told_again = paid(1_200_00, f"R-{new_id()}")
    async with cashier_says(collects=[told_again], looks=[told_again], mandate_looks=[STILL], withdraws=[ENDED]):
        for each in (one, other):
            await day_passes(each.user_id)
            await work_off(each.user_id)
    assert [each.status for each in await all_draws(one)] == ["SETTLED"]
    assert [(each.status, each.failure) for each in await all_draws(other)] == [("FAILED", "ODD_MONEY")]
    assert (await owed(one), await owed(other)) == (0, 1_200_00)


async def test_ending_it_waits_for_what_the_cashier_says_meanwhile_and_ends_it_once(clock: Clock) -> None:
    agreement = await due_loan(clock, days=2)
    me = UserActor(agreement.user_id, new_id())
    async with cashier_says(withdraws=[ENDED]):
        async with transaction() as db:
            mandate = await mandates.lock_open(db, agreement.user_id, agreement.id)
            assert mandate is not None
            ends = asyncio.create_task(autopay.set_autopay(me, agreement.id, is_on=False))
            await until(somebody_waits)
            await signing.record(db, [mandate], ENDED)
        await ends
    async with reading() as db:
        after = await db.get_one(Mandate, (mandate.user_id, mandate.id))
        its = select(Event.name).where(Event.subject_id == mandate.id, Event.name == mandates.ENDED)
        assert len((await db.execute(its)).all()) == 1
    assert after.why == "WITHDRAWN"
