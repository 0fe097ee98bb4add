"""Tier: a level of membership that a person reaches by score and activity."""

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Db
from infra.entity import Entity
from infra.reference import Reference
from infra.revisions import Raised, raises


@raises(Raised.EVERYBODYS)
class Tier(Entity):
    """`name` is a msgid where the house named it; marketing's own names are said as they are."""

    __tablename__ = "tiers"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    rank: Mapped[int] = mapped_column(unique=True)  # 1 is everybody's


_ALL: Reference[list[Tier]] = Reference()


async def recall(db: Db | None) -> list[Tier]:
    """All tiers, for who only reads: from memory while nobody has changed anything."""
    return await _ALL.current(db, _all)


async def tiers_by_code(db: Db) -> dict[str, Tier]:
    """All tiers by code, lowest first."""
    return {tier.code: tier for tier in await _all(db)}


async def _all(db: Db) -> list[Tier]:
    return list((await db.execute(select(Tier).order_by(Tier.rank))).scalars())
