"""Newness: which products few people have been shown lately, so that exploring may let them be seen."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, func, select

from domain.market.arrays import Flags
from domain.matching.product_days import ProductDay
from domain.matching.shelf import Shelf
from infra.database import Db
from infra.reference import Reference
from infra.settings import settings

DAYS = 30


@dataclass(frozen=True, eq=False)
class _New:
    seen: NDArray[np.bytes_]
    shelf: Shelf
    is_new: Flags


_new: _New | None = None


async def of_products(db: Db, shelf: Shelf, today: date) -> Flags:
    """Which rows of the shelf were shown fewer than `explore_new_below` times in the thirty days before today.

    Today does not count, so all pages that are read of a list today agree.
    """
    global _new
    below = settings().explore_new_below
    seen = await _SEEN.current(db, lambda db: often_seen(db, today), also=(today, below))
    if _new is None or _new.seen is not seen or _new.shelf is not shelf:
        _new = _New(seen, shelf, ~np.isin(shelf.columns.ids, seen))
    return _new.is_new


_SEEN: Reference[NDArray[np.bytes_]] = Reference()


async def often_seen(db: Db, today: date) -> NDArray[np.bytes_]:
    """The ids of products that are not new, as the shelf writes them."""
    ids = (await db.execute(_asked(settings().explore_new_below, today))).scalars().all()
    return np.array([id.bytes for id in ids], "S16")


def _asked(shown: int, today: date) -> Select[UUID]:
    first = today - timedelta(days=DAYS)
    lately = select(ProductDay.product_id).where(ProductDay.day >= first, ProductDay.day < today)
    return lately.group_by(ProductDay.product_id).having(func.sum(ProductDay.shown) >= shown)
