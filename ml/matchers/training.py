"""Training the matcher: who would apply for what, and who would be approved."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.market.arrays import Flags, Floats
from ml.figures.metrics import figures
from ml.lab import calibration
from ml.matchers import evidence
from ml.matchers.interactions import Interactions
from ml.models import boosted
from ml.models.matcher import MatchArtefact, Platt
from ml.models.pairs import COLUMNS, POSITION

if TYPE_CHECKING:
    from catboost import CatBoost

TREES_MAX, TREES_MIN, ROWS_A_TREE = 200, 20, 40
DEPTH, RATE = 4, 0.07
CALIBRATE_FROM, TURNS = 1_500, 4  # rows

# More of these can only help or only hurt, whatever noise says. All that is part of a price hurts both chances: so of two
# products that differ in nothing but what they cost, the cheaper is never ranked lower for anybody. What attracts people
# to a product of a certain size stays free: that is its amount, not its price.
PRICE = {"annual_cost": -1, "monthly_cost": -1, "cost_to_income": -1}
ODDS_DIRECTIONS = {**PRICE, "points": 1, "grades_to_spare": 1, "income.monthly_inflow": 1}
# What stands further down is seen less often. The position is an input that is fixed to the first place at serving, so no
# curve of attention has to be known beforehand: our own log holds all that decided where a product stood. Weighting by
# the inverse of a curve would need that curve, and weights below zero, which CatBoost refuses.
RELEVANCE_DIRECTIONS = {**PRICE, POSITION: -1}


def train(seen: Interactions, *, simulated: bool, seed: int) -> MatchArtefact:
    """Seven tenths of the people train and calibrate; the rest are kept for testing."""
    odds_trees, odds_platt = _fitted(seen.only(seen.decided), "approved", ODDS_DIRECTIONS, seed, blind_to=POSITION)
    wish_trees, wish_platt = _fitted(seen, "applied", RELEVANCE_DIRECTIONS, seed)
    made = MatchArtefact(odds_trees, wish_trees, odds_platt, wish_platt, {}, simulated, {})
    held_out = seen.only(seen.is_test)
    odds, wish = made.chances(held_out.rows)
    assert odds is not None
    decided = held_out.decided
    times = held_out.shown_at[decided] if held_out.shown_at is not None else None
    return MatchArtefact(
        odds_model=odds_trees,
        relevance_model=wish_trees,
        odds_platt=odds_platt,
        relevance_platt=wish_platt,
        tested=evidence.measure_bands(odds[decided], held_out.approved[decided], times),
        simulated=simulated,
        card={
            "seed": seed,
            "shown": len(seen),
            "people": len(np.unique(seen.person)),
            "applied": int(seen.applied.sum()),
            "decided": int(seen.decided.sum()),
            "approved": int((seen.decided & seen.approved).sum()),
            **_period(seen),
            "auc": {
                "odds": _auc(odds[decided], held_out.approved[decided]),
                "relevance": _auc(wish, held_out.applied),
            },
        },
    )


def _fitted(
    seen: Interactions, label: str, directions: Mapping[str, int], seed: int, blind_to: str | None = None
) -> tuple[bytes, Platt]:
    """Train on the most people and calibrate on the others; where those are few, on everybody's turn to be left out."""
    recipe = {
        "loss_function": "Logloss",
        "depth": DEPTH,
        "learning_rate": RATE,
        "monotone_constraints": [directions.get(name, 0) for name in COLUMNS],
        "ignored_features": [COLUMNS.index(blind_to)] if blind_to else [],
        "thread_count": 2,
        "random_seed": seed,
        "allow_writing_files": False,
        "verbose": False,
    }
    check = seen.only(seen.is_calibration)
    if len(check) >= CALIBRATE_FROM:
        trees = _grown(recipe, seen.only(seen.is_fit), label)
        raw = np.asarray(trees.predict(check.rows), float)
    else:
        check = seen.only(~seen.is_test)
        trees = _grown(recipe, check, label)
        raw = _left_out(recipe, check, label)
    shift, slope = calibration.fit(raw, getattr(check, label).astype(float), check.weight)
    return boosted.from_trees(trees, len(COLUMNS)).written, Platt(shift, slope)


def _left_out(recipe: Mapping[str, Any], seen: Interactions, label: str) -> Floats:
    """What trees say of each person that grew without them."""
    raw = np.empty(len(seen))
    turn = np.floor(seen.draw * 2**20).astype(np.int64) % TURNS
    for each in range(TURNS):
        raw[turn == each] = _grown(recipe, seen.only(turn != each), label).predict(seen.rows[turn == each])
    return raw


def _grown(recipe: Mapping[str, Any], seen: Interactions, label: str) -> "CatBoost":
    from catboost import CatBoost

    count = int(np.clip(len(seen) // ROWS_A_TREE, TREES_MIN, TREES_MAX))
    return CatBoost({**recipe, "iterations": count}).fit(seen.rows, getattr(seen, label), sample_weight=seen.weight)


def _period(seen: Interactions) -> dict[str, Any]:
    if seen.shown_at is None:
        return {"since": None, "until": None}
    return {"since": str(seen.shown_at.min()), "until": str(seen.shown_at.max())}


def _auc(chances: Floats, label: Flags) -> float | None:
    """The area under the curve; None where all have one outcome."""
    auc = figures(label.astype(float), chances).auc if len(label) else np.nan
    return None if np.isnan(auc) else round(auc, 4)
