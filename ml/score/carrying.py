"""Carrying: points that hiding an account would have won, taken off again while that counts on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from domain.credit.reasons import Reason
from domain.facts.sheets import FactSheet
from infra.clock import local_day
from infra.words import N_
from ml.models.features import Value
from ml.models.scale import POINTS_PER_LOG_ODDS

POINTS, UNTIL = "unlinked.points", "unlinked.until"


@dataclass(frozen=True)
class Carried:
    """`until`: the day, in ISO, on which the last of it ends."""

    points: int = 0
    until: str = ""

    @property
    def vector(self) -> dict[str, Value]:
        """What is kept of it with a score, beside the inputs of the model."""
        return {POINTS: float(self.points), UNTIL: self.until} if self.points else {}

    @cached_property
    def reasons(self) -> list[tuple[float, Reason]]:
        """The reasons, each with its harm in log-odds."""
        if not self.points:
            return []
        sentence = N_("What you unlinked still counts until {until}, as if it were linked. Link it again to end this.")
        return [(self.points / POINTS_PER_LOG_ODDS, Reason("UNLINKED_COUNTS", sentence, {"until": self.until}))]


NOTHING = Carried()


def carried_by(sheet: FactSheet) -> Carried:
    left = [each for each in sheet.counting_on if each.points]
    if not left:
        return NOTHING
    return Carried(sheet.points_carried, local_day(max(each.until for each in left)).isoformat())


def carried_in(vector: Mapping[str, Value]) -> tuple[dict[str, Value], Carried]:
    """The inputs of the model alone, and what was carried then."""
    inputs = dict(vector)
    points, until = inputs.pop(POINTS, None), inputs.pop(UNTIL, None)
    return inputs, Carried(int(float(points)), str(until)) if points else NOTHING
