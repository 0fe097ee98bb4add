"""Delivering: goods come to the person, who confirms it or says nothing for some days; from then on they are owed."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.actors import PartnerActor, UserActor
from domain.agreements import agreements, booking, handovers
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.handovers import SILENCE, Handover
from domain.agreements.kinds import KINDS
from infra import clock, outbox, receipts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.words import N_

AGREEMENT, DELIVERED_AT, REFERENCE = ("input", "agreementId"), ("input", "deliveredAt"), ("input", "reference")
REFERENCE_MAX = 128
REPORTED_WITHIN = timedelta(days=7)


async def confirm(db: Db, actor: UserActor, agreement_id: UUID) -> Agreement:
    """The person has the goods: they are owed from the day on which they came. Said again, it is the same.

    Refuses NOT_FOUND, and NOT_OPEN where nothing is delivered, or nothing any more.
    """
    agreement = await agreements.lock_own(db, actor, agreement_id)
    handover = await _handover(db, agreement)
    if handover.confirmed_at is None:
        await conclude(db, agreement, handover)
    return agreement


async def report(
    db: Db, actor: PartnerActor, agreement_id: UUID, delivered_at: datetime, reference: str | None, key: str
) -> Agreement:
    """The partner says that the goods came. It counts as confirmed once the person has said nothing for some days.

    Refuses NOT_FOUND, NOT_OPEN, INVALID a time that cannot be, and STALE another time than it said before.
    """
    input = {"agreementId": agreement_id, "deliveredAt": delivered_at, "reference": reference}
    receipt = await receipts.claim(db, actor=actor.name, operation="reportDelivery", key=key, input=input)
    agreement = await agreements.lock_of_partner(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    if reference is not None and len(reference) > REFERENCE_MAX:
        raise invalid(N_("A reference has up to {most} characters."), REFERENCE, most=REFERENCE_MAX)
    handover = await _handover(db, agreement)
    if handover.reported_at is None:
        await _take_report(db, agreement, handover, delivered_at, reference)
    elif handover.delivered_at != delivered_at:
        sentence = N_("You reported this delivery before, at another time.")
        raise Refusal(RefusalCode.STALE, sentence, field=DELIVERED_AT)
    receipt.result_id = agreement.id
    return agreement


async def _handover(db: Db, agreement: Agreement) -> Handover:
    """What there is of it, or a new one that nobody has spoken of."""
    if not KINDS[agreement.kind].is_delivered:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing is delivered of this agreement."), field=AGREEMENT)
    if handover := await handovers.of_agreement(db, agreement):
        return handover
    if agreement.status is not AgreementStatus.PENDING:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This agreement was taken back; nothing is delivered."), field=AGREEMENT)
    return Handover(user_id=agreement.user_id, agreement_id=agreement.id, delivered_at=await clock.now(db))


async def _take_report(
    db: Db, agreement: Agreement, handover: Handover, delivered_at: datetime, reference: str | None
) -> None:
    """What the person has confirmed already stays as they said it."""
    now = await clock.now(db)
    earliest = max(agreement.signed_at, now - REPORTED_WITHIN)
    if not earliest <= delivered_at <= now:
        sentence = N_("Name a time after the agreement was made, of the last {most} days, and not ahead.")
        raise invalid(sentence, DELIVERED_AT, most=REPORTED_WITHIN.days)
    handover.reported_at, handover.reference = now, reference
    if handover.confirmed_at is None:
        handover.delivered_at = delivered_at
        db.add(handover)
        user_id, id = agreement.user_id, agreement.id
        await outbox.announce(db, agreements.DELIVERY_REPORTED, user_id=user_id, subject_id=id)
        await outbox.announce(db, agreements.DELIVERY_DUE, user_id=user_id, subject_id=id, due_at=now + SILENCE)
    await agreements.touch(db, agreement)


async def conclude(db: Db, agreement: Agreement, handover: Handover) -> None:
    """Count a delivery as confirmed: from the day of the delivery on the goods are owed, and the instalments follow."""
    handover.confirmed_at = await clock.now(db)
    db.add(handover)
    await db.flush()
    await booking.book_got(db, agreement, handover.id, agreement.amount, agreement.fee, on=handover.delivered_on)
