"""The port through which the business asks which products suit a person; ml fills it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.matching.matcher import OddsBand as OddsBand


@dataclass(frozen=True)
class Candidate:
    """A product that this person may be shown. Amounts and costs in minor units; costs are those of the illustrated amount and term."""

    product_id: UUID
    kind: str
    partner_id: UUID
    amount_min: int
    amount_max: int
    terms: tuple[int, ...]
    annual_rate: float | None
    monthly_cost: int
    total_cost: int
    grade_at_least: str | None
    sponsored: bool


@dataclass(frozen=True)
class Ranked:
    product_id: UUID
    odds: float | None
    odds_band: OddsBand | None
    value: float
    reasons: tuple[Reason, ...]


class Matcher(Protocol):
    @property
    def model_version(self) -> str: ...

    def warm(self) -> None:
        """Load the model; slow, so call it in a thread before answering requests."""

    def rank(self, sheet: FactSheet, scored: Scored | None, candidates: Sequence[Candidate]) -> list[Ranked]:
        """Best first."""


_matchers: list[Matcher] = []


def provide(matcher: Matcher) -> None:
    """Fill the port; the composition root calls it once."""
    _matchers[:] = [matcher]


def matcher() -> Matcher:
    assert _matchers, "no matcher was provided"
    return _matchers[0]
