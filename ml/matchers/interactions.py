"""What people did with what they were shown: what the matcher learns from, of simulated people and of real ones."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.market.arrays import Flags, Floats, Indices

TEST_BELOW, CALIBRATE_BELOW = 0.3, 0.5


@dataclass(frozen=True, eq=False)
class Interactions:
    """One row for each product that was shown to a person, in rows of COLUMNS with the position where it stood.

    `draw` is a number from 0 to 1 for each person that stays theirs for ever: it decides on which side of a split they are, so
    no model learns from people that another is tested on.
    """

    person: Indices
    draw: Floats
    rows: Floats
    weight: Floats
    applied: Flags
    decided: Flags
    approved: Flags  # meaningful where decided
    shown_at: NDArray[np.datetime64] | None = None

    def __len__(self) -> int:
        return len(self.person)

    @property
    def is_test(self) -> Flags:
        return self.draw < TEST_BELOW

    @property
    def is_calibration(self) -> Flags:
        return ~self.is_test & (self.draw < CALIBRATE_BELOW)

    @property
    def is_fit(self) -> Flags:
        return self.draw >= CALIBRATE_BELOW

    def only(self, which: Flags) -> "Interactions":
        chosen: dict[str, Any] = {
            each.name: None if getattr(self, each.name) is None else getattr(self, each.name)[which]
            for each in fields(self)
        }
        return replace(self, **chosen)
