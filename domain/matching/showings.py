"""Showing: one product at one position of a person's matches, with the chance that it stood there; what came of it is added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.matching.matcher import OddsBand
from infra.entity import Entity, Id, OwnerId


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
