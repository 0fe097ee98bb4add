"""Showing: one product at one position of a person's matches, with the chance that it stood there; what came of it is added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.matching.matcher import OddsBand
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.ids import new_id
from infra.vault import Seal, seal_of

ROW = "showings.row"


class Showing(Entity):
    """`list_id` names what the list was computed from, so the same list read again is not shown anew.

    `propensity` is the chance that this product stood at this position (counted from 0). Decisions, acceptances and
    repayments are read from the application.
    """

    __tablename__ = "showings"

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    list_id: Mapped[UUID]
    product_id: Mapped[UUID]
    position: Mapped[int]
    propensity: Mapped[float]
    is_explored: Mapped[bool]
    is_personal: Mapped[bool]
    model_version: Mapped[str]
    odds: Mapped[float | None]
    odds_band: Mapped[OddsBand | None]
    wish: Mapped[float | None]
    value: Mapped[float]
    row_sealed: Mapped[bytes | None]  # what the models read of this person and product
    shown_at: Mapped[datetime]
    opened_at: Mapped[datetime | None] = mapped_column(default=None)
    application_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "list_id", "product_id", unique=True),
        Index(None, "user_id", "product_id", "shown_at"),
        Index(None, "shown_at", "product_id"),
    )


Index("ix_showings_opened_at", Showing.opened_at, postgresql_where=Showing.opened_at.is_not(None))
Index("ix_showings_application_id", Showing.application_id, postgresql_where=Showing.application_id.is_not(None))


@dataclass(frozen=True)
class Shown:
    """A showing as it is answered. `columns`: what the models read of this person and product; None where they read nothing.

    `odds_band` is the band that the odds lie in, told or not: a band that was withdrawn can only earn its word back by
    what is still decided in it.
    """

    list_id: UUID
    product_id: UUID
    position: int
    propensity: float
    is_explored: bool
    is_personal: bool
    model_version: str
    odds: float | None
    odds_band: OddsBand | None
    wish: float | None
    value: float
    columns: Mapping[str, float | None] | None

    @property
    def key(self) -> tuple[UUID, UUID]:
        """A person is shown it once."""
        return self.list_id, self.product_id


async def record(db: Db, user_id: UUID, shown: Sequence[Shown]) -> None:
    """Write down what was shown, once however often the same list is read. Nothing is kept of who was erased."""
    if not shown:
        return
    try:
        seal = await seal_of(db, user_id)
    except LookupError:
        return
    rows = [_row(user_id, one, seal) for one in shown]
    written = insert(Showing).values(shown_at=func.longan_now())
    await db.execute(written.on_conflict_do_nothing(index_elements=["user_id", "list_id", "product_id"]), rows)


def _row(user_id: UUID, shown: Shown, seal: Seal) -> dict[str, Any]:
    plain = {each.name: getattr(shown, each.name) for each in fields(shown) if each.name != "columns"}
    sealed = None if shown.columns is None else seal.close(dict(shown.columns), ROW)
    return {"user_id": user_id, "id": new_id(), "row_sealed": sealed} | plain
