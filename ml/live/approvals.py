"""Who vouches for a model, and what was done with it: two people before it goes live, and a line for every move."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import approvals, changes
from domain.actors import StaffActor
from domain.approvals import Approval, Verdict
from domain.people import staff
from domain.permissions import Permission
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, Json
from infra.events import declare
from infra.records import Record
from ml.live.store import ModelKind

MODEL = approvals.declare("model", proposes=Permission.VOUCH_FOR_MODELS, approves=Permission.VOUCH_FOR_MODELS)
MODEL_PROMOTED = declare("model.promoted", kind=str, version=str)


class MoveKind(StrEnum):
    PROMOTED = "PROMOTED"
    CHALLENGED = "CHALLENGED"
    WITHDRAWN = "WITHDRAWN"
    ROLLED_BACK = "ROLLED_BACK"


class ModelMove(Entity):
    """What went live, and instead of what. `gate` are the figures of both on the same rows, where they were measured."""

    __tablename__ = "model_moves"
    __record__ = Record()

    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[ModelKind]
    move: Mapped[MoveKind]
    version: Mapped[str]
    before: Mapped[str | None]
    moved_at: Mapped[datetime]
    gate: Mapped[Json] = mapped_column(default_factory=dict)
    moved_by_id: Mapped[UUID | None] = mapped_column(default=None)  # a member of staff; nobody where it moved by itself

    __table_args__ = (Index(None, "kind", "moved_at"),)


async def vouchers(db: Db, versions: set[str]) -> dict[str, list[tuple[str, bool]]]:
    """Who proposed and who approved each version, by name; True for a proposal. What was rejected counts no more."""
    given = await approvals.history(db, MODEL, versions)
    standing = {
        version: [each for each in all_of_it if each.verdict is not Verdict.REJECTED]
        for version, all_of_it in given.items()
    }
    ids = {id for rows in standing.values() for row in rows for id in (row.proposed_by, row.decided_by) if id}
    names = await staff.names_of(db, ids)
    return {version: [word for row in rows for word in _words(row, names)] for version, rows in standing.items()}


def _words(row: Approval, names: dict[UUID, str]) -> list[tuple[str, bool]]:
    approved = [(names[row.decided_by], False)] if row.decided_by else []
    return [(names[row.proposed_by], True), *approved]


async def write_down(
    db: Db, kind: ModelKind, move: MoveKind, version: str, before: str | None, gate: Json, by: StaffActor | None = None
) -> None:
    now, moved_by_id = await clock.now(db), by.staff_id if by else None
    db.add(
        ModelMove(
            kind=kind, move=move, version=version, before=before, moved_at=now, gate=gate, moved_by_id=moved_by_id
        )
    )
    await db.flush()
    if by is not None:
        told = {"move": move, "version": version}
        await changes.record(db, by, "model", kind, before={"version": before}, after=told)


async def moves(db: Db, kind: ModelKind, most: int) -> list[ModelMove]:
    """The latest, newest first."""
    mine = select(ModelMove).where(ModelMove.kind == kind).order_by(ModelMove.moved_at.desc(), ModelMove.id.desc())
    return list((await db.execute(mine.limit(most))).scalars())
