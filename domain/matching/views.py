"""A list as one person walks through it: of one kind or all, with what is being explored, and where a cursor goes on."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from domain.market.arrays import Flags, Indices
from domain.market.columns import KINDS
from domain.market.kinds import ProductKind
from domain.matching import lists
from domain.matching.basis import Basis
from domain.matching.learning import exploring, newness
from domain.matching.learning.exploring import Exploration
from domain.matching.lists import List
from infra import clock, lasting
from infra.database import Db
from infra.paging import decode_cursor, encode_cursor, not_ours


@dataclass(frozen=True)
class MatchCursor:
    """Behind the product with this key, the lowest last; and what was drawn by lot, where the walk has come past it.

    So a walk goes on with the lot with which it began, and by value, though the list may have changed meanwhile.
    """

    key: float
    product_id: UUID
    is_past_lot: bool
    drawn: UUID | None


@dataclass(frozen=True)
class View:
    """A list as one person sees it: of one kind or all, with what is being explored. `ranked` leads to the candidates."""

    found: List
    list_id: UUID
    ranked: Indices
    plan: Exploration

    def place_at(self, position: int) -> int:
        """The place of the candidate that stands at this position."""
        return int(self.ranked[self.plan.rank_at(position)])

    def position_of(self, product_id: UUID) -> int | None:
        rank = self._rank_of(product_id)
        return None if rank is None else self.plan.position_of(rank)

    def cursor_at(self, position: int) -> MatchCursor:
        rank = position - 1 if self.plan.is_explored(position) else self.plan.rank_at(position)
        drawn = None if self.plan.drawn is None else self._id_at(self.plan.drawn)
        value = float(self.found.ranking.value[self.ranked[rank]])
        return MatchCursor(-value, self._id_at(rank), position >= exploring.SLOT, drawn)

    def behind(self, cursor: MatchCursor) -> tuple["View", int]:
        """This view with the lot of the walk, and the position at which it goes on."""
        is_before = self._is_up_to(cursor)
        passed = int(is_before.sum())
        if not cursor.is_past_lot and passed <= exploring.SLOT:
            return self, passed
        drawn = self._rank_of(cursor.drawn) if cursor.is_past_lot and cursor.drawn else None
        view = replace(self, plan=self.plan.redrawn(drawn))
        if drawn is None:
            return view, passed
        return view, max(passed - int(is_before[drawn]), exploring.SLOT) + 1

    def _is_up_to(self, cursor: MatchCursor) -> Flags:
        candidates = self.found.candidates
        keys = -self.found.ranking.value[self.ranked]
        ids = candidates.shelf.columns.ids[candidates.rows[self.ranked]]
        is_before: Flags = (keys < cursor.key) | ((keys == cursor.key) & (ids <= cursor.product_id.bytes))
        return is_before

    def _rank_of(self, product_id: UUID) -> int | None:
        row = self.found.candidates.shelf.row_of(product_id)
        ranks = np.flatnonzero(self.found.candidates.rows[self.ranked] == (-1 if row is None else row))
        return int(ranks[0]) if len(ranks) else None

    def _id_at(self, rank: int) -> UUID:
        return self.found.candidates.shelf.product(int(self.found.candidates.rows[self.ranked[rank]])).id


async def of(db: Db, user_id: UUID, kind: ProductKind | None, just_read: tuple[Basis, datetime] | None = None) -> View:
    found = await lists.list_for(db, user_id, just_read)
    lasting.until(found.good_until, clock.begins(found.basis.day + timedelta(days=1)))
    ranked = _of_kind(found, kind)
    list_id = found.basis.list_id(kind)
    if not found.basis.is_personal:
        return View(found, list_id, ranked, exploring.straight(len(ranked)))
    new = await newness.of_products(db, found.candidates.shelf, found.basis.day)
    is_new = new[found.candidates.rows[ranked]]
    return View(found, list_id, ranked, exploring.plan(list_id, ranked=len(ranked), new=is_new))


def _of_kind(found: List, kind: ProductKind | None) -> Indices:
    if kind is None:
        return found.ranking.order
    candidates = found.candidates
    is_wanted = candidates.shelf.columns.kind[candidates.rows] == KINDS.index(kind)
    wanted: Indices = found.ranking.order[is_wanted[found.ranking.order]]
    return wanted


def written(cursor: MatchCursor) -> str:
    return encode_cursor((cursor.key, cursor.product_id, int(cursor.is_past_lot), cursor.drawn or ""))


def read(after: str) -> MatchCursor:
    key, id, is_past_lot, drawn = decode_cursor(after, 4)
    try:
        return MatchCursor(float(key), UUID(str(id)), bool(is_past_lot), UUID(str(drawn)) if drawn else None)
    except ValueError:
        raise not_ours() from None
