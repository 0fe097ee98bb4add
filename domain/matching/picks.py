"""Pick: a person's best matches as the last sweep found them, for campaigns and invitations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.matching.matcher import OddsBand
from infra.entity import Entity, OwnerId


class Pick(Entity):
    """`position` counts from 0. A person's picks are replaced all together."""

    __tablename__ = "picks"

    user_id: Mapped[OwnerId]
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    odds: Mapped[float | None]
    odds_band: Mapped[OddsBand | None]
    value: Mapped[float]
    is_personal: Mapped[bool]
    model_version: Mapped[str]
    facts_version: Mapped[int]
    shelf_version: Mapped[int] = mapped_column(BigInteger)
    picked_at: Mapped[datetime]

    __table_args__ = (Index(None, "product_id", "position", "user_id"),)
