"""How a training does beside others on the same folds, and whether seeds and the order of rows change what it ships.

    .venv/bin/python -m tests.ml.beside BOOK.csv BOOK.toml [--runs 3]

Every figure is of rows that the model in question has not seen. LightGBM is among them where it happens to be installed.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.books import describing, reading
from ml.books.book import Book
from ml.books.findings import Notes
from ml.figures.metrics import figures
from ml.lab.training import train

Floats = NDArray[np.float64]
Other = Callable[[Book, Book, int], Floats]  # learn, test, seed: probabilities


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("book", type=Path)
    asked.add_argument("description", type=Path)
    asked.add_argument("--runs", type=int, default=3)
    given = asked.parse_args()
    description = describing.read(given.description)
    table = reading.read(given.book, Notes(), encoding=description.encoding, separator=description.separator)
    for run in range(given.runs):
        began = process_time()
        laid = table if run == 0 else table.sample(frac=1, random_state=run).reset_index(drop=True)
        report = (trained := train(laid, description, seed=run)).report
        found = report.judgement.figures
        name = f"longan, seed {run}, order {run}: {trained.artefact.kind}"
        _print(name, found.auc, found.logloss, process_time() - began)
        if run == 0:
            folds, book = report.split.folds, report.book
    for name, other in _others():
        began = process_time()
        chances = np.concatenate([other(book.take(learn), book.take(test), 1) for learn, test in folds])
        rows = np.concatenate([test for _, test in folds])
        known = figures(book.bad[rows], np.clip(chances, 1e-6, 1 - 1e-6))
        _print(name, known.auc, known.logloss, process_time() - began)


def _print(name: str, auc: float, logloss: float, seconds: float) -> None:
    sys.stdout.write(f"{name:44} AUC {auc:.4f}  log-loss {logloss:.4f}  {seconds:.0f} s of CPU\n")
    sys.stdout.flush()


def _others() -> Iterator[tuple[str, Other]]:
    yield "logistic regression, one column per level", _logistic
    yield "scikit-learn HistGradientBoosting", _histogram
    try:
        import lightgbm  # type: ignore[import-not-found]
    except ImportError:
        return
    yield "LightGBM, 300 trees of 15 leaves", lambda *parts: _lightgbm(lightgbm, *parts)


def _logistic(learn: Book, test: Book, seed: int) -> Floats:
    both = pd.get_dummies(pd.concat([learn.frame, test.frame]), dtype=float)
    both = both.fillna(both.iloc[: len(learn)].median()).fillna(0.0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2_000))
    model.fit(both.iloc[: len(learn)], learn.bad)
    return np.asarray(model.predict_proba(both.iloc[len(learn) :])[:, 1])


def _histogram(learn: Book, test: Book, seed: int) -> Floats:
    first, second = _coded(learn, test)
    model = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=150, max_leaf_nodes=15, categorical_features="from_dtype", random_state=seed
    )
    return np.asarray(model.fit(first, learn.bad).predict_proba(second)[:, 1])


def _lightgbm(lightgbm: Any, learn: Book, test: Book, seed: int) -> Floats:
    first, second = _coded(learn, test)
    options = {
        "objective": "binary",
        "learning_rate": 0.03,
        "num_leaves": 15,
        "min_child_samples": 50,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "verbose": -1,
        "seed": seed,
    }
    return np.asarray(lightgbm.train(options, lightgbm.Dataset(first, learn.bad), 300).predict(second))


def _coded(learn: Book, test: Book) -> tuple[pd.DataFrame, pd.DataFrame]:
    first, second = learn.frame.copy(), test.frame.copy()
    for name in first.columns[learn.numbers :]:
        levels = pd.CategoricalDtype(sorted({*first[name], *second[name]}))
        first[name], second[name] = first[name].astype(levels), second[name].astype(levels)
    return first, second


if __name__ == "__main__":
    main()
