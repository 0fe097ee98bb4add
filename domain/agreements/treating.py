"""Treating: the partner confirms what was done, and that is owed from then; what was not done the person can give up."""

from collections.abc import Sequence
from uuid import UUID

from domain.actors import PartnerActor, UserActor
from domain.agreements import agreements, booking, counting, limits, moving, treatments
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.kinds import KINDS
from domain.agreements.standings import standing_of
from domain.agreements.treatments import Cancellation, Treatment
from domain.applications import offers
from infra import clock, outbox, receipts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.money import Money
from infra.words import N_

AGREEMENT, AMOUNT = ("input", "agreementId"), ("input", "amount")
REFERENCE, REASON = ("input", "reference"), ("input", "reason")
REFERENCE_MAX, WORDS_MAX = 128, 500


async def confirm(
    db: Db, actor: PartnerActor, agreement_id: UUID, amount: Money, reference: str | None, key: str
) -> Agreement:
    """A part of the treatment was done: so much of the price is owed from today, once however often it is said.

    Refuses NOT_FOUND, NOT_OPEN, INVALID, and LIMIT_EXCEEDED more than what is not treated yet.
    """
    input = {"agreementId": agreement_id, "amount": [amount.minor, amount.currency], "reference": reference}
    receipt = await receipts.claim(db, actor=actor.name, operation="confirmTreatment", key=key, input=input)
    agreement = await agreements.lock_of_partner(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    if reference is not None and len(reference) > REFERENCE_MAX:
        raise invalid(N_("A reference has up to {most} characters."), REFERENCE, most=REFERENCE_MAX)
    await _refuse_closed(db, agreement)
    before = await treatments.of_agreement(db, agreement)
    _refuse_amount(agreement, amount, _untreated(agreement, before))
    fee = share_of_fee(agreement, before, amount.minor)
    done = Treatment(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        amount=amount.minor,
        fee=fee,
        confirmed_at=await clock.now(db),
        reference=reference,
    )
    db.add(done)
    await db.flush()
    await booking.book_got(db, agreement, done.id, done.amount, done.fee)
    receipt.result_id = agreement.id
    return agreement


async def cancel(db: Db, actor: UserActor, agreement_id: UUID, reason: str, key: str) -> Agreement:
    """Give up what was not treated, once however often it is said: it is never owed; what was treated is paid as planned.

    Where nothing was treated all of it is unwound. Refuses NOT_FOUND, RATE_LIMITED, INVALID, and NOT_OPEN where there is
    nothing to cancel.
    """
    receipt = await receipts.claim(
        db,
        actor=actor.name,
        operation="cancelTreatment",
        key=key,
        input={"agreementId": agreement_id, "reason": reason},
    )
    agreement = await agreements.lock_own(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    await counting.refuse_too_often(db, actor.user_id, "cancelTreatment")
    if not reason.strip() or len(reason) > WORDS_MAX:
        raise invalid(N_("Say why, in up to {most} characters."), REASON, most=WORDS_MAX)
    await _refuse_closed(db, agreement)
    before = await treatments.of_agreement(db, agreement)
    untreated = _untreated(agreement, before)
    if not untreated:
        raise Refusal(RefusalCode.NOT_OPEN, N_("All of it was treated; nothing is left to cancel."), field=AGREEMENT)
    sealed = (await vault.seal_of(db, actor.user_id)).close(reason.strip(), treatments.REASON)
    db.add(
        Cancellation(
            user_id=agreement.user_id,
            agreement_id=agreement.id,
            amount=untreated,
            reason_sealed=sealed,
            at=await clock.now(db),
        )
    )
    await limits.end(db, agreement)
    await _keep_treated(db, agreement, before)
    await outbox.announce(db, agreements.CANCELLED, user_id=agreement.user_id, subject_id=agreement.id)
    receipt.result_id = agreement.id
    return agreement


async def _keep_treated(db: Db, agreement: Agreement, before: Sequence[Treatment]) -> None:
    """From now on the most that the person can get of it is what they have got."""
    if before:
        agreement.amount, agreement.fee = sum(each.amount for each in before), sum(each.fee for each in before)
        await booking.accrue(db, agreement)
    else:
        await moving.move(db, agreement, AgreementStatus.UNWOUND, *AGREEMENT)
        await offers.end(db, (agreement.user_id, agreement.offer_id))


async def _refuse_closed(db: Db, agreement: Agreement) -> None:
    if not KINDS[agreement.kind].is_treated:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing is treated of this agreement."), field=AGREEMENT)
    standing = await standing_of(db, agreement)
    is_over = standing.ends_on is not None and standing.on >= standing.ends_on
    if agreement.status not in (AgreementStatus.PENDING, *OWING) or is_over:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This agreement is over, so nothing more is treated."), field=AGREEMENT)


def _untreated(agreement: Agreement, before: Sequence[Treatment]) -> int:
    return agreement.amount - sum(each.amount for each in before)


def _refuse_amount(agreement: Agreement, amount: Money, untreated: int) -> None:
    if amount.currency != agreement.currency or amount.minor <= 0:
        raise invalid(N_("Confirm an amount above zero, in {currency}."), AMOUNT, currency=agreement.currency)
    if amount.minor > untreated:
        most = Money(untreated, agreement.currency)
        sentence = N_("Up to {most} {currency} are not treated yet.")
        raise Refusal(RefusalCode.LIMIT_EXCEEDED, sentence, field=AMOUNT, most=str(most), currency=most.currency)


def share_of_fee(agreement: Agreement, before: Sequence[Treatment], amount: int) -> int:
    """The part of the whole fee that this part bears: together they bear all of it, and never more."""
    so_far = sum(each.amount for each in before) + amount
    return agreement.fee * so_far // agreement.amount - sum(each.fee for each in before)
