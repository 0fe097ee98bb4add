"""Why a product is shown: sentences that are true of this person and product, and that really push it up.

Each sentence names the columns that it speaks of. It is told only where these columns raise the value of this product:
by exact Shapley values of both models, and by what its costs take from the value, compared with the other candidates.
"""

from collections.abc import Collection, Sequence

import numpy as np

from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.market.arrays import Floats, Indices
from domain.matching.matcher import Candidates, OddsBand
from infra.words import N_
from ml.matchers import values
from ml.matchers.sentences import MatchSentence, of_costs, sentences
from ml.matchers.values import Weights
from ml.models.leaves import Leaves
from ml.models.matcher import MatchArtefact, Platt
from ml.models.pairs import COLUMNS

REASONS_MAX = 3
AVAILABLE = Reason("AVAILABLE", N_("Nothing we know about you speaks against it."))


def reasons(
    model: MatchArtefact | None,
    weights: Weights,
    rows: Floats,
    scored: Scored | None,
    candidates: Candidates,
    shown: Indices,
    kept: Collection[OddsBand],
) -> list[tuple[Reason, ...]]:
    """At most three reasons for each, the strongest first; never none. Without a model, only costs can be a reason."""
    if not len(shown):
        return []
    true = sentences(model, rows, scored, candidates, shown, kept)
    if model is None:
        return [_choose([each for each in mine if of_costs(each)]) for mine in true]
    pushes, of_odds = pushed(model, weights, rows, shown, is_scored=scored is not None)
    return [_strongest(mine, *each) for mine, *each in zip(true, pushes, of_odds, strict=True)]


def pushed(
    model: MatchArtefact, weights: Weights, rows: Floats, shown: Indices, *, is_scored: bool
) -> tuple[Floats, Floats]:
    """How much each column raises the logarithm of the value of the products shown; and how much of it through the odds.

    d log p = (1 - p) d log-odds, so a chance that is near 1 already can hardly be pushed further.
    """
    here = rows[shown]
    by_wish = _pushed(model.relevance_leaves, model.relevance_platt, here)
    by_odds = _pushed(model.odds_leaves, model.odds_platt, here) if is_scored else np.zeros_like(by_wish)
    by_costs = np.zeros_like(by_wish)
    kept = values.share_left(weights, here)
    for column, lost in values.losses(weights, rows).items():
        by_costs[:, column] = (lost.mean() - lost[shown]) / kept
    return by_wish + by_odds + by_costs, by_odds


def _pushed(leaves: Leaves, platt: Platt, rows: Floats) -> Floats:
    raw, added = leaves.explained(rows)
    return (1 - platt.chance(raw))[:, None] * platt.slope * added


def _strongest(true: Sequence[MatchSentence], pushes: Floats, of_odds: Floats) -> tuple[Reason, ...]:
    strengths = [float((of_odds if each.is_of_odds else pushes)[_places(each)].sum()) for each in true]
    ordered = sorted(zip(strengths, range(len(true)), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return _choose([true[place] for strength, place in ordered if strength > 0])


def _places(sentence: MatchSentence) -> list[int]:
    return [COLUMNS.index(name) for name in sentence.columns]


def _choose(those: Sequence[MatchSentence]) -> tuple[Reason, ...]:
    return tuple(each.reason for each in those[:REASONS_MAX]) or (AVAILABLE,)
