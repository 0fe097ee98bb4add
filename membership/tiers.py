"""Tier: a level of membership that a person reaches by score and activity."""

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Db
from infra.entity import Entity


class Tier(Entity):
    """`name` is a msgid where the house named it; marketing's own names are said as they are."""

    __tablename__ = "tiers"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    rank: Mapped[int] = mapped_column(unique=True)  # 1 is everybody's


async def tiers_by_code(db: Db) -> dict[str, Tier]:
    """All tiers by code, lowest first."""
    rows = (await db.execute(select(Tier).order_by(Tier.rank))).scalars()
    return {tier.code: tier for tier in rows}
