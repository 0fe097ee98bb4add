"""Autopay: what is due is drawn on its day by a mandate that the person signed at the cashier, and once more where it failed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.actors import UserActor
from domain.agreements import agreements, counting, waiting, waiving
from domain.agreements.agreements import OPEN, OWING, Agreement
from domain.agreements.repaying import REPAYMENT
from domain.agreements.standings import AgreementStanding
from domain.money.late_fees import charged_on
from domain.money.loans import PlannedRow
from domain.payments import cashiers, draws, mandates, payments, signing
from domain.payments.cashiers import MandateStatus
from domain.payments.causes import PaidFor
from domain.payments.draws import Draw
from domain.payments.mandates import Mandate, WhyMandateEnded
from domain.payments.payments import Payment
from infra import clock, outbox
from infra.database import Db, transact
from infra.errors import Refusal, RefusalCode
from infra.events import declare
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction
from infra.words import N_

ATTEMPTS = 2
DAY = timedelta(days=1)
DRAWN_AGAIN = timedelta(days=2)  # after the first try
FORETELL_DUE = declare("agreement.foretell_due")  # what a mandate draws of it next
DRAWN_LATER = declare("agreement.drawn_later")  # some days after it was due
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
    """Begin what is to be drawn today, of agreements whose rows this transaction holds; what is drawn later waits for its day."""
    for standing in standings:
        standing.agreement.draws_on = None
    due = {_key(standing): standing for standing in standings if standing.due and standing.agreement.status in OWING}
    found = await mandates.open_of_agreements(db, {*due}) if due else {}
    signed = {key: each for key, each in found.items() if each.status is MandateStatus.SIGNED}
    paid = await payments.of_causes(db, {*signed}) if signed else {}
    begun, since = list[Draw](), dict[tuple[UUID, UUID], date]()
    for key, mandate in signed.items():
        ours = [each for each in paid[key] if each.cause == REPAYMENT]
        standing = due[key] = await _spare(db, due[key], mandate, ours)
        # While any payment is on its way nobody knows whether it pays this.
        is_known = not any(each.is_open for each in ours)
        draw = next_draw(standing, standing.due_rows, mandate, ours) if is_known else None
        is_begun = draw is not None and not await _waits(db, standing, draw)
        if draw is not None and is_begun:
            begun.append(draw)
        if days := [*_are_asked(ours), *_is_to_be_asked(standing, draw, ours, is_begun=is_begun)]:
            since[key] = min(days)
    await draws.begin(db, begun)
    return [await _wait(db, due.get(_key(standing), standing), since.get(_key(standing))) for standing in standings]


async def _wait(db: Db, standing: AgreementStanding, since: date | None) -> AgreementStanding:
    if since is not None:
        return await waiting.begin(db, standing, since)
    return await waiting.end(db, standing.agreement) or standing


def _are_asked(paid: Sequence[Payment]) -> list[date]:
    """Since when draws wait whose end nobody knows."""
    drawn = [(each.attempt, each.due_on, each.begun_at) for each in paid if each.is_drawn and each.is_open]
    return [due_on if due_on and attempt == 1 else clock.local_day(at) for attempt, due_on, at in drawn]


def _is_to_be_asked(
    standing: AgreementStanding, draw: Draw | None, paid: Sequence[Payment], *, is_begun: bool
) -> list[date]:
    """A first draw is late by our doing alone, but where they began to pay by themselves; for a second they had no money before."""
    if draw is None or (draw.attempt > 1 and not is_begun):
        return []
    theirs = [each for each in paid if not each.is_drawn and clock.local_day(each.begun_at) >= draw.due_on - DAY]
    return [standing.on if draw.attempt > 1 or theirs else draw.due_on]


async def _spare(db: Db, standing: AgreementStanding, mandate: Mandate, paid: Sequence[Payment]) -> AgreementStanding:
    """Without the late fees of what was told too late to be tried twice in the days of grace."""
    rows = standing.due_rows if standing.late_fees else []
    return await waiving.spare(
        db, standing, {row.number for row in rows if _is_untold(row, mandate, standing.on, paid)}
    )


def _is_untold(row: PlannedRow, mandate: Mandate, on: date, paid: Sequence[Payment]) -> bool:
    """Whether its cashier tells the person first, and told it too late. Whoever had no money at each try in the days of grace pays
    the fee.
    """
    if mandate.signed_at is None or row.due_on < clock.local_day(mandate.signed_at) or not _is_told_before(mandate, on):
        return False
    tries = [clock.local_day(each.begun_at) for each in paid if each.is_drawn and each.due_on == row.due_on]
    in_grace = [day for day in tries if day < charged_on(row.due_on)]
    return row.due_on not in in_grace and len(in_grace) < ATTEMPTS


async def _waits(db: Db, standing: AgreementStanding, draw: Draw) -> bool:
    """Let it wait for its day, or for the cashier to tell the person first, where it has to."""
    tomorrow, mandate = standing.on + timedelta(days=1), draw.mandate
    if standing.breathes_until is None and draw.is_told_before and not mandate.is_told(draw.due_on, standing.on):
        await foretell_soon(db, *_key(standing))
        wait_for(standing.agreement, tomorrow)
        return True
    days = [draw.from_on, standing.breathes_until and standing.breathes_until + timedelta(days=1)]
    on = max(day for day in [*days, mandate.draws_from if draw.is_told_before else None] if day is not None)
    if on > standing.on:
        wait_for(standing.agreement, on)
        return True
    standing.agreement.draws_on = standing.on
    return False


def wait_for(agreement: Agreement, on: date) -> None:
    """Let what is due be drawn that day, which is to come."""
    agreement.draws_on, agreement.next_on = on, min(agreement.next_on or on, on)


def next_draw(
    standing: AgreementStanding, due: Sequence[PlannedRow], mandate: Mandate, paid: Sequence[Payment]
) -> Draw | None:
    """What is drawn next, of these instalments; None where nothing is any more.

    What was due before the mandate was signed is not drawn, unless something else is due with it since.
    """
    agreement = standing.agreement
    if not due or mandate.signed_at is None:
        return None
    due_on = due[-1].due_on
    before = [each for each in paid if each.is_drawn and each.due_on == due_on]
    if due_on < clock.local_day(mandate.signed_at) or len(before) >= ATTEMPTS:
        return None
    amount, is_told_before = sum(row.outstanding for row in due), _is_told_before(mandate, standing.on)
    if is_told_before and mandate.is_told(due_on, standing.on):
        amount = min(amount, mandate.told_amount or amount)  # no more than the person was told
    return Draw(
        mandate,
        PaidFor(REPAYMENT, agreement.id),
        Money(amount, agreement.currency),
        due_on,
        attempt=len(before) + 1,
        from_on=clock.local_day(before[0].begun_at) + DRAWN_AGAIN if before else due_on,
        is_told_before=is_told_before,
    )


def _is_told_before(mandate: Mandate, on: date) -> bool:
    return cashiers.cashier(mandate.cashier).draw_days(clock.begins(on)) is not None


async def foretell_soon(db: Db, user_id: UUID, agreement_id: UUID, at: datetime | None = None) -> None:
    """Let the cashier tell what is drawn next, as soon as this transaction is over, or then."""
    await outbox.announce(db, FORETELL_DUE, user_id=user_id, subject_id=agreement_id, due_at=at)


async def is_told_later(db: Db, agreement: Agreement) -> bool:
    """Whether the person knows that what is due is drawn some days after its day, today or later."""
    mandate, on = await mandates.open_of(db, agreement.user_id, agreement.id), await clock.today(db)
    is_later = agreement.draws_on is not None and agreement.draws_on >= on
    return is_later and mandate is not None and mandate.told_at is not None and mandate.is_telling(on)


def _key(standing: AgreementStanding) -> tuple[UUID, UUID]:
    return standing.agreement.user_id, standing.agreement.id


async def is_on(db: Db, agreement: Agreement) -> bool:
    mandate = await mandates.open_of(db, agreement.user_id, agreement.id)
    return mandate is not None and mandate.status is MandateStatus.SIGNED


@reaction(mandates.ENDED, stored_as="end_wait_with_mandate")
async def end_wait_with_mandate(db: Db, event: Event) -> None:
    """From now on it is the person who pays."""
    mandate = await db.get_one(Mandate, (event.user_id, event.subject_id))
    if (agreement := await agreements.lock(db, mandate.user_id, mandate.agreement_id)) is not None:
        await waiting.end(db, agreement)


@reaction(agreements.SETTLED, agreements.UNWOUND, stored_as="end_mandate_with_agreement")
async def end_mandate_with_agreement(db: Db, event: Event) -> None:
    assert event.user_id and event.subject_id, "an agreement is somebody's"
    agreement = await agreements.lock(db, event.user_id, event.subject_id)
    mandate = await mandates.lock_open(db, event.user_id, event.subject_id)
    if agreement is not None and agreement.status not in OPEN and mandate is not None:
        await signing.end(db, mandate, WhyMandateEnded.OVER)
