"""Pick: a person's best matches as the last sweep found them, for campaigns and invitations."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from math import isnan
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.facts.readings import FactsVersion
from domain.matching.matcher import Candidates, OddsBand, Ranking, matcher
from domain.matching.odds import bands
from domain.matching.preferences import MatchPreference
from infra.copying import copy_in
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.privacy import Erasure, Export, Privacy

BEST = 10


class Pick(Entity):
    """`position` counts from 0. A person's picks are replaced all together."""

    __tablename__ = "picks"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

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


def best(candidates: Candidates, ranking: Ranking) -> Iterator[dict[str, Any]]:
    """The columns of the person's picks that the ranking tells."""
    first, live = ranking.order[:BEST], matcher()
    columns = (candidates.rows[first], ranking.odds[first], ranking.value[first])
    for position, (row, odds, value) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        is_known = not isnan(odds)
        yield {
            "product_id": candidates.shelf.product(row).id,
            "position": position,
            "odds": odds if is_known else None,
            "odds_band": live.band(odds) if is_known else None,
            "value": value,
        }


async def replace(db: Db, user_ids: Collection[UUID], rows: Sequence[Mapping[str, Any]]) -> None:
    """The caller holds the people's facts, so that no other sweep writes theirs meanwhile."""
    await db.execute(delete(Pick).where(Pick.user_id.in_(user_ids)))
    await copy_in(db, Pick, rows)


async def audience(
    db: Db, product_id: UUID, *, at_most: int, odds: Collection[OddsBand] | None = None
) -> Sequence[UUID]:
    """The people for whom this product is among the best, best first, of those who want a personal choice.

    Of the `odds` that are asked for, only bands that keep their word count.
    """
    still = (FactsVersion.user_id == Pick.user_id) & (FactsVersion.version == Pick.facts_version)
    chosen = select(Pick.user_id).join(FactsVersion, still)
    chosen = chosen.outerjoin(MatchPreference, MatchPreference.user_id == Pick.user_id)
    chosen = chosen.where(
        Pick.product_id == product_id, Pick.is_personal, func.coalesce(MatchPreference.is_personal, True)
    )
    if odds is not None:
        live, evidence = matcher(), await bands.evidence_of(db, matcher())
        kept = [band for band in odds if evidence[band].is_kept]
        chosen = chosen.where(Pick.odds_band.in_(kept), Pick.model_version == live.model_version)
    return (await db.execute(chosen.order_by(Pick.position, Pick.user_id).limit(at_most))).scalars().all()
