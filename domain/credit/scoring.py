"""The port through which the business asks for a score; ml fills it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.credit.grades import Grade
from domain.credit.reasons import Reason, ReasonValue
from domain.facts.sheets import FactSheet
from infra.database import Db


@dataclass(frozen=True)
class NotEnoughKnown:
    """An answer, not an error: too little is known of this person to score them, and this would help."""

    code: str
    message: str
    would_help: str
    values: Mapping[str, ReasonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Factor:
    """How many points one group of facts adds or takes."""

    code: str
    label: str
    effect: int


@dataclass(frozen=True)
class Scored:
    """`base_points` and all effects add up to `points` exactly. `vector` and `model_version` replay it to the same number."""

    probability: float  # of default within a year
    points: int
    grade: Grade
    base_points: int
    factors: tuple[Factor, ...]
    reasons: tuple[Reason, ...]  # what counts most against the person, at most four
    vector: Mapping[str, float | str | None]
    model_version: str
    simulated: bool


class Scorer(Protocol):
    @property
    def model_version(self) -> str: ...

    def warm(self) -> None:
        """Score nobody once, so that no request waits for what is only made at the first."""

    async def catch_up(self, db: Db) -> None:
        """Take over a model that was promoted just now; slow when there is one."""

    async def keep_up(self, db: Db) -> None:
        """Serve the model that is live, unless this process has looked within the last heartbeat."""

    def score(self, sheet: FactSheet) -> Scored | NotEnoughKnown: ...

    def score_many(self, sheets: Sequence[FactSheet]) -> list[Scored | NotEnoughKnown]:
        """Score many sheets at once, with the same answers as one at a time."""

    def points(self, sheet: FactSheet) -> int | None:
        """Points neither clamped nor withheld where little is known, by which changes are weighed; None without a model."""


_scorers: list[Scorer] = []


def provide(scorer: Scorer) -> None:
    """Fill the port; the composition root calls it once."""
    _scorers[:] = [scorer]


def scorer() -> Scorer:
    assert _scorers, "no scorer was provided"
    return _scorers[0]
