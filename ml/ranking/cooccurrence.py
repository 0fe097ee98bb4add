"""Which items go together. With time: what was liked before; without: what else was considered, which shows no label."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ml.ranking.splitting import RankingSplit
from ml.ranking.table import Flags, Floats, Ints, Table

_ITEMS_MAX = 3_000  # together in one dense matrix; rarer items keep their popularity
_REMEMBERED = 30  # others per row
_STRENGTH = 10.0
_CHUNK = 100_000
_BLOCKS = 16  # of the users whom models learn from


@dataclass(frozen=True)
class Company:
    """Per row: how likely the item is after each of the others, as a mean; and the mean and highest log-lift of that."""

    likely: Floats
    lift: Floats
    best: Floats


def company(table: Table, split: RankingSplit, popularity: Floats) -> Company:
    """`popularity` is per row, from earlier turns, in the units of a rate of hits."""
    likely, lift, best = popularity.copy(), np.zeros(len(table)), np.zeros(len(table))
    known, others = _known_items(table, ~split.is_test), _Others.of(table, split)
    asked = table.is_asked & (known[table.item] >= 0)
    counted = _Counted(table, known, others.is_one)
    block = _blocks(split.turn)
    for each in range(int(block.max()) + 1):
        rows = np.flatnonzero(asked & (block == each))
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            index, item = others.of_rows(part)
            other = known[item]
            index, other = index[other >= 0], other[other >= 0]
            rate = popularity[part][index]
            together = counted.together[known[table.item[part]][index], other]
            given = (together + _STRENGTH * rate) / (counted.alone[other] + _STRENGTH)
            _gather(part, index, given, np.log(given / rate), likely, lift, best)
        counted.add(block == each)
    return Company(likely, lift, best)


def _blocks(turn: Ints) -> Ints:
    """Users in the order of their turns, some at a time; each block knows the blocks before it, and the test is last."""
    users = max(int(turn.max()), 1)
    return np.where(turn < users, turn * _BLOCKS // users, _BLOCKS)


def _gather(rows: Ints, index: Ints, given: Floats, lifted: Floats, likely: Floats, lift: Floats, best: Floats) -> None:
    count = np.bincount(index, minlength=len(rows))
    some = count > 0
    likely[rows[some]] = (np.bincount(index, given, len(rows)) / np.maximum(count, 1))[some]
    lift[rows[some]] = (np.bincount(index, lifted, len(rows)) / np.maximum(count, 1))[some]
    if len(index):
        starts = np.flatnonzero(np.concatenate([[True], np.diff(index) != 0]))
        best[rows[index[starts]]] = np.maximum.reduceat(lifted, starts)


def _known_items(table: Table, train: Flags) -> Ints:
    """The place of each item in the matrix, or -1. By rows, not by hits: who is left out must not tell a label."""
    rows = np.bincount(table.item, train, len(table.items))
    known = np.full(len(table.items), -1, np.int64)
    kept = np.argsort(-rows, kind="stable")[:_ITEMS_MAX]
    known[kept] = np.arange(len(kept))
    return known


class _Counted:
    """How many users liked the one and had the other, and how many had the other, among those added so far."""

    def __init__(self, table: Table, known: Ints, is_other: Flags) -> None:
        self._table, self._place, self._is_other = table, known[table.item], is_other
        items = int(self._place.max()) + 1
        self.together = np.zeros((items, items), np.float32)
        self.alone = np.zeros(items)

    def add(self, who: Flags) -> None:
        table, here = self._table, who & (self._place >= 0)
        liked = _sparse(table, here & table.is_asked & (table.label > 0), self._place, len(self.alone))
        had = _sparse(table, here & self._is_other, self._place, len(self.alone))
        more = (liked.T @ had).tocoo()
        self.together[more.row, more.col] += more.data
        if not table.has_repeats:
            np.fill_diagonal(self.together, 0.0)
        self.alone += np.asarray(had.sum(axis=0), np.float64).ravel()


def _sparse(table: Table, rows: Flags, place: Ints, items: int) -> "csr_array[np.float32]":
    shape = (len(table.users), items)
    matrix = csr_array((np.ones(int(rows.sum()), np.float32), (table.user[rows], place[rows])), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


@dataclass(frozen=True)
class _Others:
    """Whose company a row keeps: `first` to `last` in `item`, never the row itself."""

    is_one: Flags
    item: Ints
    first: Ints
    last: Ints

    @classmethod
    def of(cls, table: Table, split: RankingSplit) -> "_Others":
        if table.time is None or table.ranked_at is None:
            return cls._considered(table, split)
        return cls._liked_before(table, table.time, table.ranked_at)

    @classmethod
    def _liked_before(cls, table: Table, time: Floats, at: Floats) -> "_Others":
        is_hit = table.label > 0
        moments, moment = np.unique(time, return_inverse=True)
        user = table.user * (len(moments) + 1)
        last = np.searchsorted((user + moment)[is_hit], user + np.searchsorted(moments, at, side="left"), side="left")
        first = np.maximum(np.searchsorted(table.user[is_hit], table.user, side="left"), last - _REMEMBERED)
        # Where items repeat, what came before the last round is what that round is told from.
        is_one = is_hit & ~table.is_asked if table.has_repeats else is_hit
        return cls(is_one, table.item[is_hit], first, last)

    @classmethod
    def _considered(cls, table: Table, split: RankingSplit) -> "_Others":
        """The next in the user's list, drawn by lot and closed to a ring; the ring is laid out twice."""
        order = np.lexsort((split.lot, table.user))
        sizes = np.bincount(table.user, minlength=len(table.users))
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        # A user's list begins at twice its start, and stands there two times.
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order)) + starts[table.user[order]]
        item = np.empty(2 * len(order), np.int64)
        item[place], item[place + sizes[table.user]] = table.item, table.item
        return cls(
            np.ones(len(table), bool), item, place + 1, place + 1 + np.minimum(sizes[table.user] - 1, _REMEMBERED)
        )

    def of_rows(self, rows: Ints) -> tuple[Ints, Ints]:
        """The other items of each row, one after the other, and the place in `rows` to which each belongs."""
        counts = self.last[rows] - self.first[rows]
        index = np.repeat(np.arange(len(rows)), counts)
        offset = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
        return index, self.item[self.first[rows][index] + offset]
