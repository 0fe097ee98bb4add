"""Signing, as a story: begin in a transaction, ask the cashier outside of any, record what it says in another.

What a cashier tells unasked only makes us ask: a mandate is signed, or over, when it says so itself. One that was ended here
draws nothing from that moment, and the cashier is asked to end it until it has.
"""

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
    """A mandate that no cashier was asked for yet; `ask` does, and whoever looks after it where this process ends before.

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
    if address:
        mandate.address_sealed = (await vault.seal_of(db, user_id)).close(address, ADDRESS)
    db.add(mandate)
    await db.flush()
    await _plan(db, mandate, next_look(now, now))
    return mandate


async def end(db: Db, mandate: Mandate, why: WhyMandateEnded) -> None:
    """Nothing is drawn by it any more, and the cashier is told at once; one that is over stays as it is."""
    if not mandate.is_open:
        return
    now = await clock.now(db)
    mandate.why, mandate.ended_at, mandate.page_sealed, mandate.address_sealed = why, now, None, None
    await LIFE.move(db, mandate, MandateStatus.ENDED)
    if mandate.gone_at is None:
        await _plan(db, mandate, now)


async def ask(user_id: UUID, mandate_id: UUID) -> Mandate:
    """Ask the cashier where a mandate stands, and record it. It stays as it is where the cashier is away."""
    answer = await _asked(user_id, mandate_id)

    async def recorded(db: Db) -> Mandate:
        mandate = await _locked(db, user_id, mandate_id)
        if answer is not None:
            await record(db, mandate, answer)
        return mandate

    return await transact(recorded)


async def hear(cashier: str, mandate_id: UUID) -> None:
    """The cashier says that something is new of it: look at once. What it says of one that we never gave is nothing."""

    async def planned(db: Db) -> None:
        its = select(Mandate).where(Mandate.id == mandate_id, Mandate.cashier == cashier)
        if (mandate := (await db.execute(its)).scalar_one_or_none()) is not None:
            mandate.gone_at = None  # until it says again that it is over
            await _plan(db, mandate, await clock.now(db))

    await transact(planned)


async def look_soon(db: Db, user_id: UUID, mandate_id: UUID) -> None:
    """Ask where it stands as soon as this transaction is over, as after a draw that failed."""
    await outbox.announce(db, LOOK_DUE, user_id=user_id, subject_id=mandate_id)


async def record(db: Db, mandate: Mandate, answer: MandateAnswer) -> None:
    """Write down what the cashier says of a mandate, which is locked. Said again, it changes nothing."""
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
        if (await db.get_one(Mandate, (user_id, mandate_id))).is_known_to_be_over:
            return
    answer = await _asked(user_id, mandate_id)

    async def recorded(db: Db) -> None:
        mandate, now = await _locked(db, user_id, mandate_id), await clock.now(db)
        if answer is not None:
            await record(db, mandate, answer)
        is_answered = answer is not None and mandate.status is MandateStatus.SIGNED
        if mandate.status is MandateStatus.PENDING and now >= mandate.expires_at:
            await end(db, mandate, WhyMandateEnded.UNSIGNED)
        elif not is_answered and not mandate.is_known_to_be_over:
            since = mandate.ended_at or mandate.begun_at
            await _plan(db, mandate, next_look(since, now))

    await transact(recorded)


async def _asked(user_id: UUID, mandate_id: UUID) -> MandateAnswer | None:
    """What the cashier says now; None where it says nothing, or is away."""
    async with reading() as db:
        mandate = await db.get_one(Mandate, (user_id, mandate_id))
        order = await mandates.order_of(db, mandate)
    cashier = cashiers.cashier(mandate.cashier)
    try:
        if mandate.status is MandateStatus.ENDED:
            return await cashier.withdraw(order)
        if mandate.answered_at is None:
            return await cashier.sign(order)
        found = await cashier.look_up_mandate(order)
        # What was signed and is not known any more was withdrawn: some cashiers forget it then.
        is_forgotten = found is None and mandate.status is MandateStatus.SIGNED
        return MandateAnswer(MandateStatus.ENDED) if is_forgotten else found
    except CashierAway as away:
        log.warning("cashier.away", cashier=mandate.cashier, reason=away.reason, mandate_id=str(mandate.id))
        return None


async def _locked(db: Db, user_id: UUID, mandate_id: UUID) -> Mandate:
    its = select(Mandate).where(Mandate.user_id == user_id, Mandate.id == mandate_id)
    found = (await db.execute(its.with_for_update().execution_options(populate_existing=True))).scalar_one()
    await clock.catch_up(db)
    return found


async def _plan(db: Db, mandate: Mandate, at: datetime) -> None:
    await outbox.announce(db, LOOK_DUE, user_id=mandate.user_id, subject_id=mandate.id, due_at=at)
