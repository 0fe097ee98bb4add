"""Refunds, whatever the cashier says, in whatever order: what went back is booked once, and what is contradicted is marked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.deadlines.deadlines import Deadline
from domain.notices.notices import Notice
from domain.payments import paying, refunding
from domain.payments.cashiers import CashierAway, PaymentStatus, RefundAnswer
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.payments.takings import Taking
from infra.database import Db, reading, transaction
from infra.ids import new_id
from infra.money import Money
from tests.api.people import somebody
from tests.clocks import Clock
from tests.domain.payments.scripted import CAUSE, PENDING, cashier_says, paid
from tests.domain.payments.test_paying import SOMEBODY
from tests.trying import rolled_back
from tests.working import work_off

S = PaymentStatus
PAID, BACK = Money(10_000, "CNY"), Money(7_000, "CNY")
YES, NO = RefundAnswer(S.SETTLED, BACK), RefundAnswer(S.FAILED)
AWAY = CashierAway("scripted:no_answer")


async def begun(db: Db, payment: Payment) -> Refund:
    """Of what this payment brought just now."""
    await paying.record(db, payment, paid(reference=f"R-{payment.id.hex}"))
    (refund,) = await refunding.begin(db, payment.user_id, PaidFor("test", payment.cause_id), BACK)
    CAUSE.happened.clear()
    return refund


async def owed_back() -> Refund:
    async with transaction() as db:
        user = await somebody(db)
        return await begun(db, await paying.begin(db, user.id, PaidFor("test", new_id()), PAID))


async def is_contradicted(db: Db, refund: Refund) -> bool:
    taking = await db.get_one(Taking, (refund.cashier, f"R-{refund.payment_id.hex}"))
    return taking.contradicted_at is not None


async def became(refund: Refund) -> tuple[PaymentStatus, bool, list[str]]:
    """Its state, whether what was said of it is marked, and what followed."""
    async with reading() as db:
        found = await db.get_one(Refund, (refund.user_id, refund.id))
        return found.status, await is_contradicted(db, refund), [word for word, id in CAUSE.happened if id == refund.id]


async def test_a_no_is_asked_about_once_more_but_never_begun_again(clock: Clock) -> None:
    async with cashier_says(collects=[PENDING], refunds=[NO], refund_looks=[None]) as cashier:
        refund = await owed_back()
        await refunding.ask(refund.user_id, refund.id)
        for _ in range(3):
            await clock.forward(minutes=61)
            await work_off(refund.user_id)
        assert await became(refund) == (S.FAILED, False, ["not refunded"])
    # The look that was planned when it began, and the one after the no.
    assert cashier.asked == ["give_back", "look_up_refund", "look_up_refund"]


async def test_what_went_back_after_a_no_is_booked_and_marked(clock: Clock) -> None:
    async with cashier_says(collects=[PENDING], refunds=[AWAY, NO], refund_looks=[YES]):
        refund = await owed_back()
        for _ in range(2):
            await refunding.ask(refund.user_id, refund.id)
        assert await became(refund) == (S.FAILED, False, ["not refunded"])
        await clock.forward(minutes=61)
        await work_off(refund.user_id)
        assert await became(refund) == (S.SETTLED, True, ["not refunded", "refunded"])


async def test_what_went_out_by_hand_after_a_no_is_asked_about_once_more_and_marked_where_it_went_back_too(
    clock: Clock,
) -> None:
    async with cashier_says(collects=[PENDING], refunds=[NO], refund_looks=[NO, YES]) as cashier:
        refund = await owed_back()
        await refunding.ask(refund.user_id, refund.id)
        async with transaction() as db:
            held = await refunding.lock(db, refund.user_id, refund.id)
            await refunding.settle_by_hand(db, held, "ICBC 1")
        for marked in (False, True):
            await clock.forward(minutes=30)
            await work_off(refund.user_id)
            assert await became(refund) == (S.SETTLED, marked, ["not refunded", "refunded"])
            await clock.forward(minutes=31)
        assert cashier.asked.count("give_back") == 1


async def test_a_no_after_it_went_back_changes_nothing_and_is_marked() -> None:
    async with cashier_says(collects=[PENDING], refunds=[YES]):
        refund = await owed_back()
        await refunding.ask(refund.user_id, refund.id)
        await refunding.hear_by_id("scripted", refund.id, NO)
        assert await became(refund) == (S.SETTLED, True, ["refunded"])


@pytest.mark.parametrize("amount", [Money(6_999, "CNY"), Money(7_000, "USD")])
async def test_what_is_said_of_another_amount_is_marked_and_nothing_else(amount: Money) -> None:
    async with cashier_says(collects=[PENDING], refunds=[RefundAnswer(S.SETTLED, amount)]):
        refund = await owed_back()
        await refunding.ask(refund.user_id, refund.id)
        assert await became(refund) == (S.PENDING, True, [])
        await refunding.hear_by_id("scripted", refund.id, YES)
        assert await became(refund) == (S.SETTLED, True, ["refunded"])


async def test_what_fitted_nothing_gives_back_nothing_of_what_did() -> None:
    async with cashier_says(collects=[PENDING]), rolled_back() as db:
        cause = PaidFor("test", new_id())
        fits, apart = [await paying.begin(db, SOMEBODY, cause, PAID) for _ in range(2)]
        for payment, takes in ((fits, True), (apart, False)):
            CAUSE.takes = takes
            await paying.record(db, payment, paid(reference=f"R-{payment.id.hex}"))
        [refund] = await refunding.begin(db, SOMEBODY, cause, BACK)
        assert refund.payment_id == fits.id
        assert await refunding.begin(db, SOMEBODY, cause, Money(3_001, "CNY")) == []


SAYINGS = {
    "yes": YES,
    "no": NO,
    "wait": RefundAnswer(S.PENDING, BACK),
    "less": RefundAnswer(S.SETTLED, Money(6_999, "CNY")),
}


def judge(words: list[str]) -> tuple[str, bool, list[str]]:
    """Written apart: (state, whether it is marked, what followed) after these words."""
    clear = [word for word in words if word in ("yes", "no")]
    firsts = [word for word in dict.fromkeys(clear) if word == "yes" or clear[0] == "no"]
    state = {"yes": "SETTLED", "no": "FAILED"}[firsts[-1]] if firsts else "PENDING"
    is_marked = "less" in words or len(set(clear)) == 2
    return state, is_marked, [{"yes": "refunded", "no": "not refunded"}[word] for word in firsts]


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.sampled_from(sorted(SAYINGS)), min_size=1, max_size=5))
async def test_whatever_a_cashier_says_it_is_judged_as_by_somebody_apart(words: list[str]) -> None:
    async with cashier_says(collects=[PENDING]), rolled_back() as db:
        refund = await begun(db, await paying.begin(db, SOMEBODY, PaidFor("test", new_id()), PAID))
        for word in words:
            await refunding.record(db, refund, SAYINGS[word])
        followed = [word for word, _ in CAUSE.happened]
        assert (refund.status, await is_contradicted(db, refund), followed) == judge(words)


async def test_what_is_not_back_within_seven_working_days_is_a_promise_missed_until_it_is(clock: Clock) -> None:
    other = RefundAnswer(S.SETTLED, Money(6_999, "CNY"))
    async with cashier_says(collects=[PENDING], refunds=[other], refund_looks=[other, YES]):
        refund = await owed_back()
        await refunding.ask(refund.user_id, refund.id)
        await clock.forward(days=20)
        await work_off(refund.user_id)
        assert await became(refund) == (S.PENDING, True, [])
        async with reading() as db:
            its = select(Deadline).where(Deadline.subject_id == refund.id)
            promise = (await db.execute(its)).scalar_one()
            told = select(Notice.code).where(Notice.user_id == refund.user_id)
            assert (await db.execute(told)).scalars().all() == ["refund_delayed"]
        assert promise.missed_at is not None and promise.ended_at is None
        await clock.forward(hours=2)
        await work_off(refund.user_id)
        assert (await became(refund))[0] == S.SETTLED
        async with reading() as db:
            ended = (await db.execute(its)).scalar_one()
            assert ended.ended_at is not None
