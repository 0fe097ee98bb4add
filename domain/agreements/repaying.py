"""Repaying: from a wish to pay to money that is booked on its day; and giving back what was paid too much."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.agreements import agreements, booking, counting, deposits, quotes, waiting
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.deposits import DEPOSIT, Deposit
from domain.agreements.kinds import KINDS
from domain.agreements.standings import AgreementStanding, standing_of
from domain.payments import by_hand, causes, paying, payments, refunding
from domain.payments.cashiers import MandateStatus, PaymentStatus
from domain.payments.causes import PaidFor
from domain.payments.mandates import Mandate
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from infra import clock, receipts
from infra.database import Db, transact
from infra.errors import Refusal, RefusalCode, invalid
from infra.money import Money
from infra.words import N_

AMOUNT, AGREEMENT, QUOTE = ("input", "amount"), ("input", "agreementId"), ("input", "payoffQuoteId")


@dataclass(frozen=True)
class RepayWish:
    """`quote` is a payoff quote's id, whose amount settles all; `address` is from where the person asks."""

    agreement_id: UUID
    amount: Money
    quote: str | None = None
    address: str = field(default="", repr=False)


async def repay(actor: UserActor, wish: RepayWish, key: str) -> Payment:
    """Begin in a transaction, ask the cashier outside of any. Sent again before an answer, it is asked again by the same id.

    Before a lease has begun it is the deposit that is paid.

    Refuses NOT_FOUND, INVALID, RATE_LIMITED, NOT_OPEN where nothing is owed, and STALE a quote that does not hold any more.
    """
    payment = await transact(lambda db: begin(db, actor, wish, key))
    if payment.answered_at is None and payment.is_open:
        return await paying.ask(payment.user_id, payment.id)
    return payment


async def begin(db: Db, actor: UserActor, wish: RepayWish, key: str) -> Payment:
    """The same within a transaction, in which no cashier is asked: that is the caller's to do afterwards."""
    amount = wish.amount
    input = {"agreementId": wish.agreement_id, "amount": [amount.minor, amount.currency], "payoffQuoteId": wish.quote}
    receipt = await receipts.claim(db, actor=actor.name, operation="repay", key=key, input=input)
    if receipt.result_id is not None:
        return await db.get_one(Payment, (actor.user_id, receipt.result_id))
    await counting.refuse_too_often(db, actor.user_id, "repay")
    agreement = await agreements.lock_own(db, actor, wish.agreement_id)
    is_pending = agreement.status is AgreementStatus.PENDING
    deposit = await deposits.find(db, actor.user_id, agreement.id) if is_pending else None
    if deposit is not None:
        payment = await _begin_deposit(db, deposit, wish)
    else:
        standing = await standing_of(db, agreement)
        _refuse_unowed(standing, amount)
        counts_on = _refuse_stale(standing, wish)
        payment = await _begin_of_owed(db, standing, wish, counts_on)
    receipt.result_id = payment.id
    return payment


async def _begin_of_owed(db: Db, standing: AgreementStanding, wish: RepayWish, counts_on: date | None) -> Payment:
    """What settles all of it is paid once: where two ask for that at once, both get the payment that is open already."""
    agreement = standing.agreement
    begun = await payments.of_cause(db, agreement.user_id, REPAYMENT, agreement.id) if counts_on else []
    same = (each for each in begun if each.is_open and each.counts_on == counts_on and each.money == wish.amount)
    if still_open := next(same, None):
        return still_open
    paid_for = PaidFor(REPAYMENT, agreement.id)
    return await paying.begin(db, agreement.user_id, paid_for, wish.amount, address=wish.address, counts_on=counts_on)


