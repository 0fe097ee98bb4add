"""Which products suit a person: the live model behind the port `Matcher`."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market.matching import Candidate, Ranked
from ml.match_artefact import MatchArtefact
from ml.match_features import PAIR, rows
from ml.match_reasons import reasons
from ml.registry import Live, live_matcher_model

COST_TO_INCOME = -len(PAIR)  # the column of the monthly cost against income


@dataclass(frozen=True)
class Weights:
    """How chances and costs make one value. Sponsoring has no weight: what a partner pays us moves nothing."""

    version: str = "2026-11-22"
    answered_well: float = 1.0  # per chance that the person wants it and gets it
    dear: float = 1.0  # per unit of annual rate
    strained: float = 0.5  # per share of income beyond a third that it takes each month
    sponsored: float = 0.0


WEIGHTS = Weights()
STRAIN_FROM = 1 / 3
CHEAPEST = "cheapest-first"


class LiveMatcher:
    def __init__(self, live: Live[MatchArtefact] | None = None, weights: Weights = WEIGHTS) -> None:
        self._live, self._weights = live or live_matcher_model(), weights

    @property
    def model_version(self) -> str:
        model = self._live.current()
        return f"{model.version if model else CHEAPEST}+{self._weights.version}"

    def warm(self) -> None:
        if model := self._live.current():
            model.warm()

    def rank(self, sheet: FactSheet, scored: Scored | None, candidates: Sequence[Candidate]) -> list[Ranked]:
        if not candidates:
            return []
        model = self._live.current()
        return ranked(model, self._weights, sheet, scored, candidates) if model else cheapest_first(candidates)


def cheapest_first(candidates: Sequence[Candidate]) -> list[Ranked]:
    """Where no matcher has been trained yet: no odds, no wishes, only what it costs beyond what one gets."""
    dearness = {one.product_id: one.annual_rate or 0.0 for one in candidates}
    order = sorted(candidates, key=lambda one: (dearness[one.product_id], one.monthly_cost, one.product_id))
    return [Ranked(one.product_id, None, None, -float(place), ()) for place, one in enumerate(order)]


def ranked(
    model: MatchArtefact, weights: Weights, sheet: FactSheet, scored: Scored | None, candidates: Sequence[Candidate]
) -> list[Ranked]:
    """Without a score there are no odds: then only what people want and what it costs decide."""
    pairs = rows(sheet, scored, candidates)
    odds, wishes = (chances.tolist() for chances in model.predicted(pairs))
    shares = pairs[:, COST_TO_INCOME].tolist()
    answers = []
    for candidate, chance, wish, share in zip(candidates, odds, wishes, shares, strict=True):
        known = None if scored is None else chance
        band = None if known is None else model.band(known)
        answers.append(
            Ranked(
                product_id=candidate.product_id,
                odds=known,
                odds_band=band,
                value=value(weights, candidate, known, wish, share),
                reasons=reasons(candidate, scored, band, share, candidates),
            )
        )
    return sorted(answers, key=lambda one: (-one.value, one.product_id))


def value(weights: Weights, candidate: Candidate, odds: float | None, wish: float, share_of_income: float) -> float:
    """The expected good of showing this product to this person. A share that is not known is NaN and strains nobody."""
    worth = weights.answered_well * wish * (1.0 if odds is None else odds) + weights.sponsored * candidate.sponsored
    strain = share_of_income - STRAIN_FROM if share_of_income > STRAIN_FROM else 0.0
    return worth - weights.dear * worth * (candidate.annual_rate or 0.0) - weights.strained * worth * min(strain, 1.0)
