"""What happened with each product on each day: shown, opened, applied for, decided."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from infra.entity import Entity


class ProductDay(Entity):
    """Counted by the day on which each thing happened, in the house's time zone."""

    __tablename__ = "product_days"

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shown: Mapped[int] = mapped_column(default=0)
    opened: Mapped[int] = mapped_column(default=0)
    applied: Mapped[int] = mapped_column(default=0)
    approved: Mapped[int] = mapped_column(default=0)
    declined: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
