"""Signing, as a story: begin in a transaction, ask the cashier outside of any, record what it says in another.

Where a cashier lets a person sign once, the mandates of all their agreements are signed at once, and stand there together: asked
of as one, over there for all, and ended there when the last of them has ended here.

What a cashier tells unasked only makes us ask: a mandate is signed, or over, when it says so itself. One that was ended here
draws nothing from that moment, and the cashier is asked to end it until it has.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select

from domain.payments import cashiers, mandates
from domain.payments.cashiers import CashierAway, MandateAnswer, MandateStatus
from domain.payments.looks import next_look
from domain.payments.mandates import ADDRESS, LIFE, LOOK_DUE, PAGE, Mandate, WhyMandateEnded
from infra import clock, outbox, vault
from infra.database import Db, reading, transact
from infra.outbox import Event
from infra.reactions import reaction

log = structlog.get_logger()


async def begin(db: Db, user_id: UUID, agreement_id: UUID, *, address: str = "") -> Mandate:
    """A mandate that no cashier was asked for yet; `ask` does, and whoever looks after it where this process ends before. Where they
    sign once, it is as far as what they have signed there or are about to.

    `address` is from where the person asks.
    """
    now = await clock.now(db)
    mandate = Mandate(
        user_id=user_id,
        agreement_id=agreement_id,
        cashier=cashiers.chosen(),
        begun_at=now,
        expires_at=now + mandates.LASTS,
    )
    signs_once = cashiers.cashier(mandate.cashier).signs_once
    other = await mandates.lock_signed_at(db, user_id, mandate.cashier) if signs_once else None
    if other is not None:
        await _sign_with(db, mandate, other)
        return mandate
    if address:
        mandate.address_sealed = (await vault.seal_of(db, user_id)).close(address, ADDRESS)
    db.add(mandate)
    await db.flush()
    await _plan(db, mandate, next_look(now, now))
    return mandate


async def _sign_with(db: Db, mandate: Mandate, other: Mandate) -> None:
    """Whoever looks after the other looks after this too."""
    mandate.signed_with, mandate.reference, mandate.answered_at = other.known_as, other.reference, other.answered_at
    mandate.page_sealed, mandate.address_sealed, mandate.expires_at = (
        other.page_sealed,
        other.address_sealed,
        other.expires_at,
    )
    db.add(mandate)
    await db.flush()
    if other.status is MandateStatus.SIGNED:
        mandate.signed_at = mandate.begun_at
        await LIFE.move(db, mandate, MandateStatus.SIGNED)


async def end(db: Db, mandate: Mandate, why: WhyMandateEnded) -> None:
    """Nothing is drawn by it any more, and the cashier is told at once where no other stands there with it; one that is over stays
    as it is. It is locked.
    """
    if not mandate.is_open:
        return
    now = await clock.now(db)
    mandate.why, mandate.ended_at, mandate.page_sealed, mandate.address_sealed = why, now, None, None
    await LIFE.move(db, mandate, MandateStatus.ENDED)
    together = await mandates.signed_together(db, mandate.user_id, mandate.known_as)
    if mandate.gone_at is None and not any(each.is_open for each in together):
        await _plan(db, mandate, now)


async def ask(user_id: UUID, mandate_id: UUID) -> Mandate:
    """Ask the cashier where a mandate stands, and record it. It stays as it is where the cashier is away."""
    answer = await _asked(user_id, mandate_id)

    async def recorded(db: Db) -> Mandate:
        together = await _locked(db, user_id, mandate_id)
        if answer is not None:
            await record(db, together, answer)
        return await db.get_one(Mandate, (user_id, mandate_id))

    return await transact(recorded)


async def hear(cashier: str, mandate_id: UUID) -> None:
    """The cashier says that something is new of it: look at once. What it says of one that we never gave is nothing."""

    async def planned(db: Db) -> None:
        its = select(Mandate).where(Mandate.id == mandate_id, Mandate.cashier == cashier)
        if (mandate := (await db.execute(its)).scalar_one_or_none()) is not None:
            for each in await mandates.lock_together(db, mandate.user_id, mandate.known_as):
                each.gone_at = None  # until it says again that it is over
            await _plan(db, mandate, await clock.now(db))

    await transact(planned)


async def look_soon(db: Db, user_id: UUID, mandate_id: UUID) -> None:
    """Ask where it stands as soon as this transaction is over, as after a draw that failed."""
    await outbox.announce(db, LOOK_DUE, user_id=user_id, subject_id=mandate_id)


async def record(db: Db, together: Sequence[Mandate], answer: MandateAnswer) -> None:
    """Write down what the cashier says of what was signed at once, which is locked. Said again, it changes nothing."""
    for mandate in together:
        await _record(db, mandate, answer)


async def _record(db: Db, mandate: Mandate, answer: MandateAnswer) -> None:
    now = await clock.now(db)
    mandate.answered_at = mandate.answered_at or now
    match answer.status:
        case MandateStatus.ENDED:
            mandate.gone_at = mandate.gone_at or now
            was_signed = mandate.status is MandateStatus.SIGNED
            await end(db, mandate, WhyMandateEnded.WITHDRAWN if was_signed else WhyMandateEnded.UNSIGNED)
        case MandateStatus.SIGNED if mandate.status is MandateStatus.PENDING:
            mandate.reference, mandate.signed_at = answer.reference, now
            mandate.page_sealed = mandate.address_sealed = None
            await LIFE.move(db, mandate, MandateStatus.SIGNED)
        case MandateStatus.PENDING if answer.page is not None and mandate.status is MandateStatus.PENDING:
            if mandate.page_sealed is None:
                mandate.page_sealed = (await vault.seal_of(db, mandate.user_id)).close(answer.page, PAGE)
                mandate.expires_at = min(mandate.expires_at, now + (answer.page_lasts or mandates.LASTS))


@reaction(LOOK_DUE, stored_as="look_after_mandate", calls_out=True)
async def look_after_mandate(event: Event) -> None:
    """Ask until it is signed or over; one that is signed and answers so is not asked again before something is heard of it."""
    assert event.user_id and event.subject_id, "a mandate is somebody's"
    user_id, mandate_id = event.user_id, event.subject_id
    async with reading() as db:
        if all(each.is_known_to_be_over for each in await _together(db, user_id, mandate_id)):
            return
    answer = await _asked(user_id, mandate_id)

    async def recorded(db: Db) -> None:
        together, now = await _locked(db, user_id, mandate_id), await clock.now(db)
        if answer is not None:
            await record(db, together, answer)
        mandate = _speaking(together)
        is_answered = answer is not None and mandate.status is MandateStatus.SIGNED
        if mandate.status is MandateStatus.PENDING and now >= mandate.expires_at:
            for each in together:
                await end(db, each, WhyMandateEnded.UNSIGNED)
        elif not is_answered and not all(each.is_known_to_be_over for each in together):
            since = mandate.ended_at or mandate.begun_at
            await _plan(db, mandate, next_look(since, now))

    await transact(recorded)


async def _asked(user_id: UUID, mandate_id: UUID) -> MandateAnswer | None:
    """What the cashier says now; None where it says nothing, or is away."""
    async with reading() as db:
        mandate = _speaking(await _together(db, user_id, mandate_id))
        order, cashier = await mandates.order_of(db, mandate), cashiers.cashier(mandate.cashier)
        waits = cashier.signs_once and await mandates.is_in_the_way(db, mandate)
    try:
        if mandate.status is MandateStatus.ENDED:
            return await cashier.withdraw(order)
        if mandate.answered_at is None:
            return None if waits else await cashier.sign(order)
        found = await cashier.look_up_mandate(order)
        # What was signed and is not known any more was withdrawn: some cashiers forget it then.
        is_forgotten = found is None and mandate.status is MandateStatus.SIGNED
        return MandateAnswer(MandateStatus.ENDED) if is_forgotten else found
    except CashierAway as away:
        log.warning("cashier.away", cashier=mandate.cashier, reason=away.reason, mandate_id=str(mandate.id))
        return None


async def _together(db: Db, user_id: UUID, mandate_id: UUID) -> Sequence[Mandate]:
    mandate = await db.get_one(Mandate, (user_id, mandate_id))
    return await mandates.signed_together(db, user_id, mandate.known_as)


async def _locked(db: Db, user_id: UUID, mandate_id: UUID) -> Sequence[Mandate]:
    mandate = await db.get_one(Mandate, (user_id, mandate_id))
    return await mandates.lock_together(db, user_id, mandate.known_as)


def _speaking(together: Sequence[Mandate]) -> Mandate:
    """The one by which the cashier is asked of all: one that is open; where all have ended, one that was signed."""
    return max(together, key=lambda each: (each.is_open, each.reference is not None))


async def _plan(db: Db, mandate: Mandate, at: datetime) -> None:
    await outbox.announce(db, LOOK_DUE, user_id=mandate.user_id, subject_id=mandate.id, due_at=at)
