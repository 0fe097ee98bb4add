"""What can be said in favour of a product: only what is true, by the rules and the figures."""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil, isnan

import numpy as np

from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.market import quoting
from domain.market.arrays import Flags, Floats, Indices
from domain.market.products import Product
from domain.matching.matcher import Candidates, OddsBand
from domain.matching.odds import reliability
from infra.words import N_
from ml.models.matcher import MatchArtefact
from ml.models.pairs import ANNUAL_COST, COST_TO_INCOME, INPUTS

EASY_SHARE = 0.25  # of income a month
FEW_TO_COMPARE = 3
LIKELY = (OddsBand.VERY_HIGH, OddsBand.HIGH)
COSTS = frozenset({"annual_cost", "monthly_cost", "cost_to_income"})


@dataclass(frozen=True)
class MatchSentence:
    """`columns`: what it speaks of; of both models, or of the odds alone."""

    reason: Reason
    columns: tuple[str, ...]
    is_of_odds: bool = False


def of_costs(sentence: MatchSentence) -> bool:
    return COSTS.issuperset(sentence.columns)


def sentences(
    model: MatchArtefact | None,
    rows: Floats,
    scored: Scored | None,
    candidates: Candidates,
    shown: Indices,
    kept: Collection[OddsBand],
) -> list[list[MatchSentence]]:
    """Sentences for each of the products shown, the most personal first. `kept`: the bands that keep their word."""
    # From the leaves, which explain the same rows: for so few, a call of CatBoost takes three times as long.
    odds = model.odds_platt.chance(model.odds_leaves.explained(rows[shown])[0]) if model and scored else None
    kinds = candidates.shelf.columns.kind[candidates.rows]
    costs = {kind: _sorted_costs(rows, kinds == kind) for kind in np.unique(kinds[shown])}
    told = []
    for index, place in enumerate(shown.tolist()):
        product = candidates.shelf.product(int(candidates.rows[place]))
        found = [
            _meets_grade(product, scored),
            _easy_to_carry(float(rows[place, COST_TO_INCOME])),
            _often_approved(None if odds is None else float(odds[index]), kept),
            _low_cost(candidates, place, float(rows[place, ANNUAL_COST]), costs[kinds[place]]),
            _choice_of_terms(product),
            _open_to_all(product),
        ]
        told.append([each for each in found if each is not None])
    return told


def _sorted_costs(rows: Floats, which: Flags) -> Floats:
    costs = rows[which, ANNUAL_COST]
    return np.sort(costs[~np.isnan(costs)])


def _meets_grade(product: Product, scored: Scored | None) -> MatchSentence | None:
    needed = product.grade_at_least
    if scored is None or needed is None or _is_open_to_all(product) or not scored.grade.is_at_least(needed):
        return None
    message = N_("It asks for grade {needed} or better, and yours is {grade}.")
    reason = Reason("MEETS_GRADE", message, {"needed": needed.value, "grade": scored.grade.value})
    return MatchSentence(reason, ("points", "grades_to_spare"))


def _easy_to_carry(share: float) -> MatchSentence | None:
    if isnan(share) or share > EASY_SHARE:
        return None
    # Rounded up: nobody should hear a smaller share than it is.
    percent = max(1, ceil(share * 100))
    message = N_("It takes at most {percent} % of what comes in each month.")
    return MatchSentence(Reason("EASY_TO_CARRY", message, {"percent": percent}), ("cost_to_income", "monthly_cost"))


def _often_approved(odds: float | None, kept: Collection[OddsBand]) -> MatchSentence | None:
    if odds is None or reliability.band_of(odds) not in {*LIKELY}.intersection(kept):
        return None
    message = N_("Most people with a record like yours are approved for it.")
    return MatchSentence(Reason("OFTEN_APPROVED", message), INPUTS, is_of_odds=True)


def _low_cost(candidates: Candidates, place: int, annual_cost: float, others: Floats) -> MatchSentence | None:
    """Compared with the candidates of the same kind, itself among them; told as it is quoted beside it."""
    if annual_cost == 0:
        return MatchSentence(Reason("NO_INTEREST", N_("It costs no interest.")), ("annual_cost",))
    if isnan(annual_cost) or len(others) < FEW_TO_COMPARE or annual_cost > others[len(others) // 4]:
        return None
    message = N_("All told it costs {percent} % a year, which is among the lowest of {count} like it.")
    row = int(candidates.rows[place])
    amount, months = int(candidates.amount[place]), int(candidates.shelf.columns.months[row])
    percent = f"{float(quoting.quote(candidates.shelf.product(row), amount, months).annual_cost) * 100:g}"
    return MatchSentence(Reason("LOW_RATE", message, {"percent": percent, "count": len(others)}), ("annual_cost",))


def _choice_of_terms(product: Product) -> MatchSentence | None:
    terms = product.term_months
    if len(terms) < FEW_TO_COMPARE:
        return None
    message = N_("You can choose among {count} terms, up to {months} months.")
    reason = Reason("CHOICE_OF_TERMS", message, {"count": len(terms), "months": max(terms)})
    return MatchSentence(reason, ("months_min", "months_max"))


def _open_to_all(product: Product) -> MatchSentence | None:
    if not _is_open_to_all(product):
        return None
    return MatchSentence(Reason("ANY_GRADE", N_("It is open to every grade.")), ("grades_to_spare",))


def _is_open_to_all(product: Product) -> bool:
    return product.grade_at_least in (None, Grade.D)
