"""Replanning: another due day for what is still to come. What has fallen due stays as it was."""

from datetime import timedelta
from uuid import UUID

from domain.actors import UserActor
from domain.agreements import agreements, booking, counting
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.standings import AgreementStanding, standing_of
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.money.loans import Act, LoanEvent
from infra import clock, outbox, receipts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.ids import new_id
from infra.words import N_

AGREEMENT, DAY = ("input", "agreementId"), ("input", "dayOfMonth")
APART = timedelta(days=180)
LATE = N_("An instalment is late. Please pay it first; or tell us that money is tight, and we look for a way.")


async def change_due_day(db: Db, actor: UserActor, agreement_id: UUID, day: int, key: str) -> Agreement:
    """What is still to come is due on this day of the month, or the last one where the month has no such day; once however
    often it is sent.

    Refuses NOT_FOUND, RATE_LIMITED, NOT_OPEN, INVALID another day than there is, and LIMIT_EXCEEDED what comes too soon after the last.
    """
    input = {"agreementId": agreement_id, "dayOfMonth": day}
    receipt = await receipts.claim(db, actor=actor.name, operation="changeDueDay", key=key, input=input)
    if receipt.result_id is not None:
        return await db.get_one(Agreement, (actor.user_id, receipt.result_id))
    await counting.refuse_too_often(db, actor.user_id, "changeDueDay")
    agreement = await agreements.lock_own(db, actor, agreement_id)
    event = due_day_event(await standing_of(db, agreement), day)
    after = await booking.book_act(db, agreement, ActKind.DUE_DAY, new_id(), 0, number=event.number)
    await record(db, after)
    receipt.result_id = agreement.id
    return agreement


def due_day_event(standing: AgreementStanding, day: int) -> LoanEvent:
    """What would happen today. Refuses as `change_due_day` does."""
    refuse_unplanned(standing)
    if standing.agreement.status is AgreementStatus.PAUSED:
        raise Refusal(
            RefusalCode.NOT_OPEN, N_("Nothing is due now. Please ask again once the pause is over."), field=AGREEMENT
        )
    if standing.agreement.status is not AgreementStatus.ACTIVE:
        raise Refusal(RefusalCode.NOT_OPEN, LATE, field=AGREEMENT)
    if not 1 <= day <= 31:
        raise invalid(N_("A day of the month is from 1 to 31."), DAY)
    if day == standing.due_day:
        raise invalid(N_("Your instalments are due on that day already."), DAY)
    _refuse_too_soon(standing)
    return LoanEvent(Act.DUE_DAY, standing.on, number=day, ref="preview")


def refuse_unplanned(standing: AgreementStanding) -> None:
    """Refuses NOT_OPEN where no instalment is still to come, or none that can be moved."""
    if not standing.kind.is_replanned:
        raise Refusal(RefusalCode.NOT_OPEN, N_("What is due here cannot be moved."), field=AGREEMENT)
    if standing.agreement.status not in agreements.OWING or standing.life.next_due is None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing is still to come on this agreement."), field=AGREEMENT)
    if standing.agreement.status is AgreementStatus.ACTIVE and standing.life.rows[-1].due_on <= standing.on:
        raise Refusal(RefusalCode.NOT_OPEN, N_("The last instalment is due already."), field=AGREEMENT)


def _refuse_too_soon(standing: AgreementStanding) -> None:
    changes = [act.at for act in standing.acts if act.kind is ActKind.DUE_DAY]
    if changes and (again := clock.begins(clock.local_day(changes[-1] + APART))) > clock.begins(standing.on):
        sentence = N_("A due day can be changed once in {days} days.")
        raise Refusal(RefusalCode.LIMIT_EXCEEDED, sentence, field=DAY, retry_at=again, days=APART.days)


async def record(db: Db, standing: AgreementStanding) -> None:
    """Leave evidence of the schedule as it is planned now, and announce it."""
    agreement, now = standing.agreement, await clock.now(db)
    rows = [[row.number, row.due_on.isoformat(), row.due.total] for row in standing.life.rows]
    content = {"agreement": str(agreement.id), "replanned": now.isoformat(), "schedule": rows}
    await leaves.add(db, agreement.user_id, EvidenceKind.AGREEMENT, agreement.id, content)
    await outbox.announce(db, agreements.REPLANNED, user_id=agreement.user_id, subject_id=agreement.id)
