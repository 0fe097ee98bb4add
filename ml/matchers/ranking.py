"""From the matrix to ranked candidates: the models, the value, the order."""

import numpy as np

from domain.market.arrays import Floats
from domain.matching.matcher import Ranking
from ml.matchers import values
from ml.matchers.values import Weights
from ml.models.matcher import MatchArtefact


def ranked(model: MatchArtefact, weights: Weights, rows: Floats, *, is_scored: bool) -> Ranking:
    """The ranking of one person, whose rows of COLUMNS these are. The odds are NaN where no score tells them."""
    odds, wish = model.chances(rows, is_scored=is_scored)
    value = values.value_of(weights, rows, odds, wish)
    return Ranking(values.best_first(value), value, np.full(len(rows), np.nan) if odds is None else odds, wish)
