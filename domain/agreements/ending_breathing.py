"""Ending a breathing space before its last day: the person wishes it, or the law does not grant it any more.

Today is still in it. From tomorrow on what is owed bears interest and may be pressed for again; what its days cost less stays so.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, false, select

from domain import changes
from domain.actors import StaffActor
from domain.agreements import booking, breathing, easing_words
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.notices.telling import notify
from domain.people import breathing_spaces
from domain.people.breathing_spaces import BreathingSpace
from domain.permissions import Permission
from infra import clock, outbox, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction
from infra.words import N_

ENDED = declare("breathing_space.ended")


async def end(db: Db, actor: StaffActor, space_id: UUID, reason: str) -> BreathingSpace:
    """Let it be over with today; said again, it is the same.

    Refuses NOT_ALLOWED, INVALID no reason, NOT_FOUND, and NOT_OPEN what is over by itself.
    """
    actor.require(Permission.ANSWER_HARDSHIPS)
    reason = breathing.require_reason(reason)
    user_id = await db.scalar(select(BreathingSpace.user_id).where(BreathingSpace.id == space_id))
    if user_id is None:
        raise not_found(N_("We could not find this breathing space."), ("space",))
    held = await breathing.lock_all(db, user_id)
    its = select(BreathingSpace).where(BreathingSpace.user_id == user_id, BreathingSpace.id == space_id)
    space = (await db.execute(its.with_for_update().execution_options(populate_existing=True))).scalar_one()
    if space.ended_on is not None:
        return space
    await clock.catch_up(db)
    today = await clock.today(db)
    if space.until_on <= today:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This breathing space ends today, or is over."), field=("space",))
    now, sealed = await clock.now(db), (await vault.seal_of(db, user_id)).close(reason, breathing_spaces.END_REASON)
    # All at once: what is ended stays as it is.
    space.ended_on, space.ended_at, space.ended_by, space.end_reason_sealed = today, now, actor.staff_id, sealed
    await db.flush()
    shortened = [each for each in held if await _is_in(db, each, space)]
    for agreement in shortened:
        await booking.book_act(db, agreement, ActKind.PAUSE_ENDED, space.id, 0, on=today, until=today)
    await _keep_evidence(db, space, shortened)
    before, after = {"until": space.until_on.isoformat()}, {"until": today.isoformat()}
    await changes.record(db, actor, "breathing-space", str(space.id), before=before, after=after)
    await outbox.announce(db, ENDED, user_id=user_id, subject_id=space.id)
    return space


async def _is_in(db: Db, agreement: Agreement, space: BreathingSpace) -> bool:
    """What began to be owed after it was recorded was never in it."""
    return any(act.cause_id == space.id for act in (await standing_of(db, agreement)).acts)


async def _keep_evidence(db: Db, space: BreathingSpace, shortened: Sequence[Agreement]) -> None:
    assert space.ended_on is not None and space.ended_at is not None, "it was ended just now"
    content = {
        "breathing_space": str(space.id),
        "ended": [space.ended_on.isoformat(), space.ended_at.isoformat()],
        "agreements": [str(each.id) for each in shortened],
        "by": str(space.ended_by),
    }
    await leaves.add(db, space.user_id, EvidenceKind.DECISION, space.id, content)


def running(actor: StaffActor) -> Select[BreathingSpace]:
    """The breathing spaces that were not ended; none for whoever may not end any."""
    open_ones = select(BreathingSpace).where(BreathingSpace.ended_on.is_(None))
    return open_ones if actor.may(Permission.ANSWER_HARDSHIPS) else open_ones.where(false())


@reaction(ENDED, stored_as="tell_of_breathing_space_ended")
async def tell_of_breathing_space_ended(db: Db, event: Event) -> None:
    space = await db.get_one(BreathingSpace, (event.user_id, event.subject_id))
    await notify(db, space.user_id, easing_words.BREATHING_ENDED, None, last=space.last_on.isoformat())
