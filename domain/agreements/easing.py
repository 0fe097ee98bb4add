"""Easing: an agreement is made lighter for a while, at once within the limits, else as somebody of risk answers.

It counts from the day on which the bad time began: what was charged since is taken back, and what was late is not any more.
"""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from domain import changes
from domain.actors import StaffActor, UserActor
from domain.agreements import agreements, booking, counting, hardships, replanning
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.easing_terms import HardshipWish, acts_of, is_within_limits, refuse_impossible
from domain.agreements.hardships import Hardship, HardshipStatus
from domain.agreements.standings import standing_of
from domain.deadlines import deadlines, working_days
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.permissions import Permission
from infra import clock, outbox, receipts, vault
from infra.database import Db
from infra.errors import invalid, not_found
from infra.words import N_

PROMISED_DAYS = 7  # working days, from the one after that of the request
TEXT_MAX = 2000


async def request(db: Db, actor: UserActor, agreement_id: UUID, wish: HardshipWish, reason: str, key: str) -> Agreement:
    """Grant it at once within the limits, else let it wait for an answer; once however often it is sent.

    Refuses NOT_FOUND, RATE_LIMITED, INVALID, and NOT_OPEN where nothing is to come or one is asked for already.
    """
    said = {"kind": wish.kind, "months": wish.months, "from": wish.from_on, "reason": reason}
    receipt = await receipts.claim(
        db, actor=actor.name, operation="requestHardship", key=key, input={"agreementId": agreement_id, **said}
    )
    if receipt.result_id is not None:
        return await db.get_one(Agreement, (actor.user_id, receipt.result_id))
    await counting.refuse_too_often(db, actor.user_id, "requestHardship")
    agreement = await agreements.lock_own(db, actor, agreement_id)
    standing = await standing_of(db, agreement)
    earlier = await hardships.of_agreement(db, agreement)
    refuse_impossible(standing, wish, earlier)
    hardship = await _ask(db, agreement, wish, _written(reason, "reason"))
    if is_within_limits(standing, wish, earlier):
        await _grant(db, agreement, hardship)
    else:
        await _defer(db, hardship)
    receipt.result_id = agreement.id
    return agreement


def _written(text: str, field: str) -> str:
    if not 1 <= len(text.strip()) <= TEXT_MAX:
        raise invalid(N_("Say why, in up to {most} characters."), ("input", field), most=TEXT_MAX)
    return text.strip()


async def _ask(db: Db, agreement: Agreement, wish: HardshipWish, reason: str) -> Hardship:
    now, today = await clock.now(db), await clock.today(db)
    hardship = Hardship(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        kind=wish.kind,
        months=wish.months,
        from_on=wish.from_on or today,
        reason_sealed=(await vault.seal_of(db, agreement.user_id)).close(reason, hardships.REASON),
        asked_at=now,
        promised_by=working_days.end_after(now, PROMISED_DAYS),
    )
    db.add(hardship)
    await db.flush()
    return hardship


async def _defer(db: Db, hardship: Hardship) -> None:
    owner, id, about = hardship.user_id, hardship.id, hardship.agreement_id
    await outbox.announce(db, hardships.REQUESTED, user_id=owner, subject_id=id)
    await deadlines.begin(db, hardships.ANSWER, owner, id, about, hardship.promised_by)


async def _grant(db: Db, agreement: Agreement, hardship: Hardship) -> None:
    standing = await standing_of(db, agreement)
    wish = HardshipWish(hardship.kind, hardship.months, hardship.from_on)
    for act in acts_of(standing, wish):
        kind = ActKind(act.act)
        hardship.ends_on = act.until
        standing = await booking.book_act(
            db, agreement, kind, hardship.id, 0, on=act.on, until=act.until, number=act.number
        )
    hardship.answered_at = await clock.now(db)
    await hardships.LIFE.move(db, hardship, HardshipStatus.GRANTED)
    await replanning.record(db, standing)
    assert hardship.ends_on is not None, "each has a last day"
    ends_at = clock.begins(hardship.ends_on + timedelta(days=1))
    due_at = max(ends_at, hardship.answered_at)
    await outbox.announce(db, hardships.END_DUE, user_id=hardship.user_id, subject_id=hardship.id, due_at=due_at)


