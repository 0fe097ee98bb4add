"""CatBoost: few and shallow trees that keep declared directions, stopped early, without class weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool, sum_models
from numpy.typing import NDArray

from ml.books.book import Book
from ml.models import boosted

Floats = NDArray[np.float64]
# Combinations of categories (max_ctr_complexity above 1) cost minutes where levels are many, and made small books worse.
# Up to this many levels a category is split level by level, without the target statistics that small books overfit.
_ONE_HOT_LEVELS = 12
_SECOND_THREAD_FROM_ROWS = 5_000


@dataclass(frozen=True)
class TreeGrowth:
    """How trees are grown. `trees` is the most that may be grown where training stops early.

    `columns` is the share of them that each level of a tree may ask; `bag` is how many models, from other seeds, are
    averaged in log-odds: on small books both tell more than deeper trees do, and no seed decides.
    """

    depth: int
    rate: float
    trees: int
    leaf_ridge: float = 10.0
    columns: float = 1.0
    bag: int = 1


def growths(rows: int) -> Sequence[TreeGrowth]:
    """The small search. Never deeper than 4: depth 6 gained less than chance on real books, and explains slower."""
    if rows < 5_000:
        return (TreeGrowth(4, 0.06, 400, columns=0.4, bag=3),)
    if rows < 40_000:
        return (TreeGrowth(4, 0.08, 300, columns=0.4, bag=2),)
    return TreeGrowth(4, 0.12, 300), TreeGrowth(4, 0.08, 300)


def grow(book: Book, growth: TreeGrowth, *, seed: int, watched: Book | None = None, patience: int = 30) -> Any:
    """Train on all rows; with `watched`, stop when its log-loss hasn't fallen for `patience` trees."""
    trees = CatBoostClassifier(
        iterations=growth.trees,
        depth=growth.depth,
        learning_rate=growth.rate,
        l2_leaf_reg=growth.leaf_ridge,
        monotone_constraints=[each.monotone for each in book.inputs],
        max_ctr_complexity=1,
        one_hot_max_size=_ONE_HOT_LEVELS,
        border_count=128,
        bootstrap_type="MVS",
        subsample=0.8,
        rsm=growth.columns,
        random_seed=seed,
        thread_count=_threads(book),
        allow_writing_files=False,
        use_best_model=False,
        od_type="Iter" if watched else None,
        od_wait=patience if watched else None,
        eval_metric="Logloss",
        verbose=False,
    )
    trees.fit(pool(book), eval_set=pool(watched) if watched else None)
    return trees


def fit(book: Book, growth: TreeGrowth, *, seed: int) -> boosted.Boosted:
    return boosted.from_trees(averaged([grow(book, growth, seed=each) for each in seeds(growth, seed)]), book.numbers)


def seeds(growth: TreeGrowth, seed: int) -> range:
    return range(seed, seed + growth.bag)


def averaged(grown: Sequence[Any]) -> Any:
    """One model whose log-odds are the mean of theirs, tree by tree, so that what it explains adds up as before."""
    return grown[0] if len(grown) == 1 else sum_models(list(grown), weights=[1 / len(grown)] * len(grown))


def pool(book: Book) -> Pool:
    names = [each.name for each in book.inputs]
    return Pool(
        book.frame,
        label=book.bad,
        weight=book.weights if np.ptp(book.weights) else None,
        feature_names=names,
        cat_features=list(range(book.numbers, len(names))),
    )


def best_tree(trees: Any) -> int:
    """After how many trees the watched log-loss was lowest."""
    return int(np.argmin(trees.get_evals_result()["validation"]["Logloss"])) + 1


def raw(trees: Any, book: Book, count: int) -> Floats:
    """Raw log-odds of the first `count` trees."""
    values = trees.predict(
        pool(book),
        prediction_type="RawFormulaVal",
        ntree_end=min(count, trees.tree_count_),
        thread_count=_threads(book),
    )
    return np.asarray(values, dtype=np.float64)


def _threads(book: Book) -> int:
    return 2 if len(book) >= _SECOND_THREAD_FROM_ROWS else 1
