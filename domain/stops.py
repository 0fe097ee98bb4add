"""Stop: money that does not move for now, at one person's word and with a reason; a second person has to agree that it moves again.

Everybody who moves money asks `refuse` or `is_stopped` each time. What is held meanwhile goes on once the stop is lifted.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import approvals, changes
from domain.actors import StaffActor
from domain.market.products import Product
from domain.people.partners import Partner
from domain.permissions import Permission
from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Id
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.events import declare
from infra.money import Money
from infra.records import Record
from infra.words import N_

EVERYTHING = UUID(int=0)
REASON_MAX = 500
LIFTED = declare("stop.lifted", kind=str)
LIFT = approvals.declare("lift-stop", proposes=Permission.STOP_MONEY, approves=Permission.STOP_MONEY)


class StopKind(StrEnum):
    """`DRAW_DOWNS` are stopped of everything, of a partner or of a product; the others of everything alone."""

    DRAW_DOWNS = "DRAW_DOWNS"
    AUTOPAY = "AUTOPAY"  # all that is drawn from people by their mandates
    PAYOUTS = "PAYOUTS"  # all money that leaves us: to people, for them, and to partners


SENTENCES = {
    StopKind.DRAW_DOWNS: N_(
        "Drawing is stopped for now. Nothing else of your agreement changes; please try again later."
    ),
    StopKind.AUTOPAY: N_("Nothing is drawn by itself for now. Please pay yourself what is due."),
    StopKind.PAYOUTS: N_("Payouts are stopped for now. Nothing is lost; please try again later."),
}


class Stop(Entity):
    """A stop of new business, in force until `lifted_at`. `subject_id` is a partner's or a product's id, or EVERYTHING."""

    __tablename__ = "stops"
    __record__ = Record(later=("lifted_at",), closed_by="lifted_at")

    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[StopKind]
    subject_id: Mapped[UUID]
    reason: Mapped[str]
    stopped_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    stopped_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        Index("uq_stops_in_force", "kind", "subject_id", unique=True, postgresql_where="lifted_at IS NULL"),
    )

    @property
    def hash(self) -> str:
        """A hash of all that a second person says yes to when it is lifted."""
        return approvals.hash_of([str(self.id), self.kind, str(self.subject_id), self.reason])


@dataclass(frozen=True)
class Held:
    """What waits for a stop to be lifted: how many of what, and how much money it is, by currency."""

    count: int
    amounts: Sequence[Money]


# By what is stopped, who tells what waits; said by the rooms that hold it.
holders: dict[StopKind, list[Callable[[Db], Awaitable[Held]]]] = {kind: [] for kind in StopKind}


async def stop(db: Db, actor: StaffActor, kind: StopKind, subject_id: UUID, reason: str) -> Stop:
    """At once. Refuses NOT_ALLOWED, INVALID, NOT_FOUND, and NOT_OPEN what is stopped already."""
    actor.require(Permission.STOP_MONEY)
    if not 0 < len(reason) <= REASON_MAX:
        raise invalid(N_("Say why, in 1 to {most} characters."), "reason", most=REASON_MAX)
    if subject_id != EVERYTHING:
        if kind is not StopKind.DRAW_DOWNS:
            raise invalid(N_("Only draw-downs are stopped of one partner or product; this stops for all."), "subject")
        if await db.get(Partner, subject_id) is None and await db.get(Product, subject_id) is None:
            raise not_found(N_("We could not find this partner or product."), "subject")
    if await is_stopped(db, kind, *([] if subject_id == EVERYTHING else [subject_id]), exactly=True):
        raise Refusal(RefusalCode.NOT_OPEN, N_("This is stopped already."), field=("subject",))
    now = await clock.now(db)
    made = Stop(kind=kind, subject_id=subject_id, reason=reason, stopped_by=actor.staff_id, stopped_at=now)
    db.add(made)
    await db.flush()
    after = {"stopped": True, "kind": kind, "of": None if subject_id == EVERYTHING else str(subject_id)}
    await changes.record(db, actor, "stop", str(made.id), before=None, after=after)
    return made


async def propose_lift(db: Db, actor: StaffActor, stop_id: UUID) -> Stop:
    """Ask a second person to agree that it is lifted. Refuses NOT_ALLOWED, NOT_FOUND and NOT_OPEN."""
    found = await _in_force(db, stop_id)
    await approvals.propose(
        db, actor, LIFT, subject=str(found.id), hash=found.hash, title=f"{found.kind}: {found.reason}"
    )
    return found


async def lift(db: Db, actor: StaffActor, stop_id: UUID, seen: str) -> Stop:
    """Agree to it: money moves again. Refuses what `approvals.approve` does."""
    found = await _in_force(db, stop_id)
    await approvals.approve(db, actor, LIFT, subject=str(found.id), seen=seen, now=found.hash)
    found.lifted_at = await clock.now(db)
    await changes.record(db, actor, "stop", str(found.id), before={"stopped": True}, after={"stopped": False})
    await outbox.announce(db, LIFTED, subject_id=found.id, kind=found.kind.value)
    return found


async def keep(db: Db, actor: StaffActor, stop_id: UUID) -> None:
    """Say no to its being lifted. Refuses what `approvals.reject` does."""
    found = await _in_force(db, stop_id)
    await approvals.reject(db, actor, LIFT, subject=str(found.id))


async def is_stopped(db: Db, kind: StopKind, *subjects: UUID, exactly: bool = False) -> bool:
    """Whether this is stopped of everything, or of one of these partners and products; `exactly`: of these, not of all."""
    wanted = subjects if exactly and subjects else (EVERYTHING, *subjects)
    its = select(Stop.id).where(Stop.kind == kind, Stop.subject_id.in_(wanted), Stop.lifted_at.is_(None))
    return (await db.execute(its.limit(1))).first() is not None


async def refuse(db: Db, kind: StopKind, *subjects: UUID, field: tuple[str, ...] = ()) -> None:
    """Refuses NOT_OPEN what is stopped."""
    if await is_stopped(db, kind, *subjects):
        raise Refusal(RefusalCode.NOT_OPEN, SENTENCES[kind], field=field)


async def newest(db: Db, limit: int) -> Sequence[Stop]:
    """Stops: those in force first, then those that were lifted, the newest first."""
    order = Stop.lifted_at.desc().nulls_first(), Stop.stopped_at.desc(), Stop.id
    return (await db.execute(select(Stop).order_by(*order).limit(limit))).scalars().all()


async def list_held(db: Db, kind: StopKind) -> list[Held]:
    """What waits for it to be lifted."""
    return [await told(db) for told in holders[kind]]


async def _in_force(db: Db, stop_id: UUID) -> Stop:
    its = select(Stop).where(Stop.id == stop_id).with_for_update().execution_options(populate_existing=True)
    found = (await db.execute(its)).scalar_one_or_none()
    if found is None:
        raise not_found(N_("We could not find this stop."), "stop")
    if found.lifted_at is not None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This stop was lifted already."), field=("stop",))
    return found
