"""Accepting: from an open offer and the documents that the person saw to an agreement; and taking that back in time."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.agreements import agreements, coming, limits, moving, moving_in, moving_out
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.kinds import KINDS
from domain.applications import applications, applied_terms, applying, offers
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.applied_terms import AppliedTerms
from domain.applications.offers import Offer, OfferStatus
from domain.consent import consents
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.money.conventions import Rounding
from domain.money.instalments import Instalment, rounding_of
from domain.people import gates
from infra import clock, receipts
from infra.database import Db, reading, transact
from infra.errors import Refusal, RefusalCode, not_found
from infra.money import Money
from infra.words import N_

OFFER, DOCUMENTS = ("input", "offerId"), ("input", "documents")


async def accept(
    actor: UserActor, offer_id: UUID, documents: Sequence[str], key: str, *, address: str = ""
) -> Agreement:
    """Accept once however often it is sent, and ask the cashier for a deposit outside of any transaction.

    `documents`: the sha256 of each that the person saw, in one language; `address` is from where they ask.
    Refuses NOT_FOUND, OFFER_EXPIRED, NOT_OPEN, STALE other documents, NOT_ALLOWED and STEP_UP_REQUIRED.
    """
    agreement = await transact(lambda db: bind(db, actor, offer_id, documents, key, address))
    if not await moving_in.ask_cashier(agreement):
        return agreement
    async with reading() as db:
        return await db.get_one(Agreement, (actor.user_id, agreement.id))


async def bind(db: Db, actor: UserActor, offer_id: UUID, documents: Sequence[str], key: str, address: str) -> Agreement:
    """The same within a transaction, in which no cashier is asked: that is the caller's to do afterwards."""
    input = {"offerId": offer_id, "documents": sorted(set(documents))}
    receipt = await receipts.claim(db, actor=actor.name, operation="acceptOffer", key=key, input=input)
    if receipt.result_id is not None:
        return await db.get_one(Agreement, (actor.user_id, receipt.result_id))
    application, offer = await _lock(db, actor, offer_id)
    applied = await applied_terms.of_application(db, application)
    await _refuse_closed(db, application, offer, applied)
    seen = _refuse_unseen(offer, documents)
    await gates.refuse_unproven(db, actor, Money(offer.amount, offer.currency))
    agreement = await _make(db, application, offer, applied, seen)
    kind = KINDS[agreement.kind]
    await kind.begin(db, agreement)
    await offers.LIFE.move(db, offer, OfferStatus.ACCEPTED)
    await applications.move(db, application, ApplicationStatus.ACCEPTED)
    if applied.times:
        await moving_in.ask_for_deposit(db, agreement, offer, applied.times, address)
    receipt.result_id = agreement.id
    return agreement


async def _lock(db: Db, actor: UserActor, offer_id: UUID) -> tuple[Application, Offer]:
    """The application first, as whoever withdraws or expires it locks them."""
    mine = select(Offer.application_id).where(Offer.user_id == actor.user_id, Offer.id == offer_id)
    application_id = (await db.execute(mine)).scalar_one_or_none()
    if application_id is None:
        raise not_found(N_("We could not find this offer."), OFFER)
    application = await applications.lock(db, actor, application_id)
    assert application is not None, "an offer is of an application"
    offer = await offers.lock(db, application)
    assert offer is not None, "it was there just now"
    # Whoever waited for another is judged by the time at which their turn came.
    await clock.catch_up(db)
    return application, offer


async def _refuse_closed(db: Db, application: Application, offer: Offer, applied: AppliedTerms) -> None:
    if offer.status is OfferStatus.EXPIRED or (
        offer.status is OfferStatus.OPEN and offer.expires_at <= await clock.now(db)
    ):
        raise Refusal(
            RefusalCode.OFFER_EXPIRED, N_("This offer has expired. Apply again, and we work it out anew."), field=OFFER
        )
    if offer.status is OfferStatus.ACCEPTED:
        raise Refusal(RefusalCode.NOT_OPEN, N_("You have accepted this offer already."), field=OFFER)
    if offer.status is not OfferStatus.OPEN or application.status is not ApplicationStatus.APPROVED:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This offer was withdrawn with its application."), field=OFFER)
    if applied.kind not in KINDS:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Offers of this kind cannot be accepted here yet."), field=OFFER)
    if offer.deposit and not KINDS[applied.kind].holds_deposit:
        raise Refusal(
            RefusalCode.NOT_OPEN,
            N_("Nothing is held for this kind of product any more. Apply again, and we work it out anew."),
            field=OFFER,
        )


