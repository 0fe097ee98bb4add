"""Payments, whatever the cashier says, in whatever order: money counts once, and what nobody knows is asked again."""

import asyncio
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind
from domain.payments import paying
from domain.payments.cashiers import CashierAnswer, CashierAway, PaymentStatus
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment, PaymentFailure, actions
from domain.payments.takings import NOBODY, Taking, WhyUnmatched
from infra.database import reading, transaction
from infra.ids import new_id
from infra.money import Money
from tests.api.people import somebody
from tests.clocks import Clock
from tests.domain.payments.scripted import CAUSE, FAILED, NEEDS_ACTION, PENDING, cashier_says, paid
from tests.trying import rolled_back
from tests.working import work_off

SOMEBODY = UUID(int=7)  # of whom nothing more is asked than who it is
AWAY = CashierAway("scripted:no_answer")


async def begun(minor: int = 10_000) -> Payment:
    async with transaction() as db:
        user = await somebody(db)
        payment = await paying.begin(db, user.id, PaidFor("test", new_id()), Money(minor, "CNY"))
        payment.cashier = "scripted"
        return payment


async def found(payment: Payment) -> Payment:
    async with reading() as db:
        return await db.get_one(Payment, (payment.user_id, payment.id))


async def takings_of(*order_ids: object) -> list[tuple[str, int, WhyUnmatched | None, bool]]:
    wanted = select(Taking).where(Taking.order_id.in_(map(str, order_ids))).order_by(Taking.id)
    async with reading() as db:
        rows = (await db.execute(wanted)).scalars().all()
    return [(row.reference, row.amount, row.why, row.contradicted_at is not None) for row in rows]


def reference(payment: Payment, word: str = "R") -> str:
    return f"{word}-{payment.id.hex}"


async def test_what_settles_in_the_answer_counts_at_once_and_once() -> None:
    payment = await begun()
    said = paid(reference=reference(payment))
    async with cashier_says(collects=[said], looks=[said]):
        for answered in await asyncio.gather(*(paying.ask(payment.user_id, payment.id) for _ in range(10))):
            assert answered.status is PaymentStatus.SETTLED
        await paying.hear("scripted", payment.id, paid(reference=reference(payment)))
        assert CAUSE.happened == [("settled", payment.id)]
    after = await found(payment)
    # The cashier's clock is years behind: money is not older than the wish for it.
    assert (after.reference, after.settled_at) == (reference(payment), after.begun_at)
    assert await takings_of(payment.id) == [(reference(payment), 10_000, None, False)]


async def test_what_nobody_knows_is_asked_again_until_it_is_known(clock: Clock) -> None:
    payment = await begun()
    script = {"collects": [AWAY, PENDING], "looks": [AWAY, PENDING, paid(reference=reference(payment))]}
    async with cashier_says(**script) as cashier:
        assert (await paying.ask(payment.user_id, payment.id)).status is PaymentStatus.PENDING
        for _ in range(5):
            await clock.forward(hours=2)
            await work_off(payment.user_id)
    # While nothing was answered it is asked for the money; the second time its page was over already.
    assert cashier.asked == ["collect", "look_up", "look_up", "look_up"]
    assert (await found(payment)).status is PaymentStatus.SETTLED
    assert CAUSE.happened == [("settled", payment.id)]


async def test_a_process_that_ends_before_it_asks_leaves_nothing_undone(clock: Clock) -> None:
    payment = await begun()
    async with cashier_says(collects=[paid(reference=reference(payment))]):
        assert "look_after_payment" not in await work_off(payment.user_id)
        await clock.forward(seconds=11)
        assert await work_off(payment.user_id) == ["look_after_payment"]
    assert (await found(payment)).status is PaymentStatus.SETTLED


