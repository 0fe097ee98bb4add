"""Reactions that tell people what became of their agreements."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from domain.agreements import (
    agreements,
    autopay,
    autopay_words,
    claim_words,
    deposits,
    draw_downs,
    repaying,
    words,
)
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.draw_downs import DrawDown
from domain.agreements.kinds import KINDS
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import standing_of
from domain.money import late_fees
from domain.notices.kinds import NoticeKind
from domain.notices.telling import notify
from domain.payments import mandates, payments, refunds
from domain.payments.cashiers import PaymentStatus
from domain.payments.mandates import Mandate, WhyMandateEnded
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.people import breathing_spaces
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction

KIND_OF: Mapping[str, NoticeKind] = {
    agreements.SETTLED: words.AGREEMENT_SETTLED,
    agreements.REPLANNED: words.AGREEMENT_REPLANNED,
    agreements.DUE_SOON: words.INSTALMENT_DUE_SOON,
    autopay.DRAWN_LATER: autopay_words.LATER,
    agreements.LATE_FEE_WAIVED: words.LATE_FEE_WAIVED,
    agreements.LAPSED: words.AGREEMENT_LAPSED,
    agreements.OVERDUE: words.INSTALMENT_OVERDUE,
    deposits.DEPOSIT_RETURNED: words.DEPOSIT_RETURNED,
    agreements.DELIVERY_REPORTED: words.DELIVERY_REPORTED,
    agreements.TAKEN_BACK: words.GOODS_TAKEN_BACK,
    agreements.RETURN_REFUSED: words.RETURN_REFUSED,
    deposits.CLAIM_DECIDED: claim_words.CLAIM_DECIDED,
}

PRESSING = (agreements.OVERDUE, agreements.DUE_SOON)


@reaction(agreements.DRAWN, *KIND_OF, stored_as="tell_of_agreement")
async def tell_of_agreement(db: Db, event: Event) -> None:
    """An instalment that was paid meanwhile is not told to be late, and in a breathing space nobody is pressed for any."""
    agreement = await _agreement(db, event.user_id, event.subject_id)
    is_drawn = event.name == agreements.DUE_SOON and await autopay.is_on(db, agreement)
    if is_drawn:
        await autopay.foretell_soon(db, agreement.user_id, agreement.id)
    if event.name in PRESSING and await breathing_spaces.is_in_one(db, agreement.user_id):
        return
    if event.name == agreements.OVERDUE and await autopay.is_told_later(db, agreement):
        return
    if is_drawn:
        await notify(db, agreement.user_id, autopay_words.SOON, agreement.id, product=agreement.title)
    elif event.name != agreements.OVERDUE or agreement.status is AgreementStatus.OVERDUE:
        kind = KINDS[agreement.kind].arrived if event.name == agreements.DRAWN else KIND_OF[event.name]
        assert kind is not None, "whoever announces it has words for it"
        await notify(db, agreement.user_id, kind, agreement.id, product=agreement.title)


@reaction(agreements.LATE_FEE_CHARGED, stored_as="tell_of_late_fee")
async def tell_of_late_fee(db: Db, event: Event) -> None:
    """One that was waived or taken back meanwhile is not told to be charged."""
    agreement = await _agreement(db, event.user_id, event.subject_id)
    if event.data["number"] not in (await standing_of(db, agreement)).late_fees:
        return
    days, product = late_fees.GRACE.days, agreement.title
    await notify(db, agreement.user_id, words.LATE_FEE_CHARGED, agreement.id, product=product, days=days)


@reaction(draw_downs.PAYOUT_FAILED, stored_as="tell_payout_failed")
async def tell_payout_failed(db: Db, event: Event) -> None:
    drawn = await db.get_one(DrawDown, (event.user_id, event.subject_id))
    agreement = await _agreement(db, drawn.user_id, drawn.agreement_id)
    await notify(db, agreement.user_id, words.DRAW_DOWN_FAILED, agreement.id, product=agreement.title)


@reaction(payments.FAILED, stored_as="tell_payment_failed")
async def tell_payment_failed(db: Db, event: Event) -> None:
    """What came after all is not told to have failed, nor what is not to be drawn any more."""
    payment = await db.get_one(Payment, (event.user_id, event.subject_id))
    if payment.cause != REPAYMENT or payment.status is not PaymentStatus.FAILED:
        return
    if not payment.is_drawn:
        await _tell_of_money(db, payment, words.PAYMENT_FAILED)
    elif await repaying.is_to_be_drawn(db, payment):
        is_last = payment.attempt == autopay.ATTEMPTS
        await _tell_of_money(db, payment, autopay_words.FAILED if is_last else autopay_words.FAILED_ONCE)


@reaction(payments.DRAWN, stored_as="tell_of_draw")
async def tell_of_draw(db: Db, event: Event) -> None:
    payment = await db.get_one(Payment, (event.user_id, event.subject_id))
    await _tell_of_money(db, payment, autopay_words.DRAWN)


@reaction(mandates.SIGNED, mandates.ENDED, stored_as="tell_of_mandate")
async def tell_of_mandate(db: Db, event: Event) -> None:
    """Nobody is told of one that they never signed, or that ended with its agreement."""
    mandate = await db.get_one(Mandate, (event.user_id, event.subject_id))
    kind = autopay_words.ON if event.name == mandates.SIGNED else autopay_words.ENDED
    if event.name == mandates.SIGNED or mandate.why in (WhyMandateEnded.PERSON, WhyMandateEnded.WITHDRAWN):
        agreement = await _agreement(db, mandate.user_id, mandate.agreement_id)
        await notify(db, agreement.user_id, kind, agreement.id, product=agreement.title)


@reaction(refunds.FAILED, stored_as="tell_refund_failed")
async def tell_refund_failed(db: Db, event: Event) -> None:
    refund = await db.get_one(Refund, (event.user_id, event.subject_id))
    if refund.cause == REPAYMENT and refund.status is PaymentStatus.FAILED:
        await _tell_of_money(db, refund, words.REFUND_FAILED)


async def _tell_of_money(db: Db, moved: Payment | Refund, kind: NoticeKind) -> None:
    agreement = await _agreement(db, moved.user_id, moved.cause_id)
    await notify(db, agreement.user_id, kind, agreement.id, product=agreement.title)


@reaction(deposits.CLAIM_MADE, stored_as="tell_of_claim")
async def tell_of_claim(db: Db, event: Event) -> None:
    agreement = await _agreement(db, event.user_id, event.subject_id)
    deposit = await deposits.find(db, agreement.user_id, agreement.id)
    assert deposit is not None, "a claim is on a deposit"
    days, product = deposit.dispute_days, agreement.title
    await notify(db, agreement.user_id, claim_words.DEPOSIT_CLAIMED, agreement.id, product=product, days=days)


async def _agreement(db: Db, user_id: UUID | None, id: UUID | None) -> Agreement:
    its = select(Agreement).where(Agreement.user_id == user_id, Agreement.id == id)
    return (await db.execute(its)).scalar_one()
