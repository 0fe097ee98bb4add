"""Foretelling draws: some cashiers tell the person themselves days before, and draw nothing that they did not tell."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from domain.agreements import autopay
from domain.agreements.agreements import OWING, Agreement
from domain.agreements.coming import DRAWN_AGAIN, FORETOLD
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import standing_of
from domain.payments import cashiers, mandates, payments
from domain.payments.cashiers import CashierAway
from domain.payments.mandates import Mandate
from domain.payments.payments import Payment
from infra import clock, outbox
from infra.database import Db, reading, transact
from infra.events import declare
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction

FORETELL_DUE = declare("agreement.foretell_due")  # what a mandate draws of it next
ASKED_AGAIN = timedelta(hours=1)  # where the cashier is away
log = structlog.get_logger()


async def foretell_soon(db: Db, user_id: UUID, agreement_id: UUID, at: datetime | None = None) -> None:
    """Let the cashier know what is drawn next, as soon as this transaction is over, or then."""
    await outbox.announce(db, FORETELL_DUE, user_id=user_id, subject_id=agreement_id, due_at=at)


@reaction(mandates.SIGNED, stored_as="foretell_after_signing")
async def foretell_after_signing(db: Db, event: Event) -> None:
    """What is due soon was told by others when nothing was signed yet."""
    mandate = await db.get_one(Mandate, (event.user_id, event.subject_id))
    await foretell_soon(db, mandate.user_id, mandate.agreement_id)


@reaction(payments.FAILED, stored_as="foretell_second_draw")
async def foretell_second_draw(db: Db, event: Event) -> None:
    payment = await db.get_one(Payment, (event.user_id, event.subject_id))
    if payment.cause == REPAYMENT and payment.attempt is not None and payment.attempt < autopay.ATTEMPTS:
        await foretell_soon(db, payment.user_id, payment.cause_id)


@reaction(FORETELL_DUE, stored_as="foretell_draw", calls_out=True)
async def foretell_draw(event: Event) -> None:
    assert event.user_id and event.subject_id, "an agreement is somebody's"
    user_id, agreement_id = event.user_id, event.subject_id
    async with reading() as db:
        drawn, now = await _drawn_next(db, user_id, agreement_id), await clock.now(db)
    if drawn is None:
        return
    mandate, reference, amount, from_at = drawn
    cashier = cashiers.cashier(mandate.cashier)
    again_at = cashier.draws_from(now) if from_at <= now else from_at
    if again_at <= now:
        try:
            await cashier.foretell(reference, amount)
            return
        except CashierAway as away:
            log.warning("cashier.away", cashier=mandate.cashier, reason=away.reason, mandate_id=str(mandate.id))
            again_at = now + ASKED_AGAIN
    await transact(lambda db: foretell_soon(db, user_id, agreement_id, at=again_at))


async def _drawn_next(db: Db, user_id: UUID, agreement_id: UUID) -> tuple[Mandate, str, Money, datetime] | None:
    """By which mandate, its reference, all that is due by the day of the next draw, and from when on it may be told: in a breathing
    space nobody is pressed, and it is told as soon as that is over. None where none comes soon.
    """
    mandate = await mandates.open_of(db, user_id, agreement_id)
    agreement = await db.get_one(Agreement, (user_id, agreement_id))
    if mandate is None or mandate.reference is None or agreement.status not in OWING:
        return None
    standing = await standing_of(db, agreement)
    by = standing.on + FORETOLD
    rows = [row for row in standing.kind.live(agreement, standing.events, by).rows if row.due_on <= by]
    due = [row for row in rows if row.outstanding]
    if not due or standing.on >= due[-1].due_on + DRAWN_AGAIN[-1]:
        return None
    breathes = standing.breathes_until
    from_at = clock.begins(breathes + timedelta(days=1) if breathes else standing.on)
    return mandate, mandate.reference, Money(sum(row.outstanding for row in due), agreement.currency), from_at
