"""Snapshots: what the rules may know of everybody in one sweep, without who they are. Dry runs read them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.market.applicants import Applicant, PeopleColumns, joined, shuffled
from infra import vault
from infra.background import in_background
from infra.database import Db
from infra.entity import Entity
from infra.privacy import Erasure, Export, Privacy
from infra.settings import settings

PLACE = "snapshot_pages.columns"


class SnapshotPage(Entity):
    """The people of one batch, neither named nor in any order of theirs; sealed for the house, gone with the next sweep."""

    __tablename__ = "snapshot_pages"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    range: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    people: Mapped[int]
    columns_sealed: Mapped[bytes]


async def add(db: Db, sweep_id: UUID, range: int, people: Sequence[Applicant]) -> None:
    """The next page of this range."""
    there = select(func.count()).where(SnapshotPage.sweep_id == sweep_id, SnapshotPage.range == range)
    sealed = vault.system_seal().close(shuffled(people).packed(), PLACE)
    number = (await db.execute(there)).scalar_one()
    db.add(SnapshotPage(sweep_id=sweep_id, range=range, number=number, people=len(people), columns_sealed=sealed))
    await db.flush()


async def of_range(db: Db, sweep_id: UUID, range: int) -> PeopleColumns:
    return await _read(db, sweep_id, SnapshotPage.range == range)


async def of_sweep(db: Db, sweep_id: UUID) -> PeopleColumns:
    """Everybody. Remembered until another sweep is asked for: a snapshot never changes."""
    global _last
    if _last is None or _last[0] != sweep_id:
        _last = sweep_id, await _read(db, sweep_id)
    return _last[1]


_last: tuple[UUID, PeopleColumns] | None = None


async def _read(db: Db, sweep_id: UUID, *which: object) -> PeopleColumns:
    pages = select(SnapshotPage.columns_sealed).where(SnapshotPage.sweep_id == sweep_id, *which)  # type: ignore[arg-type]
    sealed = (await db.execute(pages.order_by(SnapshotPage.range, SnapshotPage.number))).scalars().all()
    return await in_background(lambda: _opened(sealed))


def _opened(sealed: Sequence[bytes]) -> PeopleColumns:
    seal = vault.system_seal()
    return joined([_as_now(seal.open(page, PLACE)) for page in sealed])


def _as_now(page: dict[str, Any]) -> dict[str, Any]:
    """A page that was written before people's incomes had a currency, with their places as texts."""
    if "regions" not in page:
        return page
    named = {name: [(*page[f"{name}s"], None)[place] for place in page[name]] for name in ("region", "occupation")}
    return {**page, **named, "grade": page["grade_rank"], "currency": [settings().currency] * len(page["age"])}