async def answer(db: Db, actor: StaffActor, hardship_id: UUID, *, is_granted: bool, comment: str) -> Hardship:
    """What risk says to a request; said again, it is the same. A no says why.

    Refuses NOT_ALLOWED, NOT_FOUND, INVALID, and NOT_OPEN what was answered otherwise, or an agreement that is over.
    """
    actor.require(Permission.ANSWER_HARDSHIPS)
    owner = (await db.execute(select(Hardship.user_id).where(Hardship.id == hardship_id))).scalar_one_or_none()
    if owner is None:
        raise not_found(N_("We could not find this request."), ("input", "id"))
    agreement, hardship = await _lock(db, owner, hardship_id)
    status = HardshipStatus.GRANTED if is_granted else HardshipStatus.REFUSED
    if hardship.status is status and hardship.staff_id is not None:
        return hardship
    if not is_granted or comment.strip():
        comment = _written(comment, "comment")
        hardship.comment_sealed = (await vault.seal_of(db, owner)).close(comment, hardships.COMMENT)
    hardships.LIFE.require(hardship.status, status, "input", "id")
    before = {"status": hardship.status}
    hardship.staff_id = actor.staff_id
    if is_granted:
        replanning.refuse_unplanned(await standing_of(db, agreement))
        await _grant(db, agreement, hardship)
    else:
        hardship.answered_at = await clock.now(db)
        await hardships.LIFE.move(db, hardship, status)
    await deadlines.end(db, hardships.ANSWER, owner, hardship.id)
    await agreements.touch(db, agreement)
    await _keep_evidence(db, hardship)
    await changes.record(db, actor, "hardship", str(hardship.id), before=before, after={"status": status})
    return hardship


async def _keep_evidence(db: Db, hardship: Hardship) -> None:
    answered = hardship.answered_at
    assert answered is not None and hardship.staff_id is not None, "somebody answered it just now"
    content = {
        "hardship": str(hardship.id),
        "agreement": str(hardship.agreement_id),
        "asked": [hardship.kind, hardship.months, hardship.from_on.isoformat()],
        "answer": hardship.status,
        "answered": answered.isoformat(),
        "by": str(hardship.staff_id),
    }
    await leaves.add(db, hardship.user_id, EvidenceKind.DECISION, hardship.id, content)


async def _lock(db: Db, user_id: UUID, hardship_id: UUID) -> tuple[Agreement, Hardship]:
    """The agreement first, as whoever moves its money locks it."""
    found = await db.get_one(Hardship, (user_id, hardship_id))
    agreement = await agreements.lock(db, user_id, found.agreement_id)
    assert agreement is not None, "a hardship is of an agreement"
    return agreement, await db.get_one(Hardship, (user_id, hardship_id), populate_existing=True, with_for_update=True)


async def end(db: Db, user_id: UUID, hardship_id: UUID) -> None:
    """Once its last day is over the agreement goes on as it is planned; with the agreement it is over too, answered or not."""
    agreement, hardship = await _lock(db, user_id, hardship_id)
    is_over = agreement.status not in agreements.OPEN or _is_over(hardship, await clock.today(db))
    if hardship.status not in hardships.OPEN or not is_over:
        return
    await hardships.LIFE.move(db, hardship, HardshipStatus.ENDED)
    await deadlines.end(db, hardships.ANSWER, user_id, hardship.id)
    await booking.accrue(db, agreement)


def _is_over(hardship: Hardship, today: date) -> bool:
    return hardship.ends_on is not None and hardship.ends_on < today
