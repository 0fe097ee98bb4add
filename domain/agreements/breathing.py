"""Breathing: risk records a legal breathing space, and it counts across all that the person owes, from its first day on.

Interest and fees of its days are taken back where they were booked already; what is due stays due. What begins to be owed
after it was recorded is not in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from domain import changes
from domain.actors import StaffActor
from domain.agreements import agreements, booking, easing_words
from domain.agreements.acts import ActKind
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.standings import AgreementStanding, standing_of
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.money.loans import Act, LoanEvent
from domain.notices.telling import notify
from domain.people import breathing_spaces
from domain.people.breathing_spaces import BreathingSpace
from domain.permissions import Permission
from infra import clock, outbox, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.events import declare
from infra.money import Money
from infra.outbox import Event
from infra.reactions import reaction
from infra.words import N_

RECORDED = declare("breathing_space.recorded")
DAYS_MAX, REASON_MAX = 366, 2000
COUNTED = (*OWING, AgreementStatus.RETURNING)  # what is returned may come back to the person, and is owed then
FROM, UNTIL, REASON = ("from",), ("until",), ("reason",)


@dataclass(frozen=True)
class Spared:
    """What one agreement would cost less."""

    standing: AgreementStanding
    amount: Money


async def preview(db: Db, actor: StaffActor, user_id: UUID, from_on: date, until_on: date) -> Sequence[Spared]:
    """What each agreement would cost less. Refuses what `record` does, but for the reason."""
    await _refuse(db, actor, user_id, from_on, until_on)
    theirs = select(Agreement).where(Agreement.user_id == user_id, Agreement.status.in_(COUNTED)).order_by(Agreement.id)
    found = [await standing_of(db, each) for each in (await db.execute(theirs)).scalars().all()]
    return [_spared(each, event) for each in found if (event := event_of(each, from_on, until_on)) is not None]


def event_of(standing: AgreementStanding, from_on: date, until_on: date) -> LoanEvent | None:
    """What would happen to an agreement; None where it began after the last day."""
    begins = max(from_on, min(act.on for act in standing.acts))
    return LoanEvent(Act.PAUSE, begins, until=until_on, ref="preview") if begins <= until_on else None


def _spared(standing: AgreementStanding, event: LoanEvent) -> Spared:
    before, after = ([row.due.total for row in rows] for rows in (standing.life.rows, standing.with_more(event).rows))
    return Spared(standing, Money(max(0, sum(before) - sum(after)), standing.agreement.currency))


async def record(
    db: Db, actor: StaffActor, user_id: UUID, from_on: date, until_on: date, reason: str
) -> BreathingSpace:
    """Let it count at once; recorded again as it is, it is the same.

    Refuses NOT_ALLOWED, INVALID other days or no reason, and NOT_OPEN what overlaps with another.
    """
    held = await lock_all(db, user_id)
    its = select(BreathingSpace).where(BreathingSpace.user_id == user_id, BreathingSpace.from_on == from_on)
    as_it_is = its.where(BreathingSpace.until_on == until_on, BreathingSpace.ended_on.is_(None))
    same = (await db.execute(as_it_is)).scalar_one_or_none()
    if same is not None and actor.may(Permission.ANSWER_HARDSHIPS):
        return same
    await _refuse(db, actor, user_id, from_on, until_on)
    reason = require_reason(reason)
    space = BreathingSpace(
        user_id=user_id,
        from_on=from_on,
        until_on=until_on,
        reason_sealed=(await vault.seal_of(db, user_id)).close(reason, breathing_spaces.REASON),
        staff_id=actor.staff_id,
        recorded_at=await clock.now(db),
    )
    db.add(space)
    await db.flush()
    for agreement in held:
        event = event_of(await standing_of(db, agreement), from_on, until_on)
        if event is not None:
            await booking.book_act(db, agreement, ActKind.PAUSE, space.id, 0, on=event.on, until=event.until)
    await _keep_evidence(db, space, held)
    after = {"from": from_on.isoformat(), "until": until_on.isoformat()}
    await changes.record(db, actor, "breathing-space", str(space.id), before=None, after=after)
    await outbox.announce(db, RECORDED, user_id=user_id, subject_id=space.id)
    return space


async def lock_all(db: Db, user_id: UUID) -> list[Agreement]:
    """All that the person owes, held one after the other in the order of their ids, as whoever holds many of one person does."""
    theirs = select(Agreement.id).where(Agreement.user_id == user_id, Agreement.status.in_(COUNTED))
    held = [
        await agreements.lock(db, user_id, id) for id in (await db.execute(theirs.order_by(Agreement.id))).scalars()
    ]
    return [each for each in held if each is not None and each.status in COUNTED]


def require_reason(reason: str) -> str:
    """Trimmed. Refuses INVALID none, or too long a one."""
    if not 1 <= len(reason.strip()) <= REASON_MAX:
        raise invalid(N_("Say why, in up to {most} characters."), REASON, most=REASON_MAX)
    return reason.strip()


async def _refuse(db: Db, actor: StaffActor, user_id: UUID, from_on: date, until_on: date) -> None:
    actor.require(Permission.ANSWER_HARDSHIPS)
    if from_on > await clock.today(db):
        raise invalid(N_("It begins today, or began before."), FROM)
    if not 0 <= (until_on - from_on).days < DAYS_MAX:
        raise invalid(
            N_("It ends on the day on which it begins, or up to {most} days later."), UNTIL, most=DAYS_MAX - 1
        )
    others = select(BreathingSpace.id).where(BreathingSpace.user_id == user_id)
    overlaps = others.where(BreathingSpace.from_on <= until_on, BreathingSpace.last_on >= from_on)
    if (await db.execute(overlaps.limit(1))).first() is not None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("A breathing space covers some of these days already."), field=FROM)


async def _keep_evidence(db: Db, space: BreathingSpace, held: Sequence[Agreement]) -> None:
    content = {
        "breathing_space": str(space.id),
        "days": [space.from_on.isoformat(), space.until_on.isoformat()],
        "agreements": [str(each.id) for each in held],
        "recorded": space.recorded_at.isoformat(),
        "by": str(space.staff_id),
    }
    await leaves.add(db, space.user_id, EvidenceKind.DECISION, space.id, content)


@reaction(RECORDED, stored_as="tell_of_breathing_space")
async def tell_of_breathing_space(db: Db, event: Event) -> None:
    space = await db.get_one(BreathingSpace, (event.user_id, event.subject_id))
    days = {"first": space.from_on.isoformat(), "last": space.until_on.isoformat()}
    await notify(db, space.user_id, easing_words.BREATHING_SPACE, None, **days)
