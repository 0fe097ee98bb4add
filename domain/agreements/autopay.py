"""Autopay: what is due is drawn on its day by a mandate that the person signed at the cashier, and once more where it failed."""

from collections.abc import Sequence
from uuid import UUID

from domain.actors import UserActor
from domain.agreements import agreements, counting
from domain.agreements.agreements import OPEN, OWING, Agreement
from domain.agreements.coming import DRAWN_AGAIN
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import AgreementStanding
from domain.payments import draws, mandates, payments, signing
from domain.payments.cashiers import MandateStatus
from domain.payments.causes import PaidFor
from domain.payments.draws import Draw
from domain.payments.mandates import Mandate, WhyMandateEnded
from domain.payments.payments import Payment
from infra import clock
from infra.database import Db, transact
from infra.errors import Refusal, RefusalCode
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction
from infra.words import N_

ATTEMPTS = 2
AGREEMENT = ("input", "agreementId")


async def set_autopay(actor: UserActor, agreement_id: UUID, *, is_on: bool, address: str = "") -> Agreement:
    """Begin a mandate in a transaction and ask the cashier outside of any, or end the one that there is; said again, it is the same.
    `address` is from where the person asks.

    Refuses NOT_FOUND, RATE_LIMITED, and NOT_OPEN to draw for an agreement that is over.
    """
    agreement, mandate = await transact(lambda db: _set(db, actor, agreement_id, is_on, address))
    if mandate is not None and (mandate.answered_at is None or not mandate.is_open):
        await signing.ask(mandate.user_id, mandate.id)
    return agreement


async def _set(
    db: Db, actor: UserActor, agreement_id: UUID, is_on: bool, address: str
) -> tuple[Agreement, Mandate | None]:
    agreement = await agreements.lock_own(db, actor, agreement_id)
    mandate = await mandates.lock_open(db, agreement.user_id, agreement.id)
    if is_on is (mandate is not None):
        return agreement, mandate
    if mandate is not None:
        # Never refused, however often or whatever cannot be counted: each was begun before, and that is counted.
        await signing.end(db, mandate, WhyMandateEnded.PERSON)
    elif agreement.status not in OPEN:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing is still to come on this agreement."), field=AGREEMENT)
    else:
        await counting.refuse_too_often(db, actor.user_id, "setAutopay")
        mandate = await signing.begin(db, agreement.user_id, agreement.id, address=address)
    await agreements.touch(db, agreement)
    return agreement, mandate


async def draw_all(db: Db, standings: Sequence[AgreementStanding]) -> list[AgreementStanding]:
    """Begin what is to be drawn today, of agreements whose rows this transaction holds."""
    due = {_key(standing): standing for standing in standings if standing.due and standing.agreement.status in OWING}
    found = await mandates.open_of_agreements(db, {*due}) if due else {}
    signed = {key: each for key, each in found.items() if each.status is MandateStatus.SIGNED}
    paid = await payments.of_causes(db, {*signed}) if signed else {}
    found_due = [draw_of(due[key], mandate, paid[key]) for key, mandate in signed.items()]
    await draws.begin(db, [draw for draw in found_due if draw is not None])
    return [*standings]


def draw_of(standing: AgreementStanding, mandate: Mandate, paid: Sequence[Payment]) -> Draw | None:
    """What is drawn today of all that is due; None where nothing is.

    Nothing is drawn in a breathing space, or while any payment is on its way, for nobody knows yet whether it pays this; nor for
    what was due before the mandate was signed, unless something else is due with it since.
    """
    due, agreement = standing.due_rows, standing.agreement
    ours = [each for each in paid if each.cause == REPAYMENT]
    if not due or standing.breathes_until is not None or any(each.is_open for each in ours):
        return None
    due_on = due[-1].due_on
    before = [each for each in ours if each.is_drawn and each.due_on == due_on]
    if mandate.signed_at is None or due_on < clock.local_day(mandate.signed_at) or len(before) >= ATTEMPTS:
        return None
    if before and standing.on < clock.local_day(before[0].begun_at) + DRAWN_AGAIN[0]:
        return None
    amount = Money(sum(row.outstanding for row in due), agreement.currency)
    return Draw(mandate, PaidFor(REPAYMENT, agreement.id), amount, due_on, len(before) + 1)


def _key(standing: AgreementStanding) -> tuple[UUID, UUID]:
    return standing.agreement.user_id, standing.agreement.id


async def is_on(db: Db, agreement: Agreement) -> bool:
    mandate = await mandates.open_of(db, agreement.user_id, agreement.id)
    return mandate is not None and mandate.status is MandateStatus.SIGNED


@reaction(agreements.SETTLED, agreements.UNWOUND, stored_as="end_mandate_with_agreement")
async def end_mandate_with_agreement(db: Db, event: Event) -> None:
    assert event.user_id and event.subject_id, "an agreement is somebody's"
    agreement = await agreements.lock(db, event.user_id, event.subject_id)
    mandate = await mandates.lock_open(db, event.user_id, event.subject_id)
    if agreement is not None and agreement.status not in OPEN and mandate is not None:
        await signing.end(db, mandate, WhyMandateEnded.OVER)
