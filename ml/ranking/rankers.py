"""Two CatBoost rankers on the same rows, stopped early on users that they have not learned from.

Each grows once on the table's own columns and once with all that was told from other users and earlier rows; the mean
of both ranks, unless validation says that one of them does better alone. Small tables are learned from several times,
each time without one fold of the users, and the mean of those models ranks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

import numpy as np
import pandas as pd

from ml.ranking import measuring
from ml.ranking.features import Rows
from ml.ranking.table import Flags, Floats

Loss = Literal["pointwise", "yetirank"]
Inputs = Literal["given", "all", "both"]
# YetiRank draws permutations of every list in every tree; more lists than this cost minutes and gain next to nothing.
_YETIRANK_ROWS = 200_000
_ONE_HOT_LEVELS = 32
_AS_GOOD = 0.002  # of NDCG: the mean of two models holds better on others than validation tells
_GRADE_MAX = 10.0  # of what YetiRank weighs pairs by


@dataclass(frozen=True)
class Ranker:
    name: Loss
    score: Floats  # one per row; of validated rows that of the model which has not seen them
    validation: Floats  # NDCG@5 of each validated user who prefers something
    inputs: Inputs
    trees: int  # of all its models
    seconds: float


@dataclass(frozen=True)
class _Scored:
    score: Floats
    trees: int


def fit(rows: Rows, loss: Loss, *, seed: int, is_graded: bool) -> Ranker:
    """Train without the test users; the score is for all rows."""
    began = perf_counter()
    given = _validated(rows, loss, seed, is_graded, list(rows.given))
    everything = _validated(rows, loss, seed, is_graded, list(rows.frame.columns))
    # Log-odds of a label, or of one row before another: of one scale, so that they may be added.
    both = _Scored(given.score + everything.score, given.trees + everything.trees)
    found: dict[Inputs, _Scored] = {"given": given, "all": everything, "both": both}
    held = {name: held_out(rows, each.score) for name, each in found.items()}
    inputs = best_inputs(held)
    return Ranker(loss, found[inputs].score, held[inputs], inputs, found[inputs].trees, perf_counter() - began)


def held_out(rows: Rows, score: Floats) -> Floats:
    """NDCG@5 of each validated user who prefers something."""
    watched = rows.fold >= 0
    return measuring.ndcg(score[watched], rows.user[watched], rows.label[watched], rows.lot[watched])


def is_better(one: Floats, other: Floats, *, errors: float) -> bool:
    """Whether the mean over the same users is higher by more than so many standard errors."""
    gain = one - other
    return bool(gain.mean() > errors * gain.std() / np.sqrt(len(gain)))


def best_inputs(held: Mapping[Inputs, Floats]) -> Inputs:
    one: Inputs = "given" if held["given"].mean() > held["all"].mean() else "all"
    return one if held[one].mean() > held["both"].mean() + _AS_GOOD else "both"


def _validated(rows: Rows, loss: Loss, seed: int, is_graded: bool, names: list[str]) -> _Scored:
    frame = rows.frame[names]
    total, held, trees = np.zeros(len(frame)), np.zeros(len(frame)), 0
    folds = int(rows.fold.max()) + 1
    for fold in range(folds):
        watched = rows.fold == fold
        learn = ~rows.is_test & ~watched
        model = _grown(
            _pool(rows, frame, _some(rows, learn, loss), loss, is_graded),
            _pool(rows, frame, watched, loss, is_graded),
            {**_loss(loss, is_graded), **_growth(len(frame), loss), "random_seed": seed},
        )
        score = np.asarray(model.predict(frame, thread_count=2), np.float64)
        held[watched] = score[watched]
        total += score / folds
        trees += int(model.tree_count_)
    return _Scored(np.where(rows.fold >= 0, held, total), trees)


def _grown(learn: Any, watched: Any, options: dict[str, Any]) -> Any:
    from catboost import CatBoost

    model = CatBoost(
        {
            "depth": 6,
            "l2_leaf_reg": 5.0,
            "border_count": 64,
            "leaf_estimation_iterations": 1,
            "one_hot_max_size": _ONE_HOT_LEVELS,
            "max_ctr_complexity": 1,
            "thread_count": 2,
            "allow_writing_files": False,
            "verbose": False,
            "od_type": "Iter",
            "use_best_model": True,
            **options,
        }
    )
    model.fit(learn, eval_set=watched)
    return model


def _growth(rows: int, loss: Loss) -> dict[str, float]:
    """Fewer and bolder trees for large tables: a million rows in minutes on two cores. Those of YetiRank take longest."""
    is_fast = loss == "pointwise"
    if rows <= 100_000:
        return {"iterations": 1_500 if is_fast else 600, "learning_rate": 0.1 if is_fast else 0.15, "od_wait": 60}
    if rows <= 400_000:
        return {"iterations": 1_000 if is_fast else 300, "learning_rate": 0.1, "od_wait": 40 if is_fast else 30}
    return {"iterations": 500 if is_fast else 200, "learning_rate": 0.15, "od_wait": 25}


def _some(rows: Rows, learn: Flags, loss: Loss) -> Flags:
    """Whole lists of users for YetiRank, drawn by lot, up to the limit."""
    if loss == "pointwise" or int(learn.sum()) <= _YETIRANK_ROWS:
        return learn
    first = np.full(int(rows.user.max()) + 1, np.inf)
    np.minimum.at(first, rows.user, rows.lot)
    sizes = np.bincount(rows.user[learn], minlength=len(first))
    order = np.argsort(first, kind="stable")
    kept = np.zeros(len(first), bool)
    kept[order[np.cumsum(sizes[order]) <= _YETIRANK_ROWS]] = True
    return learn & kept[rows.user]


def _loss(loss: Loss, is_graded: bool) -> dict[str, str]:
    if loss == "pointwise":
        # Grades become shares of the highest: the same log-loss, for chances that are no certainties.
        return {"loss_function": "CrossEntropy" if is_graded else "Logloss"}
    # Three permutations of each list instead of ten: as good within noise, in a third of the time.
    return {"loss_function": "YetiRank:permutations=3", "eval_metric": f"NDCG:top={measuring.SHOWN}"}


def _pool(rows: Rows, frame: pd.DataFrame, which: Flags, loss: Loss, is_graded: bool) -> Any:
    from catboost import Pool

    highest = rows.label.max()
    scale = 1 / highest if is_graded and loss == "pointwise" else min(_GRADE_MAX / highest, 1.0)
    return Pool(
        frame[which],
        label=rows.label[which] * scale,
        cat_features=[name for name in rows.categories if name in frame.columns],
        group_id=rows.user[which] if loss == "yetirank" else None,
    )
