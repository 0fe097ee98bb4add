"""Approval: a second person's yes to exactly what they saw, by its hash. One mechanism for whatever takes two.

Who proposed and who decided stays for good: a decided row is never changed, and the database refuses whoever tries.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import changes
from domain.actors import StaffActor
from domain.changes import Content
from domain.permissions import Permission
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id
from infra.errors import Refusal, RefusalCode
from infra.lifecycle import without_graph
from infra.records import Record
from infra.words import N_


class ApprovalKind(NamedTuple):
    """What is approved, and what it takes to propose it and to approve it.

    `tells_itself`: its room writes each of its steps into the trail of changes; else the words of both stand there.
    """

    name: str
    proposes: Permission
    approves: Permission
    tells_itself: bool = False


class Verdict(StrEnum):
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class Approval(Entity):
    """`hash` is of all that was proposed of `subject`; undecided while `verdict` is null."""

    __tablename__ = "approvals"
    __record__ = Record(later=("decided_by", "decided_at", "verdict", "comment"), closed_by="verdict")

    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[str]
    subject: Mapped[str]
    hash: Mapped[str]
    title: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    verdict: Mapped[Verdict | None] = mapped_column(
        default=None, info=without_graph("Given once; the database refuses whoever would change it.")
    )
    comment: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        CheckConstraint("verdict <> 'APPROVED' OR decided_by <> proposed_by", name="somebody_else"),
        CheckConstraint("(verdict IS NULL) = (decided_by IS NULL)", name="somebody_decided"),
        Index(None, "kind", "subject", "proposed_at"),
    )


# Two proposals of one thing at once are one.
Index(
    "uq_approvals_undecided", Approval.kind, Approval.subject, unique=True, postgresql_where=Approval.verdict.is_(None)
)

KINDS: dict[str, ApprovalKind] = {}
OWN = N_("You proposed this, so somebody else must approve it.")


def declare(name: str, *, proposes: Permission, approves: Permission, tells_itself: bool = False) -> ApprovalKind:
    """A kind of thing that takes two people; said by the room that it belongs to."""
    assert name not in KINDS, f"two kinds of approval are called {name}"
    KINDS[name] = ApprovalKind(name, proposes, approves, tells_itself)
    return KINDS[name]


def hash_of(content: Any) -> str:
    """The hash of a content; however its keys are ordered, it is the same."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def propose(db: Db, actor: StaffActor, kind: ApprovalKind, *, subject: str, hash: str, title: str) -> Approval:
    """Refuses NOT_ALLOWED, and NOT_OPEN where exactly this waits or was approved already."""
    actor.require(kind.proposes)
    undecided = await _undecided(db, kind, subject)
    if undecided is not None or await is_approved(db, kind, subject, hash):
        raise Refusal(RefusalCode.NOT_OPEN, N_("This has already been proposed."))
    approval = Approval(
        kind=kind.name,
        subject=subject,
        hash=hash,
        title=title,
        proposed_by=actor.staff_id,
        proposed_at=await clock.now(db),
    )
    db.add(approval)
    await db.flush()
    await _tell(db, actor, kind, subject, None, {"word": "PROPOSED"})
    return approval


async def approve(
    db: Db, actor: StaffActor, kind: ApprovalKind, *, subject: str, seen: str, now: str, comment: str = ""
) -> Approval:
    """`seen` is the hash that the approver was shown, `now` that of the thing as it is.

    Refuses NOT_ALLOWED, NOT_OPEN where nothing waits, SECOND_PERSON_REQUIRED to whoever proposed it, and STALE where it is
    not what was proposed, or not what was seen.
    """
    actor.require(kind.approves)
    approval = await _waiting(db, kind, subject)
    if approval.proposed_by == actor.staff_id:
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, OWN)
    if not approval.hash == seen == now:
        raise Refusal(RefusalCode.STALE, N_("This has changed since it was proposed. Please look at it again."))
    return await _decide(db, actor, kind, approval, Verdict.APPROVED, comment)


async def reject(db: Db, actor: StaffActor, kind: ApprovalKind, *, subject: str, comment: str = "") -> Approval:
    """Say no, as whoever could approve it or as its author; then it may be proposed anew."""
    approval = await _waiting(db, kind, subject)
    if approval.proposed_by != actor.staff_id:
        actor.require(kind.approves)
    return await _decide(db, actor, kind, approval, Verdict.REJECTED, comment)


async def is_approved(db: Db, kind: ApprovalKind, subject: str, hash: str) -> bool:
    """Whether two people have said yes to exactly this."""
    given = _of(kind).where(Approval.subject == subject, Approval.hash == hash, Approval.verdict == Verdict.APPROVED)
    return (await db.execute(given.limit(1))).first() is not None


async def was_approved_by(db: Db, actor: StaffActor, kind: ApprovalKind, *, subject: str, hash: str) -> bool:
    """Whether this member of staff said yes to exactly this: saying it again changes nothing."""
    given = _of(kind).where(Approval.subject == subject, Approval.hash == hash, Approval.verdict == Verdict.APPROVED)
    return (await db.execute(given.where(Approval.decided_by == actor.staff_id).limit(1))).first() is not None


async def waits(db: Db, kind: ApprovalKind, *, subject: str, hash: str) -> bool:
    """Whether exactly this waits for somebody's word."""
    undecided = await _undecided(db, kind, subject)
    return undecided is not None and undecided.hash == hash


async def waiting_for(db: Db, actor: StaffActor) -> list[Approval]:
    """What this member of staff may decide now, the oldest first: of others alone."""
    kinds = [kind.name for kind in KINDS.values() if actor.may(kind.approves)]
    open_ones = select(Approval).where(
        Approval.kind.in_(kinds), Approval.verdict.is_(None), Approval.proposed_by != actor.staff_id
    )
    return list((await db.execute(open_ones.order_by(Approval.proposed_at, Approval.id))).scalars())


async def history(db: Db, kind: ApprovalKind, subjects: set[str]) -> dict[str, list[Approval]]:
    """All that was ever proposed of each, the oldest first."""
    found: dict[str, list[Approval]] = {subject: [] for subject in subjects}
    rows = await db.execute(_of(kind).where(Approval.subject.in_(subjects)).order_by(Approval.proposed_at, Approval.id))
    for approval in rows.scalars():
        found[approval.subject].append(approval)
    return found


def _of(kind: ApprovalKind) -> Select[Approval]:
    return select(Approval).where(Approval.kind == kind.name)


async def _undecided(db: Db, kind: ApprovalKind, subject: str) -> Approval | None:
    waiting = _of(kind).where(Approval.subject == subject, Approval.verdict.is_(None))
    return (await db.execute(waiting.with_for_update())).scalar_one_or_none()


async def _waiting(db: Db, kind: ApprovalKind, subject: str) -> Approval:
    approval = await _undecided(db, kind, subject)
    if approval is None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This was not proposed, or has already been decided."))
    return approval


async def _decide(
    db: Db, actor: StaffActor, kind: ApprovalKind, approval: Approval, verdict: Verdict, comment: str
) -> Approval:
    now = await clock.now(db)
    approval.verdict, approval.comment = verdict, comment
    approval.decided_by, approval.decided_at = actor.staff_id, now
    await db.flush()
    await _tell(db, actor, kind, approval.subject, {"word": "PROPOSED"}, {"word": verdict})
    return approval


async def _tell(
    db: Db, actor: StaffActor, kind: ApprovalKind, subject: str, before: Content | None, after: Content
) -> None:
    if not kind.tells_itself:
        await changes.record(db, actor, kind.name, subject, before=before, after=after)
