"""Exploring: in a small share of lists, one product of further down stands at one fixed position, with a known chance.

Without it a product that once ranked low would never be seen again, and nobody could learn that it was better. Who is
drawn depends on the list's id alone, so all pages of a list agree. What a partner pays plays no part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from uuid import UUID

import numpy as np

from domain.market.arrays import Flags, Indices
from infra.settings import settings

SLOT = 4  # counted from 0, so the first four places are always the best four
BEYOND = 100  # how many ranks behind the slot may be drawn
LENGTH_MIN = 9  # a shorter list is seen whole, so there is nothing to learn

_NOBODY = np.empty(0, np.intp)


@dataclass(frozen=True, eq=False)
class Exploration:
    """Which rank stands at which position; both are counted from 0.

    `drawable`: the ranks that could have been drawn, rising, each with the same chance; together they have `share`.
    `drawn`: the one that was.
    """

    ranked: int
    share: float
    drawable: Indices
    drawn: int | None

    def rank_at(self, position: int) -> int:
        if self.drawn is None or position < SLOT or position > self.drawn:
            return position
        return self.drawn if position == SLOT else position - 1

    def position_of(self, rank: int) -> int:
        if self.drawn is None or rank < SLOT or rank > self.drawn:
            return rank
        return SLOT if rank == self.drawn else rank + 1

    def redrawn(self, rank: int | None) -> "Exploration":
        """This draw with another product drawn, or none."""
        drawable = self.drawable if rank is None else np.union1d(self.drawable, [rank])
        return replace(self, drawable=drawable, drawn=rank)

    def positions(self, start: int, stop: int) -> Indices:
        """The ranks at these positions, as far as the list goes."""
        within = range(min(start, self.ranked), min(stop, self.ranked))
        return np.fromiter((self.rank_at(position) for position in within), np.intp)

    def is_explored(self, position: int) -> bool:
        return self.drawn is not None and position == SLOT

    def propensity(self, position: int) -> float:
        """The chance, over all that could have been drawn, that the product of this position stood in it."""
        if not len(self.drawable):
            return 1.0
        rank = self.rank_at(position)
        if rank != position:
            return self.share * self._chance_to_stand(position, rank)
        return 1 - self.share + self.share * self._chance_to_stand(position, rank)

    def _chance_to_stand(self, position: int, rank: int) -> float:
        """The chance of this rank to stand in this position, given that one is drawn."""
        if position < SLOT:
            return 1.0
        before = int(np.searchsorted(self.drawable, rank))
        through = int(np.searchsorted(self.drawable, rank, side="right"))
        if position == SLOT:
            return (through - before) / len(self.drawable)
        # It stays where one before it was drawn, and moves down by one where one behind it was.
        stands = before if rank == position else len(self.drawable) - through
        return stands / len(self.drawable)


def straight(ranked: int) -> Exploration:
    """Nothing is explored, as where a person wants no personal list."""
    return Exploration(ranked, 0.0, _NOBODY, None)


def plan(
    list_id: UUID, *, ranked: int, new: Flags | Sequence[bool] | None = None, share: float | None = None
) -> Exploration:
    """What is explored in this list. `new`: by rank, what few have seen yet; if any of those can be drawn, only they are."""
    share = settings().explore_share if share is None else share
    if ranked < LENGTH_MIN or share <= 0:
        return straight(ranked)
    drawable = _drawable(ranked, new)
    chance, place = _dice(list_id)
    drawn = int(drawable[int(place * len(drawable))]) if chance < share else None
    return Exploration(ranked, share, drawable, drawn)


def _drawable(ranked: int, new: Flags | Sequence[bool] | None) -> Indices:
    every = np.arange(SLOT + 1, min(SLOT + 1 + BEYOND, ranked))
    if new is None:
        return every
    preferred = every[np.asarray(new, bool)[every]]
    return preferred if len(preferred) else every


def _dice(list_id: UUID) -> tuple[float, float]:
    """Two numbers from 0 to below 1. Hashed once more, because what names a list need not look random."""
    cast = blake2b(list_id.bytes, digest_size=16, person=b"longan.explore").digest()
    first, second = int.from_bytes(cast[:8]), int.from_bytes(cast[8:])
    return (first >> 11) / 2**53, (second >> 11) / 2**53
