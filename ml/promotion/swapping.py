"""The swap set: whom only one of two models would approve, how these repaid, and who would change grade."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.lab.comparing import Judged
from ml.lab.evaluation import grades_of
from ml.models.scale import GRADES

Floats = NDArray[np.float64]
_PEOPLE_MIN = 30
_ERRORS = 1.96
_DECLINED = 3  # grade D, counted from 0


@dataclass(frozen=True)
class Swapped:
    people: int
    bads: int

    @property
    def bad_rate(self) -> float:
        return self.bads / self.people if self.people else 0.0

    @property
    def variance(self) -> float:
        return self.bad_rate * (1 - self.bad_rate) / self.people if self.people else 0.0


@dataclass(frozen=True)
class Swaps:
    """`migration[i][j]`: people whom the champion gives grade i and the candidate grade j."""

    taken: Swapped  # approved by the candidate alone
    dropped: Swapped  # approved by the champion alone
    migration: tuple[tuple[int, ...], ...]

    @property
    def are_clearly_worse(self) -> bool:
        if min(self.taken.people, self.dropped.people) < _PEOPLE_MIN:
            return False
        error = np.sqrt(self.taken.variance + self.dropped.variance)
        return bool(self.taken.bad_rate - self.dropped.bad_rate > _ERRORS * error)

    def figures(self) -> dict[str, Any]:
        return {
            "taken": {"people": self.taken.people, "bads": self.taken.bads},
            "dropped": {"people": self.dropped.people, "bads": self.dropped.bads},
            "grades": list(GRADES),
            "migration": [list(line) for line in self.migration],
        }


def swapped(bad: Floats, champion: Judged, candidate: Judged) -> Swaps:
    before, after = (grades_of(each.log_odds, each.artefact.cuts) for each in (champion, candidate))
    moved = np.zeros((len(GRADES), len(GRADES)), dtype=np.int64)
    np.add.at(moved, (before, after), 1)
    taken, dropped = ((one == _DECLINED) & (other < _DECLINED) for one, other in ((before, after), (after, before)))
    return Swaps(
        taken=Swapped(int(taken.sum()), int(bad[taken].sum())),
        dropped=Swapped(int(dropped.sum()), int(bad[dropped].sum())),
        migration=tuple(tuple(map(int, line)) for line in moved),
    )
