"""Foretelling draws: some cashiers tell the person themselves days before, and draw nothing that they did not tell.

Of all that a person signed at once such a cashier tells of one draw at a time: what falls due beside it is told after that. What is
told too late for its day is drawn some days after, and the person is told so.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from domain.agreements import agreements, autopay
from domain.agreements.agreements import OWING
from domain.agreements.autopay import foretell_soon
from domain.agreements.coming import FORETOLD
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import AgreementStanding, standing_of
from domain.payments import cashiers, mandates, payments
from domain.payments.cashiers import Cashier, CashierAway
from domain.payments.draws import Draw
from domain.payments.mandates import Mandate
from domain.payments.payments import Payment
from infra import clock, outbox
from infra.database import Db, transact
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction

ASKED_AGAIN = timedelta(hours=1)  # where the cashier is away
DAY = timedelta(days=1)
log = structlog.get_logger()


@dataclass(frozen=True)
class DrawToTell:
    """What a cashier, by its name, is asked to tell of: what was signed, by its own reference, and what is due when."""

    mandate_id: UUID
    cashier: str
    reference: str
    amount: Money
    due_on: date


@reaction(mandates.SIGNED, stored_as="foretell_after_signing")
async def foretell_after_signing(db: Db, event: Event) -> None:
    """What is due soon was told by others when nothing was signed yet."""
    mandate = await db.get_one(Mandate, (event.user_id, event.subject_id))
    await foretell_soon(db, mandate.user_id, mandate.agreement_id)


@reaction(payments.DRAWN, stored_as="foretell_others")
async def foretell_others(db: Db, event: Event) -> None:
    """What was told is drawn, and what waited for that can be told."""
    payment = await db.get_one(Payment, (event.user_id, event.subject_id))
    mandate = await db.get_one(Mandate, (payment.user_id, payment.mandate_id))
    for each in await mandates.lock_together(db, mandate.user_id, mandate.known_as):
        if each.id == mandate.id:
            each.draws_until = None
        elif each.is_open:
            await foretell_soon(db, each.user_id, each.agreement_id)


@reaction(autopay.FORETELL_DUE, stored_as="foretell_draw", calls_out=True)
async def foretell_draw(event: Event) -> None:
    """Let the cashier tell of it, and again each hour until the day where it is away; from then on each day asks anew."""
    assert event.user_id and event.subject_id, "an agreement is somebody's"
    user_id, agreement_id = event.user_id, event.subject_id
    telling = await transact(lambda db: _begin(db, user_id, agreement_id))
    if telling is None:
        return
    try:
        await cashiers.cashier(telling.cashier).foretell(telling.reference, telling.amount)
    except CashierAway as away:
        log.warning("cashier.away", cashier=telling.cashier, reason=away.reason, mandate_id=str(telling.mandate_id))
        await transact(lambda db: _plan_again(db, user_id, agreement_id, telling))
    else:
        await transact(lambda db: _note(db, user_id, agreement_id, telling))


async def _begin(db: Db, user_id: UUID, agreement_id: UUID) -> DrawToTell | None:
    """Keep the cashier's next telling for what is drawn next of this; None where nothing is to be told, or not yet."""
    seen = await mandates.open_of(db, user_id, agreement_id)
    if seen is None or cashiers.cashier(seen.cashier).draw_days(await clock.now(db)) is None:
        return None
    agreement = await agreements.lock(db, user_id, agreement_id)
    mandate = await mandates.lock_open(db, user_id, agreement_id)
    if agreement is None or mandate is None or mandate.reference is None or agreement.status not in OWING:
        return None
    now, cashier, standing = await clock.now(db), cashiers.cashier(mandate.cashier), await standing_of(db, agreement)
    days, draw = cashier.draw_days(now), await _next(db, standing, mandate)
    if days is None or draw is None or mandate.is_told(draw.due_on, standing.on):
        return None
    if (at := await _told_from(db, standing, mandate, cashier, now)) > now:
        await foretell_soon(db, user_id, agreement_id, at=at)
        return None
    mandate.told_of, mandate.told_amount, mandate.told_at = draw.due_on, draw.amount.minor, None
    mandate.draws_from, mandate.draws_until = days.first, days.last
    return DrawToTell(mandate.id, mandate.cashier, mandate.reference, draw.amount, draw.due_on)


async def _next(db: Db, standing: AgreementStanding, mandate: Mandate) -> Draw | None:
    """What is drawn of all that is due soon."""
    agreement, by = standing.agreement, standing.on + FORETOLD
    rows = standing.kind.live(agreement, standing.events, by).rows
    due = [row for row in rows if row.due_on <= by and row.outstanding]
    paid = await payments.of_cause(db, agreement.user_id, REPAYMENT, agreement.id)
    return autopay.next_draw(standing, due, mandate, paid)


async def _told_from(
    db: Db, standing: AgreementStanding, mandate: Mandate, cashier: Cashier, now: datetime
) -> datetime:
    """From when on it can be told: in a breathing space nobody is pressed, and while another is to be drawn yet nothing else is told."""
    together = await mandates.signed_together(db, mandate.user_id, mandate.known_as)
    # What was told of this agreement before autopay was turned off and on again is in nobody's way.
    others = (each for each in together if each.agreement_id != mandate.agreement_id)
    others_until = (each.draws_until for each in others if each.is_telling(standing.on))
    until = [day for day in (standing.breathes_until, *others_until) if day is not None]
    return max([cashier.draws_from(now), *(clock.begins(day + DAY) for day in until)])


async def _plan_again(db: Db, user_id: UUID, agreement_id: UUID, telling: DrawToTell) -> None:
    again_at = await clock.now(db) + ASKED_AGAIN
    if clock.local_day(again_at) <= telling.due_on:
        await foretell_soon(db, user_id, agreement_id, at=again_at)


async def _note(db: Db, user_id: UUID, agreement_id: UUID, telling: DrawToTell) -> None:
    """Note that it was told; where that is too late for its day, the person is told so by us as well."""
    agreement = await agreements.lock(db, user_id, agreement_id)
    mandate = await mandates.lock_open(db, user_id, agreement_id)
    if agreement is None or mandate is None or mandate.id != telling.mandate_id or mandate.told_of != telling.due_on:
        return
    mandate.told_at = await clock.now(db)
    if mandate.draws_from is not None and mandate.draws_from > telling.due_on:
        autopay.wait_for(agreement, mandate.draws_from)
        await outbox.announce(db, autopay.DRAWN_LATER, user_id=user_id, subject_id=agreement.id)
