"""What the order of a new matcher would have brought, estimated from the log of the old one."""

from typing import Any

import numpy as np

from domain.market.arrays import Floats, Indices
from ml.matchers import values
from ml.matchers.logs import ImpressionLog
from ml.matchers.values import Weights
from ml.models.matcher import MatchArtefact
from ml.models.pairs import COLUMNS, POINTS, POSITION
from ml.ranking import logs as ranking_logs
from ml.ranking import offpolicy
from ml.ranking.policies import Policy
from ml.ranking.rewards import Expected

AT = COLUMNS.index(POSITION)


def valued(model: MatchArtefact, weights: Weights, log: ImpressionLog, *, seed: int) -> dict[str, Any]:
    """Applications per impression, were the products of each list in the new order. By people, as the intervals are.

    The log says nothing of products that were not shown, so the new order is one of the same products.
    """
    position = log.seen.rows[:, AT]
    slots, filling = _new_order(model, weights, log)
    moved = np.empty(len(log))
    moved[filling] = position[slots]
    of_policy = np.empty(len(log))
    of_policy[slots] = _wish(model, _at(log.seen.rows, moved))[filling]
    told = Expected(of_action=_wish(model, log.seen.rows), of_policy=of_policy)
    logged = ranking_logs.RankingLog(
        action=log.product.astype(object),
        reward=log.seen.applied.astype(float),
        propensity=log.propensity,
        position=position.astype(object),
        context={},
        user=np.unique(log.seen.person, return_inverse=True)[1].astype(np.int64),
    )
    policy = Policy("the new order", (moved == position).astype(float), None, np.zeros(len(log), np.int64))
    found = offpolicy.value(logged, policy, seed=seed, told=told)
    figures = {each.name: [each.value, *each.interval] for each in (found.logged, *found.estimates)}
    return {
        "rows": found.rows,
        "effectiveRows": found.effective_rows,
        "meanWeight": found.mean_weight,
        "estimates": {name: [round(float(each), 5) for each in told] for name, told in figures.items()},
    }


def _new_order(model: MatchArtefact, weights: Weights, log: ImpressionLog) -> tuple[Indices, Indices]:
    """Rows by list and logged position, and beside each the row that would stand there."""
    rows = _at(log.seen.rows, 0.0)
    odds, wish = model.chances(rows)
    assert odds is not None
    # Whoever has no score is ranked without odds.
    value = values.value_of(weights, rows, np.where(np.isnan(rows[:, POINTS]), 1.0, odds), wish)
    return np.lexsort((log.seen.rows[:, AT], log.list_of)), np.lexsort((-value, log.list_of))


def _wish(model: MatchArtefact, rows: Floats) -> Floats:
    return model.chances(rows, is_scored=False)[1]


def _at(rows: Floats, position: Floats | float) -> Floats:
    moved = rows.copy(order="F")
    moved[:, AT] = position
    return moved