async def test_a_page_is_found_again_sealed_and_closes_in_time(clock: Clock) -> None:
    payment = await begun()
    async with cashier_says(collects=[NEEDS_ACTION], looks=[None], closes=[FAILED]) as cashier:
        await paying.ask(payment.user_id, payment.id)
        after = await found(payment)
        key = payment.user_id, payment.id
        async with reading() as db:
            assert (await actions(db, {key}))[key].page == NEEDS_ACTION.page
        assert after.page_sealed is not None and b"cashier.example" not in after.page_sealed
        await clock.stand_at(after.expires_at)
        await work_off(payment.user_id)
        assert cashier.asked == ["collect", "look_up", "close"]
    after = await found(payment)
    assert (after.status, after.failure, after.page_sealed) == (PaymentStatus.FAILED, PaymentFailure.EXPIRED, None)
    assert CAUSE.happened == [("failed", payment.id)]
    async with reading() as db:
        assert await actions(db, {key}) == {}


async def test_what_was_paid_in_the_last_moment_is_money(clock: Clock) -> None:
    payment = await begun()
    late = paid(reference=reference(payment))
    async with cashier_says(collects=[NEEDS_ACTION], looks=[NEEDS_ACTION], closes=[late]):
        await paying.ask(payment.user_id, payment.id)
        await clock.stand_at(payment.expires_at)
        await work_off(payment.user_id)
    assert (await found(payment)).status is PaymentStatus.SETTLED


async def test_money_after_a_no_is_money_and_is_looked_for_an_hour_later(clock: Clock) -> None:
    payment = await begun()
    async with cashier_says(collects=[FAILED], looks=[paid(reference=reference(payment))]):
        assert (await paying.ask(payment.user_id, payment.id)).status is PaymentStatus.FAILED
        await clock.forward(minutes=61)
        await work_off(payment.user_id)
        assert CAUSE.happened == [("failed", payment.id), ("settled", payment.id)]
    after = await found(payment)
    assert (after.status, after.failure) == (PaymentStatus.SETTLED, None)


async def test_a_no_after_money_changes_nothing_and_is_marked() -> None:
    payment = await begun()
    async with cashier_says(collects=[paid(reference=reference(payment))]):
        await paying.ask(payment.user_id, payment.id)
        for _ in range(2):
            await paying.hear("scripted", payment.id, FAILED)
        assert CAUSE.happened == [("settled", payment.id)]
    assert (await found(payment)).status is PaymentStatus.SETTLED
    assert await takings_of(payment.id) == [(reference(payment), 10_000, None, True)]


@pytest.mark.parametrize(
    ("minor", "currency", "why"),
    [
        (9_999, "CNY", WhyUnmatched.WRONG_AMOUNT),
        (10_001, "CNY", WhyUnmatched.WRONG_AMOUNT),
        (10_000, "USD", WhyUnmatched.FOREIGN_CURRENCY),
    ],
)
async def test_money_that_does_not_fit_lies_apart_once(minor: int, currency: str, why: WhyUnmatched) -> None:
    payment = await begun()
    odd = paid(minor, reference(payment, "odd"), currency)
    async with cashier_says(collects=[odd]):
        assert (await paying.ask(payment.user_id, payment.id)).status is PaymentStatus.FAILED
        await paying.hear("scripted", payment.id, odd)
        assert CAUSE.happened == [("failed", payment.id)]
        # The right money may come all the same.
        await paying.hear("scripted", payment.id, paid(reference=reference(payment)))
    assert (await found(payment)).status is PaymentStatus.SETTLED
    assert await takings_of(payment.id) == [
        (reference(payment, "odd"), minor, why, False),
        (reference(payment), 10_000, None, False),
    ]


async def test_a_second_payment_and_an_unknown_one_and_one_that_nobody_wants_lie_apart() -> None:
    payment, unwanted, strange = await begun(), await begun(), new_id()
    async with cashier_says(collects=[PENDING]):
        for word in ("first", "second", "second"):
            await paying.hear("scripted", payment.id, paid(reference=reference(payment, word)))
        CAUSE.takes = False
        await paying.hear("scripted", unwanted.id, paid(reference=reference(unwanted)))
        for order_id in (strange, f"shop-{strange}"):
            await paying.hear("scripted", order_id, FAILED)
            for _ in range(2):
                await paying.hear("scripted", order_id, paid(7, f"R-{order_id}"))
        # Of another cashier's order nothing is known either.
        await paying.hear("other", payment.id, paid(reference=reference(payment, "other")))
    assert await takings_of(payment.id, unwanted.id, strange, f"shop-{strange}") == [
        (reference(payment, "first"), 10_000, None, False),
        (reference(payment, "second"), 10_000, WhyUnmatched.SECOND_PAYMENT, False),
        (reference(unwanted), 10_000, WhyUnmatched.NOTHING_OWED, False),
        (f"R-{strange}", 7, WhyUnmatched.UNKNOWN_PAYMENT, False),
        (f"R-shop-{strange}", 7, WhyUnmatched.UNKNOWN_PAYMENT, False),
        (reference(payment, "other"), 10_000, WhyUnmatched.UNKNOWN_PAYMENT, False),
    ]


