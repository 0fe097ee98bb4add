"""A model of the reward for doubly robust estimates, cross-fitted: no row is judged by a model that has seen it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from ml.ranking.logs import RankingLog
from ml.ranking.policies import Policy
from ml.ranking.table import Floats, Ints

_FOLDS = 4
_RIDGE = 1.0
_LEVELS_MAX = 100
_CHUNK = 20_000


@dataclass(frozen=True)
class Expected:
    """Per row: the expected reward of the action that was shown, and of what the policy would show."""

    of_action: Floats
    of_policy: Floats


def expected(log: RankingLog, policy: Policy, *, seed: int) -> Expected:
    """`policy.table` must be known. Additive in action, position and context: logistic for 0/1, else ridge regression."""
    assert policy.table is not None
    action, actions = pd.factorize(log.action)
    known = hstack([_one_hot(column) for column in (log.position, *log.context.values())], format="csr")
    shown = hstack([_indicators(action, len(actions)), known], format="csr")
    unit = np.arange(len(log)) if log.user is None else log.user
    fold = np.random.default_rng(seed).integers(0, _FOLDS, int(unit.max()) + 1)[unit]
    result = Expected(np.zeros(len(log)), np.zeros(len(log)))
    for each in range(_FOLDS):
        rows = np.flatnonzero(fold == each)
        _fill(result, rows, shown, known, action, log.reward, fold != each, policy)
    return result


def _fill(
    result: Expected, rows: Ints, shown: Any, known: Any, action: Ints, reward: Floats, learn: Any, policy: Policy
) -> None:
    assert policy.table is not None
    is_binary = bool(np.isin(reward, (0.0, 1.0)).all())
    if len(np.unique(reward[learn])) < 2:
        result.of_action[rows] = result.of_policy[rows] = reward[learn].mean()
        return
    slopes, shift = _fitted(shown[learn], reward[learn], is_binary)
    actions = policy.table.shape[1]
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        raw = (known[part] @ slopes[actions:])[:, None] + slopes[:actions] + shift
        rate = 1 / (1 + np.exp(-raw)) if is_binary else raw
        result.of_action[part] = rate[np.arange(len(part)), action[part]]
        result.of_policy[part] = (rate * policy.table[policy.place[part]]).sum(axis=1)


def _fitted(inputs: Any, reward: Floats, is_binary: bool) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression, Ridge

    model = LogisticRegression(C=1 / _RIDGE, max_iter=300) if is_binary else Ridge(alpha=_RIDGE)
    model.fit(inputs, reward)
    return np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])


def _one_hot(words: NDArray[Any]) -> Any:
    codes, levels = pd.factorize(words)
    counts = np.bincount(codes, minlength=len(levels))
    rank = np.empty(len(levels), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(levels))
    return _indicators(np.minimum(rank[codes], _LEVELS_MAX), min(len(levels), _LEVELS_MAX + 1))


def _indicators(codes: Ints, count: int) -> Any:
    return csr_array((np.ones(len(codes)), (np.arange(len(codes)), codes)), shape=(len(codes), count))
