"""Reach: for how many people each product was eligible in a sweep, and what stood against it for the others."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from infra.entity import Entity, Json


class ProductReach(Entity):
    """`against`: people by the first reason why it was not eligible. Counted range by range, so that ranges never wait for each other."""

    __tablename__ = "product_reaches"

    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    range: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    people: Mapped[int]
    eligible: Mapped[int]
    against: Mapped[Json] = mapped_column(default_factory=dict)


class SnapshotPage(Entity):
    """What the rules may know of the people of one batch, without who they are; sealed for the house. Dry runs read it."""

    __tablename__ = "snapshot_pages"

    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    range: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    people: Mapped[int]
    columns_sealed: Mapped[bytes]


class GroupCost(Entity):
    """What the first matches cost the people of a group, and how much more than the cheapest equivalent they could have."""

    __tablename__ = "group_costs"

    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    range: Mapped[int] = mapped_column(primary_key=True)
    column: Mapped[str] = mapped_column(primary_key=True)
    group: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]
    shown: Mapped[int]
    annual_cost: Mapped[float]  # summed over what was shown
    overpaid: Mapped[float]  # summed: annual cost above the cheapest equivalent
