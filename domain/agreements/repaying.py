"""Repaying: from a wish to pay to money that is booked on its day; and giving back what was paid too much."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.agreements import agreements, booking, counting, quotes
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.standings import AgreementStanding, standing_of
from domain.payments import causes, paying, refunding
from domain.payments.cashiers import PaymentStatus
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from infra import clock, receipts
from infra.database import Db, transact
from infra.errors import Refusal, RefusalCode, invalid
from infra.money import Money
from infra.words import N_

AMOUNT, AGREEMENT, QUOTE = ("input", "amount"), ("input", "agreementId"), ("input", "payoffQuoteId")
# Nothing was paid out of the one, and nothing of the other stands any more.
WITHOUT_DEBT = (AgreementStatus.PENDING, AgreementStatus.UNWOUND)


@dataclass(frozen=True)
class RepayWish:
    """`quote` is a payoff quote's id, whose amount settles all; `address` is from where the person asks."""

    agreement_id: UUID
    amount: Money
    quote: str | None = None
    address: str = field(default="", repr=False)


async def repay(actor: UserActor, wish: RepayWish, key: str) -> Payment:
    """Begin in a transaction, ask the cashier outside of any. Sent again before an answer, it is asked again by the same id.

    Refuses NOT_FOUND, INVALID, RATE_LIMITED, NOT_OPEN where nothing is owed, and STALE a quote that does not hold any more.
    """
    payment = await transact(lambda db: _begin(db, actor, wish, key))
    if payment.answered_at is None and payment.is_open:
        return await paying.ask(payment.user_id, payment.id)
    return payment


async def _begin(db: Db, actor: UserActor, wish: RepayWish, key: str) -> Payment:
    amount = wish.amount
    input = {"agreementId": wish.agreement_id, "amount": [amount.minor, amount.currency], "payoffQuoteId": wish.quote}
    receipt = await receipts.claim(db, actor=actor.name, operation="repay", key=key, input=input)
    if receipt.result_id is not None:
        return await db.get_one(Payment, (actor.user_id, receipt.result_id))
    await counting.refuse_too_often(db, actor.user_id, "repay")
    agreement = await agreements.lock_own(db, actor, wish.agreement_id)
    # Whoever waited for another is judged by what is owed since.
    await clock.catch_up(db)
    standing = await standing_of(db, agreement)
    _refuse_unowed(standing, amount)
    counts_on = _refuse_stale(standing, wish)
    paid_for = PaidFor(REPAYMENT, agreement.id)
    payment = await paying.begin(db, actor.user_id, paid_for, amount, address=wish.address, counts_on=counts_on)
    receipt.result_id = payment.id
    return payment


def _refuse_unowed(standing: AgreementStanding, amount: Money) -> None:
    agreement = standing.agreement
    # What a cashier gave back twice is owed after all was settled.
    if agreement.status not in agreements.OWING and not standing.outstanding:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing is owed on this agreement."), field=AGREEMENT)
    if amount.currency != agreement.currency or amount.minor <= 0:
        raise invalid(N_("Pay an amount above zero, in {currency}."), AMOUNT, currency=agreement.currency)


def _refuse_stale(standing: AgreementStanding, wish: RepayWish) -> date | None:
    """The day from which a payment by a quote counts, whenever the money arrives; None without one."""
    if wish.quote is None:
        return None
    quoted = quotes.opened(wish.quote)
    if quoted is None or quoted.agreement_id != standing.agreement.id:
        raise Refusal(RefusalCode.NOT_FOUND, N_("We could not find this quote."), field=QUOTE)
    if quotes.is_stale(quoted, standing) or quoted.amount != wish.amount.minor:
        raise Refusal(
            RefusalCode.STALE, N_("This quote does not hold any more. Please ask for a new one."), field=QUOTE
        )
    return standing.on


async def refund_credit(actor: UserActor, agreement_id: UUID, key: str) -> None:
    """Give back all credit that is not on its way back already; once however often it is sent.

    Refuses NOT_FOUND, RATE_LIMITED, NOT_OPEN where there is nothing to give back, and NOT_ALLOWED what cannot go back the way it came.
    """
    for refund in await transact(lambda db: _begin_refund(db, actor, agreement_id, key)):
        await refunding.ask(refund.user_id, refund.id)


async def _begin_refund(db: Db, actor: UserActor, agreement_id: UUID, key: str) -> Sequence[Refund]:
    input = {"agreementId": agreement_id}
    receipt = await receipts.claim(db, actor=actor.name, operation="refundCredit", key=key, input=input)
    agreement = await agreements.lock_own(db, actor, agreement_id)
    if receipt.result_id is not None:
        return await _on_their_way(db, agreement)
    await counting.refuse_too_often(db, actor.user_id, "refundCredit")
    await clock.catch_up(db)
    standing = await standing_of(db, agreement)
    credit = standing.credit - sum(refund.amount for refund in await _on_their_way(db, agreement))
    if credit <= 0:
        raise Refusal(RefusalCode.NOT_OPEN, N_("There is nothing to give back."), field=AGREEMENT)
    paid_for = PaidFor(REPAYMENT, agreement.id)
    refunds = await refunding.begin(db, actor.user_id, paid_for, Money(credit, agreement.currency))
    if not refunds:
        sentence = N_("This cannot go back the way it came. We give it back by hand; please write to us.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence, field=AGREEMENT)
    receipt.result_id = agreement.id
    return refunds


async def _on_their_way(db: Db, agreement: Agreement) -> Sequence[Refund]:
    theirs = select(Refund).where(Refund.user_id == agreement.user_id, Refund.cause_id == agreement.id)
    return (await db.execute(theirs.where(Refund.status == PaymentStatus.PENDING))).scalars().all()


class RepaymentCause:
    """What follows when money for an agreement has come, or went back."""

    title = N_("Repayment to Longan")

    async def lock(self, db: Db, user_id: UUID, id: UUID) -> None:
        await agreements.lock(db, user_id, id)

    async def settle(self, db: Db, payment: Payment) -> bool:
        """It counts from the day of its quote, or else from the one on which it was paid: an earlier one replays what follows."""
        agreement = await db.get_one(Agreement, (payment.user_id, payment.cause_id))
        if agreement.status in WITHOUT_DEBT or agreement.currency != payment.currency:
            return False
        assert payment.settled_at is not None, "it was settled just now"
        on = payment.counts_on or clock.local_day(payment.settled_at)
        await booking.book_act(db, agreement, ActKind.PAYMENT, payment.id, payment.amount, on=on)
        return True

    async def fail(self, db: Db, payment: Payment) -> None:
        """Nothing was booked for it, so nothing is taken back."""

    async def settle_refund(self, db: Db, refund: Refund) -> None:
        agreement = await db.get_one(Agreement, (refund.user_id, refund.cause_id))
        await booking.book_act(db, agreement, ActKind.REFUND, refund.id, refund.amount)

    async def fail_refund(self, db: Db, refund: Refund) -> None:
        """It stays credit."""


REPAYMENT = causes.register("repayment", RepaymentCause())
