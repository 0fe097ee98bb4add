"""Mean labels of groups of rows, from users who came before: the ordered target statistics of CatBoost (Prokhorenkova
et al. 2018).

Folds would leak: where a group is small, what its other folds lack tells the label that is to be learnt.
"""

from dataclasses import dataclass

import numpy as np

from ml.ranking.history import last_true
from ml.ranking.table import Flags, Floats, Ints


@dataclass(frozen=True)
class Before:
    """Sums over rows of earlier turns. No row knows a label of its own turn, and no row one of the test."""

    label: Floats
    is_known: Flags
    turn: Ints
    by_turn: Ints

    @classmethod
    def of(cls, label: Floats, turn: Ints, is_test: Flags) -> "Before":
        return cls(label, ~is_test, turn, np.argsort(turn, kind="stable"))

    def rate(self, key: Ints, *, prior: Floats, strength: float) -> tuple[Floats, Floats]:
        """The shrunk mean label of earlier rows with each row's key, and how many those are.

        `prior` (one per row) is what a key without rows gets; it weighs as much as `strength` rows.
        """
        order = self.by_turn[np.argsort(_small(key)[self.by_turn], kind="stable")]
        sorted_key, turn = key[order], self.turn[order]
        is_first = np.concatenate([[True], np.diff(sorted_key) != 0])
        start, now = last_true(is_first), last_true(is_first | np.concatenate([[True], np.diff(turn) != 0]))
        known = self.is_known[order].astype(float)
        count, total = np.empty(len(key)), np.empty(len(key))
        for result, values in ((count, known), (total, known * self.label[order])):
            sums = np.concatenate([[0.0], np.cumsum(values)[:-1]])
            result[order] = sums[now] - sums[start]
        return (total + strength * prior) / (count + strength), count


def _small(key: Ints) -> Ints:
    """Sixteen bits are sorted by radix, several times as fast."""
    return key.astype(np.uint16) if int(key.max()) < 2**16 else key