def _refuse_unseen(offer: Offer, documents: Sequence[str]) -> list[str]:
    """What the person saw, in the order in which it was shown. Refuses STALE anything but all of it."""
    for shown in offers.documents_by_language(offer).values():
        hashes = [each.sha256 for each in shown]
        if set(documents) == set(hashes):
            return hashes
    sentence = N_("These are not the documents of this offer. Please read them again, then accept.")
    raise Refusal(RefusalCode.STALE, sentence, field=DOCUMENTS)


async def _make(
    db: Db, application: Application, offer: Offer, applied: AppliedTerms, documents: list[str]
) -> Agreement:
    """Bind the terms of the offer, to the cent, and leave evidence of it."""
    now = await clock.now(db)
    agreement = Agreement(
        user_id=offer.user_id,
        application_id=application.id,
        offer_id=offer.id,
        product_id=application.product_id,
        partner_id=application.partner_id,
        kind=applied.kind,
        title=applied.title,
        amount=offer.amount,
        currency=offer.currency,
        term_months=offer.term_months,
        annual_rate=offer.annual_rate or Decimal(0),
        fee=offer.fee,
        cost_cap=applied.cost_cap,
        monthly_payment=offer.monthly_payment,
        rounding=_rounding(offer, applied),
        amortisation=applied.amortisation,
        payment_order=applied.payment_order,
        late_fee_rate=offer.late_fee_rate,
        documents=documents,
        signed_at=now,
        updated_at=now,
    )
    agreement.next_on = coming.waits_until(agreement)
    db.add(agreement)
    await leaves.add(db, offer.user_id, EvidenceKind.AGREEMENT, agreement.id, _evidence_of(agreement, offer))
    return agreement


def _rounding(offer: Offer, applied: AppliedTerms) -> Rounding:
    """By which its instalments were planned, so that what is drawn at once is owed as it was shown, to the cent."""
    instalments = [Instalment(*row) for row in offer.schedule]
    return rounding_of(instalments, offer.annual_rate or Decimal(0), applied.amortisation)


def _evidence_of(agreement: Agreement, offer: Offer) -> dict[str, Any]:
    return {
        "agreement": str(agreement.id),
        "offer": str(offer.id),
        "accepted": agreement.signed_at.isoformat(),
        "documents": agreement.documents,
        "amount": [agreement.amount, agreement.currency],
        "term_months": agreement.term_months,
        "annual_rate": str(agreement.annual_rate),
        "fee": agreement.fee,
        "payment_order": agreement.payment_order.value,
        "late_fee_rate": str(agreement.late_fee_rate),
        "schedule": offer.schedule,
    }


async def withdraw(db: Db, actor: UserActor, application_id: UUID) -> Application:
    """Take an application back, also one whose offer was accepted, for a day and while nothing has begun.

    Refuses what `applying.withdraw` does, and NOT_OPEN an acceptance that is too old or has begun.
    """
    application = await applications.lock(db, actor, application_id)
    if application is None or application.status is not ApplicationStatus.ACCEPTED:
        return await applying.withdraw(db, actor, application_id)
    its = select(Agreement).where(Agreement.user_id == actor.user_id, Agreement.application_id == application.id)
    agreement = (await db.execute(its.with_for_update())).scalar_one_or_none()
    if agreement is None or not await _can_be_taken_back(db, agreement):
        raise Refusal(RefusalCode.NOT_OPEN, agreements.TOO_LATE, field=("input", "applicationId"))
    if KINDS[agreement.kind].holds_deposit:
        await moving_out.undo(db, agreement)
    await limits.end(db, agreement)
    await moving.move(db, agreement, AgreementStatus.UNWOUND)
    await offers.withdraw(db, application)
    await applications.move(db, application, ApplicationStatus.WITHDRAWN, "input", "applicationId")
    await consents.end_for_application(db, actor.user_id, application.id)
    return application


async def _can_be_taken_back(db: Db, agreement: Agreement) -> bool:
    kind = KINDS[agreement.kind]
    if not kind.life.allows(agreement.status, AgreementStatus.UNWOUND):
        return False
    return await clock.catch_up(db) < agreement.cooling_off_until and not await kind.has_begun(db, agreement)
