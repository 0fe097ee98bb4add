"""Repaying: a debt falls once, when money is settled; quotes hold to the cent; what was paid too much goes back once."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from domain.actors import UserActor
from domain.agreements import counting, quotes, repaying
from domain.agreements.agreements import Agreement
from domain.agreements.repaying import RepayWish
from domain.agreements.standings import AgreementStanding, standing_of
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind
from domain.notices.notices import Notice
from domain.payments import refunding
from domain.payments.cashiers import PaymentStatus, RefundAnswer
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from infra.setting_parts import Rate
from integrations.cashier.sandbox import orders
from integrations.cashier.sandbox.orders import SandboxMode, SandboxOrder
from tests.clocks import Clock
from tests.domain.agreements.loans import open_loan, owner, pay_out
from tests.domain.payments.scripted import cashier_says
from tests.working import work_off

K = AccountKind


@pytest.fixture(autouse=True)
async def nothing_planned(house: None) -> None:
    async with transaction() as db:
        await orders.forget(db)


async def go(mode: SandboxMode, times: int = 1) -> None:
    async with transaction() as db:
        await orders.arrange(db, mode, times)


async def drawn_loan(amount: int = 1_200_00, **more: object) -> tuple[Agreement, UserActor]:
    async with transaction() as db:
        agreement = await open_loan(db, amount, **more)  # type: ignore[arg-type]
        await pay_out(db, agreement, amount)
        return agreement, owner(agreement)


async def standing(agreement: Agreement) -> AgreementStanding:
    async with reading() as db:
        return await standing_of(db, await db.get_one(Agreement, (agreement.user_id, agreement.id)))


async def quote_of(agreement: Agreement, on: date | None = None) -> quotes.PayoffQuote:
    quote = quotes.quote(await standing(agreement), on)
    assert quote is not None
    return quote


def wish(agreement: Agreement, minor: int, quote: str | None = None, currency: str = "CNY") -> RepayWish:
    return RepayWish(agreement.id, Money(minor, currency), quote)


async def refused(actor: UserActor, asked: RepayWish) -> tuple[str, object]:
    with pytest.raises(Refusal) as refusal:
        await repaying.repay(actor, asked, str(new_id()))
    return refusal.value.code.value, refusal.value.field


async def count(entity: type[Payment] | type[Refund], user_id: UUID) -> int:
    async with reading() as db:
        return (await db.execute(select(func.count()).where(entity.user_id == user_id))).scalar_one()


async def test_fifty_equal_repayments_are_one() -> None:
    agreement, actor = await drawn_loan()
    key, asked = str(new_id()), wish(agreement, 300_00)
    paid = await asyncio.gather(*(repaying.repay(actor, asked, key) for _ in range(50)))
    assert {(payment.id, payment.status.value) for payment in paid} == {(paid[0].id, "SETTLED")}
    after = await standing(agreement)
    assert (after.outstanding, after.credit, len(after.acts)) == (900_00, 0, 2)
    async with reading() as db:
        balances = await balances_of(db, agreement.user_id, agreement.id)
    assert (balances[K.PRINCIPAL], balances[K.COLLECTED], balances[K.PAYABLE]) == (900_00, 300_00, 300_00)
    assert (await refused_key(actor, wish(agreement, 301_00), key)) == "IDEMPOTENCY_MISMATCH"


async def refused_key(actor: UserActor, asked: RepayWish, key: str) -> str:
    with pytest.raises(Refusal) as refusal:
        await repaying.repay(actor, asked, key)
    return refusal.value.code.value


async def test_who_paid_in_vain_is_told_and_who_was_paid_back_in_vain_too() -> None:
    agreement, actor = await drawn_loan()
    await go(SandboxMode.FAIL)
    await repaying.repay(actor, wish(agreement, 300_00), str(new_id()))
    await work_off(actor.user_id)
    assert await notices_of(actor) == {"payment_failed": agreement.id}
    await repaying.repay(actor, wish(agreement, 1_300_00), str(new_id()))
    async with transaction() as db:
        # The cashier has lost what it knew of the order, so it cannot give back.
        await db.execute(delete(SandboxOrder))
    await repaying.refund_credit(actor, agreement.id, str(new_id()))
    await work_off(actor.user_id)
    assert (await notices_of(actor))["refund_failed"] == agreement.id
    assert (await standing(agreement)).credit == 100_00


async def notices_of(actor: UserActor) -> dict[str, UUID | None]:
    async with reading() as db:
        told = select(Notice.code, Notice.subject_id).where(Notice.user_id == actor.user_id)
        return dict((await db.execute(told.where(Notice.code.like("%_failed")))).all())


@pytest.mark.parametrize("mode", [SandboxMode.FAIL, SandboxMode.ACTION, SandboxMode.DELAY])
async def test_nothing_falls_before_money_is_settled(mode: SandboxMode, clock: Clock) -> None:
    agreement, actor = await drawn_loan()
    await go(mode)
    await repaying.repay(actor, wish(agreement, 300_00), str(new_id()))
    assert (await standing(agreement)).outstanding == 1_200_00
    await clock.forward(minutes=20)
    await work_off(actor.user_id)
    assert (await standing(agreement)).outstanding == (900_00 if mode is SandboxMode.DELAY else 1_200_00)


async def test_a_quote_is_honoured_to_the_cent_however_late_the_money_is_settled(clock: Clock) -> None:
    agreement, actor = await drawn_loan()
    await clock.forward(days=17)
    quote = await quote_of(agreement)
    assert quote.parts.interest > 0
    await go(SandboxMode.DELAY)
    asked = wish(agreement, quote.quoted.amount, quote.token)
    assert (await repaying.repay(actor, asked, str(new_id()))).status == "PENDING"
    # An instalment falls due in between, and is late.
    await clock.forward(days=40)
    await work_off(actor.user_id, agreement.id)
    after = await standing(agreement)
    assert (after.agreement.status, after.outstanding, after.credit) == ("SETTLED", 0, 0)
    async with reading() as db:
        balances = await balances_of(db, agreement.user_id, agreement.id)
    assert (balances.outstanding, balances[K.COLLECTED]) == (0, quote.quoted.amount)
    assert await refused(actor, wish(agreement, 1)) == ("NOT_OPEN", ("input", "agreementId"))


async def test_a_quote_of_another_amount_time_or_agreement_does_not_hold(clock: Clock) -> None:
    agreement, actor = await drawn_loan()
    other, _ = await drawn_loan()
    quote = await quote_of(agreement)
    amount, field = quote.quoted.amount, ("input", "payoffQuoteId")
    assert await refused(actor, wish(agreement, amount - 1, quote.token)) == ("STALE", field)
    assert await refused(actor, wish(agreement, amount, (await quote_of(other)).token)) == ("NOT_FOUND", field)
    assert await refused(actor, wish(agreement, amount, "nonsense")) == ("NOT_FOUND", field)
    await repaying.repay(actor, wish(agreement, 1_00), str(new_id()))
    assert await refused(actor, wish(agreement, amount, quote.token)) == ("STALE", field)
    newer = await quote_of(agreement)
    await clock.forward(days=1)
    assert await refused(actor, wish(agreement, newer.quoted.amount, newer.token)) == ("STALE", field)
    assert await count(Payment, actor.user_id) == 1


@pytest.mark.parametrize(("rate", "answer"), [("0.12", "STALE"), ("0", None)])
async def test_a_quote_for_a_later_day_holds_on_it_and_before_where_no_less_is_owed(
    rate: str, answer: str | None, clock: Clock
) -> None:
    agreement, actor = await drawn_loan(rate=rate)
    quote = await quote_of(agreement, (await standing(agreement)).on + timedelta(days=5))
    asked = wish(agreement, quote.quoted.amount, quote.token)
    if answer:
        assert await refused(actor, asked) == (answer, ("input", "payoffQuoteId"))
        assert await count(Payment, actor.user_id) == 0
        await clock.forward(days=5)
    await repaying.repay(actor, asked, str(new_id()))
    after = await standing(agreement)
    assert (after.agreement.status, after.outstanding, after.credit) == ("SETTLED", 0, 0)


async def test_what_cannot_be_repaid_is_refused_and_leaves_nothing() -> None:
    agreement, actor = await drawn_loan()
    stranger = (await drawn_loan())[1]
    async with transaction() as db:
        undrawn = await open_loan(db)
    amount = ("input", "amount")
    assert await refused(stranger, wish(agreement, 1_00)) == ("NOT_FOUND", ("input", "agreementId"))
    assert await refused(owner(undrawn), wish(undrawn, 1_00)) == ("NOT_OPEN", ("input", "agreementId"))
    assert await refused(actor, wish(agreement, 0)) == ("INVALID", amount)
    assert await refused(actor, wish(agreement, 1_00, currency="USD")) == ("INVALID", amount)
    assert [await count(Payment, who.user_id) for who in (actor, stranger, owner(undrawn))] == [0, 0, 0]


async def test_what_was_paid_too_much_goes_back_once() -> None:
    agreement, actor = await drawn_loan()
    await repaying.repay(actor, wish(agreement, 1_000_00), str(new_id()))
    await repaying.repay(actor, wish(agreement, 250_00), str(new_id()))
    before = await standing(agreement)
    assert (before.outstanding, before.credit, before.agreement.status) == (0, 50_00, "SETTLED")
    key = str(new_id())
    await asyncio.gather(*(repaying.refund_credit(actor, agreement.id, key) for _ in range(10)))
    after = await standing(agreement)
    assert (after.outstanding, after.credit, await count(Refund, actor.user_id)) == (0, 0, 1)
    async with reading() as db:
        balances = await balances_of(db, agreement.user_id, agreement.id)
    assert (balances[K.CREDIT], balances[K.COLLECTED], balances[K.PAYABLE]) == (0, 1_200_00, 1_200_00)
    with pytest.raises(Refusal, match="NOT_OPEN"):
        await repaying.refund_credit(actor, agreement.id, str(new_id()))


async def test_who_moves_money_too_often_is_refused_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "PER_PERSON", Rate(times=2, seconds=86_400))
    agreement, actor = await drawn_loan()
    first = await repaying.repay(actor, wish(agreement, 1_00), key := str(new_id()))
    await repaying.repay(actor, wish(agreement, 1_00), str(new_id()))
    assert await refused(actor, wish(agreement, 1_00)) == ("RATE_LIMITED", None)
    assert await count(Payment, actor.user_id) == 2
    assert (await repaying.repay(actor, wish(agreement, 1_00), key)).id == first.id, "a retry is no other"


async def test_what_goes_back_twice_after_a_no_is_owed_and_can_be_repaid() -> None:
    """The cashier says no, gives the same money back when it is asked anew, and says that the first went back after all."""
    agreement, actor = await drawn_loan()
    await repaying.repay(actor, wish(agreement, 1_000_00), str(new_id()))
    await repaying.repay(actor, wish(agreement, 250_00), str(new_id()))
    no, yes = RefundAnswer(PaymentStatus.FAILED), RefundAnswer(PaymentStatus.SETTLED)
    async with cashier_says(refunds=[no, yes]):
        for _ in range(2):
            await repaying.refund_credit(actor, agreement.id, str(new_id()))
        async with reading() as db:
            refunds = (await db.execute(select(Refund).where(Refund.user_id == actor.user_id))).scalars().all()
        for refund in refunds:
            await refunding.hear(refund.user_id, refund.id, yes)
    after = await standing(agreement)
    assert (after.outstanding, after.credit, after.agreement.status) == (50_00, 0, "SETTLED")
    async with reading() as db:
        assert (await balances_of(db, agreement.user_id, agreement.id))[K.PRINCIPAL] == 50_00
    await repaying.repay(actor, wish(agreement, 50_00), str(new_id()))
    assert (await standing(agreement)).outstanding == 0
    assert await refused(actor, wish(agreement, 1_00)) == ("NOT_OPEN", ("input", "agreementId"))


async def test_who_settles_all_by_one_quote_on_two_phones_pays_once() -> None:
    agreement, actor = await drawn_loan()
    quote = await quote_of(agreement)
    asked = wish(agreement, quote.quoted.amount, quote.token)
    tries = (repaying.repay(actor, asked, str(new_id())) for _ in range(10))
    paid = await asyncio.gather(*tries, return_exceptions=True)
    assert len({each.id for each in paid if isinstance(each, Payment)}) == 1
    assert {each.code.value for each in paid if isinstance(each, Refusal)} <= {"STALE", "NOT_OPEN"}
    assert await count(Payment, actor.user_id) == 1
    after = await standing(agreement)
    assert (after.agreement.status, after.outstanding, after.credit) == ("SETTLED", 0, 0)
