"""What of autopay is not drawn after all though it was begun, and that whoever ends it is never refused."""

import pytest

from domain.actors import Role, StaffActor, UserActor
from domain.agreements import autopay, breathing, counting
from domain.agreements.agreements import Agreement
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import standing_of
from domain.payments import paying
from domain.payments.cashiers import MandateAnswer, MandateStatus
from domain.payments.causes import PaidFor
from infra import clock as times
from infra.database import transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.loans import open_loan, pay_out
from tests.domain.agreements.test_autopay import ENDED, all_draws, due_loan, signed, told
from tests.domain.payments.scripted import PENDING, cashier_says
from tests.working import work_off

STILL = MandateAnswer(MandateStatus.SIGNED, "M1")


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
            risk = StaffActor(new_id(), Role.RISK)
            await breathing.record(db, risk, breathes.user_id, today, today, "The court granted it.")
            owes = await standing_of(db, await db.get_one(Agreement, (pays.user_id, pays.id)))
            await paying.begin(db, pays.user_id, PaidFor(REPAYMENT, pays.id), Money(owes.due, "CNY"))
        await work_off(breathes.user_id, pays.user_id)
        assert cashier.orders == []
    for agreement in (breathes, pays):
        assert [each.status for each in await all_draws(agreement)] == ["FAILED"]
        assert "autopay_failed_once" not in await told(agreement)


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
