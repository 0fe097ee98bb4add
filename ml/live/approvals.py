"""Who vouches for a model, and what was done with it: two people before it goes live, and a line for every move."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.people.staff import Staff
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, Json
from infra.events import declare
from ml.live.store import Kind

NEEDED = 2
MODEL_PROMOTED = declare("model.promoted", kind=str, version=str)


class ModelApproval(Entity):
    """One person's word for one version: who proposes it gives the first, somebody else the second."""

    __tablename__ = "model_approvals"

    version: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    kind: Mapped[Kind]
    is_proposal: Mapped[bool]
    given_at: Mapped[datetime]


class Move(StrEnum):
    PROMOTED = "PROMOTED"
    CHALLENGED = "CHALLENGED"
    WITHDRAWN = "WITHDRAWN"
    ROLLED_BACK = "ROLLED_BACK"


class ModelMove(Entity):
    """What went live, and instead of what. `gate` are the figures of both on the same rows, where they were measured."""

    __tablename__ = "model_moves"

    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[Kind]
    move: Mapped[Move]
    version: Mapped[str]
    before: Mapped[str | None]
    moved_at: Mapped[datetime]
    gate: Mapped[Json] = mapped_column(default_factory=dict)

    __table_args__ = (Index(None, "kind", "moved_at"),)


async def given(db: Db, versions: set[str]) -> dict[str, list[tuple[ModelApproval, Staff]]]:
    """Oldest first."""
    rows = await db.execute(
        select(ModelApproval, Staff)
        .join(Staff, Staff.id == ModelApproval.staff_id)
        .where(ModelApproval.version.in_(versions))
        .order_by(ModelApproval.given_at, ModelApproval.staff_id)
    )
    found: dict[str, list[tuple[ModelApproval, Staff]]] = {version: [] for version in versions}
    for approval, member in rows:
        found[approval.version].append((approval, member))
    return found


async def write_down(db: Db, kind: Kind, move: Move, version: str, before: str | None, gate: Json) -> None:
    now = await clock.now(db)
    db.add(ModelMove(kind=kind, move=move, version=version, before=before, moved_at=now, gate=gate))
    await db.flush()


async def moves(db: Db, kind: Kind, most: int) -> list[ModelMove]:
    """The latest, newest first."""
    mine = select(ModelMove).where(ModelMove.kind == kind).order_by(ModelMove.moved_at.desc(), ModelMove.id.desc())
    return list((await db.execute(mine.limit(most))).scalars())