async def test_what_lies_apart_lies_in_an_account_of_its_own() -> None:
    payment = await begun()
    async with cashier_says(collects=[PENDING]):
        await paying.hear("scripted", payment.id, paid(12_345, reference(payment)))
        await paying.hear("scripted", f"shop-{payment.id}", paid(7, reference(payment, "x")))
    wanted = select(Taking).where(Taking.order_id.in_([str(payment.id), f"shop-{payment.id}"])).order_by(Taking.id)
    async with reading() as db:
        mine, strange = (await db.execute(wanted)).scalars().all()
        for user_id, taking, minor in ((payment.user_id, mine, 12_345), (NOBODY, strange, 7)):
            balances = await balances_of(db, user_id, taking.id)
            assert dict(balances.by_kind) == {AccountKind.COLLECTED: minor, AccountKind.UNMATCHED: minor}


async def test_one_money_is_not_two_peoples() -> None:
    one, other = await begun(), await begun()
    async with cashier_says(collects=[PENDING]):
        for payment in (one, other):
            await paying.hear("scripted", payment.id, paid(reference=reference(one)))
        assert CAUSE.happened == [("settled", one.id), ("failed", other.id)]
        after = await found(other)
        assert (after.status, after.failure) == (PaymentStatus.FAILED, PaymentFailure.ODD_MONEY)
        assert await takings_of(one.id, other.id) == [(reference(one), 10_000, None, True)]
        # Its own money is money all the same.
        await paying.hear("scripted", other.id, paid(reference=reference(other)))
    assert (await found(other)).status is PaymentStatus.SETTLED


SAYINGS = {
    "page": CashierAnswer(PaymentStatus.NEEDS_ACTION),
    "wait": PENDING,
    "no": FAILED,
    "yes": None,
    "again": None,
    "less": None,
}


def saying(word: str, id: UUID) -> CashierAnswer:
    match word:
        case "yes":
            return paid(reference=f"yes-{id.hex}")
        case "again":
            return paid(reference=f"again-{id.hex}")
        case "less":
            return paid(9_000, reference=f"less-{id.hex}")
        case _:
            return SAYINGS[word] or FAILED


def judge(words: list[str]) -> tuple[str, set[str]]:
    """Written apart: (state, which money settled and which lies apart) after these words."""
    state, takings = "PENDING", set[str]()
    for word in words:
        is_open = state in ("PENDING", "NEEDS_ACTION")
        if word in ("yes", "again", "less") and not any(each.startswith(word) for each in takings):
            fits = state != "SETTLED" and word != "less"
            takings.add(f"{word}:{'settles' if fits else 'apart'}")
            state = "SETTLED" if fits else "FAILED" if is_open else state
        elif word == "no" and is_open:
            state = "FAILED"
        elif word == "wait" and is_open:
            state = "PENDING"
    return state, takings


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.sampled_from(sorted(SAYINGS)), min_size=1, max_size=6))
async def test_whatever_a_cashier_says_it_is_judged_as_by_somebody_apart(words: list[str]) -> None:
    async with cashier_says(collects=[PENDING]), rolled_back() as db:
        payment = await paying.begin(db, SOMEBODY, PaidFor("test", new_id()), Money(10_000, "CNY"))
        for word in words:
            await paying.record(db, payment, saying(word, payment.id))
        await db.flush()
        rows = (await db.execute(select(Taking).where(Taking.order_id == str(payment.id)))).scalars().all()
        heard = {f"{row.reference.partition('-')[0]}:{'apart' if row.why else 'settles'}" for row in rows}
        assert (payment.status, heard) == judge(words)
