"""Newness: which products few people have been shown lately, so that exploring may let them be seen."""

import time
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Date, Select, cast, func, select

from domain.matching.columns import Flags
from domain.matching.product_days import ProductDay
from domain.matching.shelf import Shelf
from infra.database import Db
from infra.settings import settings

DAYS = 30
KEPT_SECONDS = 300.0


@dataclass(frozen=True, eq=False)
class _Answer:
    """For one shelf, as long as it lasts."""

    shelf: Shelf
    is_new: Flags
    until: float


_kept: _Answer | None = None


async def of_products(db: Db, shelf: Shelf) -> Flags:
    """By row of the shelf: shown fewer than `explore_new_below` times in the thirty days before today.

    Today does not count, so all pages that are read of a list today agree.
    """
    global _kept
    if _kept is None or _kept.shelf is not shelf or time.monotonic() >= _kept.until:
        seen = await often_seen(db)
        _kept = _Answer(shelf, ~np.isin(shelf.columns.ids, seen), time.monotonic() + KEPT_SECONDS)
    return _kept.is_new


async def often_seen(db: Db) -> NDArray[np.bytes_]:
    """The ids of products that are not new, as the shelf writes them."""
    ids = (await db.execute(_asked(settings().explore_new_below))).scalars().all()
    return np.array([id.bytes for id in ids], "S16")


def _asked(shown: int) -> Select[UUID]:
    today = cast(func.longan_now(), Date)
    lately = select(ProductDay.product_id).where(ProductDay.day >= today - DAYS, ProductDay.day < today)
    return lately.group_by(ProductDay.product_id).having(func.sum(ProductDay.shown) >= shown)