async def _begin_deposit(db: Db, deposit: Deposit, wish: RepayWish) -> Payment:
    """The payment of a deposit that is still due: the one that is open already, or another after one that failed."""
    if wish.amount != deposit.money:
        sentence = N_("Please pay the deposit first: {amount} {currency}.")
        raise invalid(sentence, AMOUNT, amount=str(deposit.money), currency=deposit.currency)
    begun = await payments.of_cause(db, deposit.user_id, DEPOSIT, deposit.agreement_id)
    if still_open := next((payment for payment in begun if payment.is_open), None):
        return still_open
    paid_for = PaidFor(DEPOSIT, deposit.agreement_id)
    return await paying.begin(db, deposit.user_id, paid_for, deposit.money, address=wish.address)


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
    standing = await standing_of(db, agreement)
    if await _credit_at_hand(db, standing) <= 0:
        raise Refusal(RefusalCode.NOT_OPEN, N_("There is nothing to give back."), field=AGREEMENT)
    refunds = await give_back_credit(db, standing)
    if not refunds:
        sentence = N_("This cannot go back the way it came. We give it back by hand; please write to us.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence, field=AGREEMENT)
    receipt.result_id = agreement.id
    return refunds


async def give_back_credit(db: Db, standing: AgreementStanding) -> Sequence[Refund]:
    """All of it that is not on its way already; none where there is none, or where it cannot go back the way it came, or is said to
    have gone out by hand.
    """
    agreement, credit = standing.agreement, await _credit_at_hand(db, standing)
    paid_for = PaidFor(REPAYMENT, agreement.id)
    if credit <= 0 or await by_hand.is_under_way(db, agreement.user_id, paid_for):
        return []
    return await refunding.begin(db, agreement.user_id, paid_for, Money(credit, agreement.currency))


async def _credit_at_hand(db: Db, standing: AgreementStanding) -> int:
    on_their_way = await _on_their_way(db, standing.agreement) if standing.credit else []
    return standing.credit - sum(refund.amount for refund in on_their_way)


async def _on_their_way(db: Db, agreement: Agreement) -> Sequence[Refund]:
    theirs = select(Refund).where(Refund.user_id == agreement.user_id, Refund.cause_id == agreement.id)
    theirs = theirs.where(Refund.cause == REPAYMENT)
    return (await db.execute(theirs.where(Refund.status == PaymentStatus.PENDING))).scalars().all()


async def is_to_be_drawn(db: Db, payment: Payment) -> bool:
    """Whether at least as much as was to be drawn is due today, outside of a breathing space, and no other payment is on its way."""
    agreement = await db.get_one(Agreement, (payment.user_id, payment.cause_id))
    begun = await payments.of_cause(db, payment.user_id, REPAYMENT, payment.cause_id)
    if agreement.status not in agreements.OWING or any(each.is_open and each.id != payment.id for each in begun):
        return False
    standing = await standing_of(db, agreement)
    return standing.due >= payment.amount and standing.breathes_until is None


async def _end_wait(db: Db, agreement: Agreement, payment: Payment) -> None:
    """What became of a draw is known; but what fell due while it was on its way was not drawn yet, and waits on."""
    if agreement.waits_since is None or payment.due_on is None:
        return
    newest = [row.due_on for row in (await standing_of(db, agreement)).due_rows][-1:]
    if newest <= [payment.due_on]:
        await waiting.end(db, agreement)


async def _look_tomorrow(db: Db, standing: AgreementStanding) -> None:
    """While a payment was on its way nothing was drawn, whoever made it: what is due waits for the next day."""
    agreement = standing.agreement
    if standing.due and agreement.status in agreements.OWING:
        tomorrow = await clock.today(db) + timedelta(days=1)
        agreement.next_on = min(agreement.next_on or tomorrow, tomorrow)


class RepaymentCause:
    """What follows when money for an agreement has come, or went back."""

    title = N_("Repayment to Longan")

    async def lock(self, db: Db, user_id: UUID, id: UUID) -> None:
        await agreements.lock(db, user_id, id)

    async def settle(self, db: Db, payment: Payment) -> bool:
        """A repayment counts from the day of its quote, or else from the one on which it was paid: an earlier one replays what
        follows.

        What comes after an agreement is over goes back at once, as a draw whose end was not known when they paid it themselves.
        """
        agreement = await db.get_one(Agreement, (payment.user_id, payment.cause_id))
        if agreement.currency != payment.currency or not (await standing_of(db, agreement)).acts:
            return False
        assert payment.settled_at is not None, "it was settled just now"
        await _end_wait(db, agreement, payment)
        was_over = agreement.ended_at is not None
        on = payment.counts_on or clock.local_day(payment.settled_at)
        standing = await booking.book_act(db, agreement, ActKind.PAYMENT, payment.id, payment.amount, on=on)
        is_left = KINDS[agreement.kind].holds_deposit and agreement.ended_at is not None
        if was_over or is_left:
            await give_back_credit(db, standing)
        await _look_tomorrow(db, standing)
        return True

    async def is_wanted(self, db: Db, payment: Payment) -> bool:
        """Whether so much is still to be drawn, and the person still lets it be."""
        mandate = await db.get_one(Mandate, (payment.user_id, payment.mandate_id))
        return mandate.status is MandateStatus.SIGNED and await is_to_be_drawn(db, payment)

    async def fail(self, db: Db, payment: Payment) -> None:
        """Nothing was booked for it, so nothing is taken back."""
        agreement = await db.get_one(Agreement, (payment.user_id, payment.cause_id))
        await _end_wait(db, agreement, payment)
        await _look_tomorrow(db, await standing_of(db, agreement))

    async def settle_refund(self, db: Db, refund: Refund) -> None:
        agreement = await db.get_one(Agreement, (refund.user_id, refund.cause_id))
        await booking.book_act(db, agreement, ActKind.REFUND, refund.id, refund.amount)

    async def is_owed_back(self, db: Db, refund: Refund) -> bool:
        """What they paid with since, or got back by another refund, is not credit any more."""
        agreement = await db.get_one(Agreement, (refund.user_id, refund.cause_id))
        return await _credit_at_hand(db, await standing_of(db, agreement)) >= refund.amount

    async def fail_refund(self, db: Db, refund: Refund) -> None:
        """What could not be given back stays credit."""


REPAYMENT = causes.register("repayment", RepaymentCause())
