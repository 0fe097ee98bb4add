"""Training the matcher: who would apply, and who would be approved."""

from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.match_artefact import BANDS, BandEvidence, MatchArtefact, Platt, band_of
from ml.match_features import COLUMNS, Batch
from ml.population.interactions import Interactions

TEST_SHARE = 0.3
TREES, DEPTH, RATE = 150, 4, 0.1
DECIDED_MIN = 100

# More than these can only help or only hurt, whatever noise says.
ODDS_DIRECTIONS = {"points": 1, "grades_to_spare": 1, "cost_to_income": -1, "income.monthly_inflow": 1}
RELEVANCE_DIRECTIONS = {"annual_rate": -1}

Labels = NDArray[np.bool_]
Indices = NDArray[np.intp]


def train_matcher(seen: Interactions, *, simulated: bool, seed: int) -> MatchArtefact:
    is_test = _drawn_by_person(seen.person, seed)
    odds, odds_platt, chances = _fitted(
        seen.rows, seen.person, seen.approved, seen.applied, is_test, ODDS_DIRECTIONS, seed
    )
    everyone = np.ones(len(is_test), bool)
    wish, wish_platt, wishes = _fitted(
        seen.rows, seen.person, seen.applied, everyone, is_test, RELEVANCE_DIRECTIONS, seed
    )
    tested = seen.applied & is_test
    return MatchArtefact(
        odds_model=odds,
        relevance_model=wish,
        odds_platt=odds_platt,
        relevance_platt=wish_platt,
        evidence=evidence(chances[tested], seen.approved[tested]),
        simulated=simulated,
        card={
            "shown": len(seen.rows),
            "applied": int(seen.applied.sum()),
            "auc": {
                "odds": _auc(chances[tested], seen.approved[tested]),
                "relevance": _auc(wishes[is_test], seen.applied[is_test]),
            },
            "seed": seed,
        },
    )


def evidence(chances: Batch, approved: Labels) -> tuple[BandEvidence, ...]:
    """A band is kept when enough were decided in it, and its approval rate, give or take chance, lies within the band."""
    names = np.array([band_of(chance) for chance in chances])
    told, high = [], 1.0
    for band, low in BANDS:
        here = names == band
        decided, count = int(here.sum()), int(approved[here].sum())
        rate = count / max(decided, 1)
        slack = 2 * sqrt(rate * (1 - rate) / max(decided, 1))
        told.append(BandEvidence(band, count, decided, decided >= DECIDED_MIN and low - slack <= rate <= high + slack))
        high = low
    return tuple(told)


def _drawn_by_person(person: Indices, seed: int) -> Labels:
    drawn = np.random.default_rng(seed).random(int(person.max()) + 1)
    return np.asarray(drawn[person] < TEST_SHARE)


def _fitted(
    rows: Batch, person: Indices, label: Labels, where: Labels, is_test: Labels, directions: dict[str, int], seed: int
) -> tuple[bytes, Platt, Batch]:
    """Train on most people, calibrate on some of the others, and give the calibrated chances of all rows."""
    from catboost import CatBoost

    is_calibration = _drawn_by_person(person, seed + 1) & ~is_test & where
    fit = where & ~is_test & ~is_calibration
    model = CatBoost(
        {
            "loss_function": "Logloss",
            "iterations": TREES,
            "depth": DEPTH,
            "learning_rate": RATE,
            "monotone_constraints": [directions.get(name, 0) for name in COLUMNS],
            "thread_count": 2,
            "random_seed": seed,
            "allow_writing_files": False,
            "verbose": False,
        }
    ).fit(rows[fit], label[fit])
    raw = np.asarray(model.predict(rows), float)
    platt = platt_of(raw[is_calibration], label[is_calibration])
    return written(model), platt, 1 / (1 + np.exp(-(platt.slope * raw + platt.shift)))


def platt_of(raw: Batch, label: Labels) -> Platt:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(raw[:, None], label)
    return Platt(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def written(model: Any) -> bytes:
    # CatBoost stamps a random id and the time into the file, which would give each training another content hash.
    stamped = model.get_metadata()
    for name in ("model_guid", "train_finish_time"):
        stamped[name] = ""
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.cbm")
        model.save_model(str(path))
        return path.read_bytes()


def _auc(chances: Batch, label: Labels) -> float:
    from sklearn.metrics import roc_auc_score

    return round(float(roc_auc_score(label, chances)), 4)
