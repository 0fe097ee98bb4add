"""Impression: one product at one position of a person's matches, with the chance that it stood there; what came of it is added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Update, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Mapped, mapped_column

from domain.applications.applications import Application
from domain.matching.matcher import OddsBand
from infra import clock
from infra.copying import add_in
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.ids import new_id
from infra.privacy import Erasure, Export, Privacy
from infra.vault import Seal, seal_of

ROW = "showings.row"  # sealed into what is stored, so it stays as it was first called
REMEMBERED = timedelta(days=30)  # what a person does later than this did not come of an impression


class Impression(Entity):
    """`list_id` names what the list was computed from, so the same list read again is not shown anew.

    `propensity` is the chance that this product stood at this position (counted from 0). Decisions, acceptances and
    repayments are read from the application.
    """

    __tablename__ = "impressions"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)

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


Index("ix_impressions_opened_at", Impression.opened_at, postgresql_where=Impression.opened_at.is_not(None))
Index(
    "ix_impressions_application_id", Impression.application_id, postgresql_where=Impression.application_id.is_not(None)
)


@dataclass(frozen=True)
class Shown:
    """An impression as it is answered. `columns`: what the models read of this person and product; None where they read nothing.

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
    now = await clock.now(db)
    await add_in(db, Impression, [_row(user_id, one, seal) | {"shown_at": now} for one in shown])


def _row(user_id: UUID, shown: Shown, seal: Seal) -> dict[str, Any]:
    plain = {each.name: getattr(shown, each.name) for each in fields(shown) if each.name != "columns"}
    sealed = None if shown.columns is None else seal.close(dict(shown.columns), ROW)
    return {"user_id": user_id, "id": new_id(), "row_sealed": sealed} | plain


async def open_latest(db: Db, user_id: UUID, product_ids: set[UUID]) -> int:
    """The person looks at these products: each one's latest impression counts as opened, once. Answers how many now are."""
    now = await clock.now(db)
    latest = await _latest(db, user_id, product_ids, at=now)
    unopened = [impression.id for impression in latest if impression.opened_at is None]
    if unopened:
        await db.execute(_these(user_id, unopened).where(Impression.opened_at.is_(None)).values(opened_at=now))
    return len(latest)


async def attribute(db: Db, application: Application) -> None:
    """The application came of the latest impression of its product, if that has brought none yet. Who applies has looked."""
    at = application.created_at
    ids = [impression.id for impression in await _latest(db, application.user_id, {application.product_id}, at=at)]
    brought = {"application_id": application.id, "opened_at": func.coalesce(Impression.opened_at, at)}
    await db.execute(_these(application.user_id, ids).where(Impression.application_id.is_(None)).values(brought))


def _these(user_id: UUID, ids: list[UUID]) -> Update:
    return update(Impression).where(Impression.user_id == user_id, Impression.id.in_(ids))


async def _latest(db: Db, user_id: UUID, product_ids: set[UUID], *, at: datetime) -> Sequence[Impression]:
    """The latest impression of each product that was shown to the person within the month before."""
    lately = select(Impression).where(
        Impression.user_id == user_id,
        Impression.product_id.in_(product_ids),
        Impression.shown_at <= at,
        Impression.shown_at >= at - REMEMBERED,
    )
    latest = lately.ext(distinct_on(Impression.product_id)).order_by(
        Impression.product_id, Impression.shown_at.desc(), Impression.position
    )
    return (await db.execute(latest)).scalars().all()
