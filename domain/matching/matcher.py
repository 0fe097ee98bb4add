"""The port through which the business asks which products suit a person; ml fills it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market.arrays import Floats, Indices, Whole
from domain.matching.shelf import Shelf
from infra.database import Db


class OddsBand(StrEnum):
    VERY_HIGH = "VERY_HIGH"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@dataclass(frozen=True, eq=False)
class Candidates:
    """Products that one person may be shown: rows of the shelf, rising, and what each would cost them, in minor units."""

    shelf: Shelf
    rows: Indices
    amount: Whole
    monthly_cost: Whole
    total_cost: Whole

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, places: Indices) -> "Candidates":
        columns = (self.rows, self.amount, self.monthly_cost, self.total_cost)
        return Candidates(self.shelf, *(column[places] for column in columns))


@dataclass(frozen=True, eq=False)
class Ranking:
    """`order` leads to the candidates, best first; the other columns are in the order of the candidates, NaN where unknown."""

    order: Indices
    value: Floats
    odds: Floats
    wish: Floats


@dataclass(frozen=True)
class Tested:
    """How often people in a band were really approved, in a test that the model had not seen."""

    approved: int
    decided: int
    is_kept: bool
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class RankingWeight:
    """One part of the value by which products are ordered."""

    name: str
    weight: float
    meaning: str  # a sentence to be translated


class Matcher(Protocol):
    @property
    def model_version(self) -> str:
        """Names all that ranks: the models and the weights."""

    @property
    def is_simulated(self) -> bool: ...

    @property
    def weights(self) -> tuple[RankingWeight, ...]: ...

    @property
    def tested(self) -> Mapping[OddsBand, Tested]: ...

    def warm(self) -> None:
        """Make ready what is only made at the first ranking."""

    async def catch_up(self, db: Db) -> None:
        """Take over a model that was promoted just now; slow when there is one."""

    async def keep_up(self, db: Db) -> None:
        """Serve the model that is live, unless this process has looked within the last heartbeat."""

    def rank(self, sheet: FactSheet, scored: Scored | None, candidates: Candidates) -> Ranking: ...

    def band(self, odds: float) -> OddsBand:
        """The band that these odds lie in, whether or not it keeps its word."""

    def reasons(
        self,
        sheet: FactSheet,
        scored: Scored | None,
        candidates: Candidates,
        shown: Indices,
        kept: Collection[OddsBand],
    ) -> list[tuple[Reason, ...]]:
        """Why each of the candidates at the places `shown` is shown: for one page, never for all.

        `kept`: the bands that keep their word, so no reason leans on another.
        """

    def rows(
        self, sheet: FactSheet, scored: Scored | None, candidates: Candidates, shown: Indices
    ) -> Sequence[Mapping[str, float | None]]:
        """What the models read of each of the candidates at the places `shown`, by column."""


_matchers: list[Matcher] = []


def provide(matcher: Matcher) -> None:
    """Fill the port; the composition root calls it once."""
    _matchers[:] = [matcher]


def matcher() -> Matcher:
    assert _matchers, "no matcher was provided"
    return _matchers[0]
