"""Reach: for how many people each product was eligible in a sweep, and what stood against it for the others."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.market import eligibility
from domain.market.applicants import PeopleColumns
from domain.market.pairing import Pairing
from domain.market.rules import CODES, ELIGIBLE
from domain.matching import disclosure
from domain.matching.shelf import Shelf
from domain.matching.sweeps import sweeps
from domain.matching.sweeps.sweeps import Done
from infra.background import in_background
from infra.copying import copy_in
from infra.database import Db
from infra.entity import Entity, Json

PRODUCTS_TOGETHER = 1_000


class ProductReach(Entity):
    """`against`: people by the first reason why it was not eligible. Counted range by range, so that ranges never wait for each other."""

    __tablename__ = "product_reaches"

    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    range: Mapped[int] = mapped_column(primary_key=True)
    people: Mapped[int]
    eligible: Mapped[int]
    against: Mapped[Json] = mapped_column(default_factory=dict)
    # By code, ELIGIBLE among them: of coarse people and with an error, as partners are told once it is rounded.
    disclosed: Mapped[Json] = mapped_column(default_factory=dict, server_default=text("'{}'"))


@dataclass(frozen=True)
class SweptReach:
    """How far a product reaches among all people of one sweep."""

    people: int
    eligible: int
    against: Mapping[str, int]
    as_of: datetime
    simulated: bool
    counted_for_partners: Mapping[str, int] | None = None

    @property
    def disclosed(self) -> "SweptReach":
        """What may be rounded and told to a partner. A sweep of before this was counted has only the exact figures."""
        if not self.counted_for_partners:
            return self
        eligible, *others = (self.counted_for_partners.get(code, 0) for code in CODES)
        return replace(self, eligible=eligible, against=dict(zip(CODES[1:], others, strict=True)))


async def count(db: Db, sweep_id: UUID, number: int, people: PeopleColumns, shelf: Shelf) -> None:
    """Count the people of one range for each product; some products at a time, so that the transaction never lies idle."""
    as_partners_ask = disclosure.coarse(people)
    for start in range(0, len(shelf), PRODUCTS_TOGETHER):
        rows = range(start, min(start + PRODUCTS_TOGETHER, len(shelf)))
        counted = await in_background(partial(eligibility.counts, people, shelf.columns, rows))
        disclosed = await in_background(partial(_disclosed, as_partners_ask, shelf, rows))
        found = zip(rows, counted.tolist(), disclosed, strict=True)
        rows_of_it = [_row(sweep_id, number, shelf.product(row).id, told, also) for row, told, also in found]
        await copy_in(db, ProductReach, rows_of_it)


def _row(sweep_id: UUID, number: int, product_id: UUID, counts: list[int], disclosed: dict[str, int]) -> dict[str, Any]:
    return {
        "sweep_id": sweep_id,
        "product_id": product_id,
        "range": number,
        "people": sum(counts),
        "eligible": counts[ELIGIBLE],
        "against": {code: count for code, count in zip(CODES[1:], counts[1:], strict=True) if count},
        "disclosed": disclosed,
    }


def _disclosed(people: PeopleColumns, shelf: Shelf, rows: Iterable[int]) -> list[dict[str, int]]:
    found = []
    for row in rows:
        first = eligibility.applying(Pairing(people, shelf.columns.only([row])))[:, 0]
        by_code = {code: first == place for place, code in enumerate(CODES)}
        found.append({code: int(who.sum()) + disclosure.error_of(who) for code, who in by_code.items()})
    return found


async def of_products(db: Db, ids: Collection[UUID]) -> dict[UUID, SweptReach]:
    """Reaches as the last sweep found them; what was not on the shelf then is missing."""
    done = await sweeps.last_done(db)
    if done is None:
        return {}
    counted = select(ProductReach).where(ProductReach.sweep_id == done.id, ProductReach.product_id.in_(ids))
    parts: dict[UUID, list[ProductReach]] = {}
    for part in (await db.execute(counted)).scalars():
        parts.setdefault(part.product_id, []).append(part)
    return {product_id: _added_up(some, done) for product_id, some in parts.items()}


def _added_up(parts: list[ProductReach], done: Done) -> SweptReach:
    against: Counter[str] = Counter()
    disclosed: dict[str, int] = {}
    for part in parts:
        against.update(part.against)
        for code, people in part.disclosed.items():
            disclosed[code] = disclosed.get(code, 0) + people
    return SweptReach(
        people=sum(part.people for part in parts),
        eligible=sum(part.eligible for part in parts),
        against=against,
        as_of=done.ended_at,
        simulated=done.simulated,
        counted_for_partners=disclosed,
    )
