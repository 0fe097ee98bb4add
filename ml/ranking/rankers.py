"""Two CatBoost rankers on the same rows, stopped early on validation users and grown again on all training users."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

import numpy as np

from ml.ranking import measuring
from ml.ranking.features import Rows
from ml.ranking.table import Flags, Floats

Loss = Literal["pointwise", "yetirank"]
# Above this many rows one part of the training users more or less changes nothing, and a second training takes minutes.
_AGAIN_UP_TO_ROWS = 60_000
# YetiRank draws permutations of every list in every tree; more lists than this cost minutes and gain next to nothing.
_YETIRANK_ROWS = 250_000
_ONE_HOT_LEVELS = 32
_MORE_TREES = 1.1  # for the rows that validation lent


@dataclass(frozen=True)
class Ranker:
    name: Loss
    score: Floats  # one per row
    validation: float  # NDCG@5 on the validation users
    trees: int
    seconds: float


@dataclass(frozen=True)
class _Growth:
    trees: int
    rate: float
    patience: int


def fit(rows: Rows, loss: Loss, *, seed: int, is_graded: bool) -> Ranker:
    """Train without the test users; the score is for all rows."""
    began = perf_counter()
    learn, watched = ~rows.is_test & ~rows.is_validation, rows.is_validation
    if loss == "yetirank":
        learn = _fewer_users(rows, learn)
    model = _grown(rows, learn, loss, seed, is_graded, watched=watched)
    trees = int(model.tree_count_)
    score = _scored(model, rows)
    held = measuring.ndcg(score[watched], rows.user[watched], rows.label[watched], rows.lot[watched])
    if len(rows.label) <= _AGAIN_UP_TO_ROWS:
        again = _grown(rows, ~rows.is_test, loss, seed, is_graded, trees=round(trees * _MORE_TREES))
        score = _scored(again, rows)
    return Ranker(loss, score, held, trees, perf_counter() - began)


def _grown(
    rows: Rows, learn: Flags, loss: Loss, seed: int, is_graded: bool, *, watched: Flags | None = None, trees: int = 0
) -> Any:
    from catboost import CatBoost

    growth = _growth(len(rows.label))
    model = CatBoost(
        {
            **_loss(loss, is_graded),
            "iterations": trees or growth.trees,
            "learning_rate": growth.rate,
            "depth": 6,
            "l2_leaf_reg": 5.0,
            "border_count": 64,
            "leaf_estimation_iterations": 1,
            "one_hot_max_size": _ONE_HOT_LEVELS,
            "max_ctr_complexity": 1,
            "random_seed": seed,
            "thread_count": 2,
            "allow_writing_files": False,
            "verbose": False,
            **({"od_type": "Iter", "od_wait": growth.patience, "use_best_model": True} if watched is not None else {}),
        }
    )
    model.fit(
        _pool(rows, learn, loss, is_graded), eval_set=None if watched is None else _pool(rows, watched, loss, is_graded)
    )
    return model


def _growth(rows: int) -> _Growth:
    """Fewer and bolder trees for large tables: a million rows in minutes on two cores."""
    if rows <= 60_000:
        return _Growth(800, 0.05, 60)
    return _Growth(500, 0.08, 40) if rows <= 300_000 else _Growth(300, 0.12, 20)


def _fewer_users(rows: Rows, learn: Flags) -> Flags:
    """Whole lists of users drawn by lot, up to the limit."""
    if int(learn.sum()) <= _YETIRANK_ROWS:
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
    return {"loss_function": "YetiRank", "eval_metric": f"NDCG:top={measuring.SHOWN}"}


def _pool(rows: Rows, which: Flags, loss: Loss, is_graded: bool) -> Any:
    from catboost import Pool

    label = rows.label[which]
    return Pool(
        rows.frame[which],
        label=label / rows.label.max() if is_graded else label,
        cat_features=list(rows.categories),
        group_id=rows.user[which] if loss == "yetirank" else None,
    )


def _scored(model: Any, rows: Rows) -> Floats:
    return np.asarray(model.predict(rows.frame, thread_count=2), np.float64)
