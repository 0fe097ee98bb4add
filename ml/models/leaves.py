"""Exact Shapley values of CatBoost's symmetric trees, worked out once per leaf, then only looked up.

All rows in one leaf of a tree share their path, so their Shapley values in that tree are the same. A tree of depth four
has sixteen leaves and at most four features: all values of all trees fit into one small table. What CatBoost works out
anew for each row (path-dependent expectations, Lundberg et al. 2018) becomes a look-up, to the same numbers.

The weights are those of training alone, so a person is explained the same in any company (see `models/boosted.py`).
"""

import json
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.models.artefact import Artefact
from ml.models.boosted import Boosted

if TYPE_CHECKING:
    from catboost import CatBoost

Floats = NDArray[np.float64]
DEPTH_MAX = 6
# From this many rows on it is cheaper to go tree by tree through all of them; fewer are looked up so many at a time.
ROWS_TOGETHER, ROWS_AT_A_TIME = 64, 16


@dataclass(frozen=True)
class Leaves:
    """Which input each level of each tree asks, the border, and what each leaf adds."""

    asked: NDArray[np.intp]  # (trees, levels)
    borders: NDArray[np.float32]  # (trees, levels)
    table: Floats  # (trees * leaves, inputs + 1): Shapley values in raw log-odds, and the value of the leaf
    base: float  # the expected raw log-odds
    bias: float

    def explained(self, rows: Floats) -> tuple[Floats, Floats]:
        """Raw log-odds (rows,), and what each input adds to the base (rows, inputs). Each row by itself: the same in any company."""
        leaf = self._leaf(rows)
        told = self._tree_by_tree(leaf) if len(rows) >= ROWS_TOGETHER else self._row_by_row(leaf)
        return self.bias + told[:, -1], told[:, :-1]

    def _row_by_row(self, leaf: NDArray[np.intp]) -> Floats:
        told = np.empty((len(leaf), self.table.shape[1]))
        for start in range(0, len(leaf), ROWS_AT_A_TIME):
            few = slice(start, start + ROWS_AT_A_TIME)
            np.add.reduce(self.table.take(leaf[few], axis=0), axis=1, out=told[few])
        return told

    def _tree_by_tree(self, leaf: NDArray[np.intp]) -> Floats:
        """What `_row_by_row` sums, in its order, so equal to the last bit."""
        told, one = np.zeros((len(leaf), self.table.shape[1])), np.empty((len(leaf), self.table.shape[1]))
        for mine in np.ascontiguousarray(leaf.T):
            # Every leaf is in the table: "clip" spares a look at each.
            told += self.table.take(mine, axis=0, out=one, mode="clip")
        return told

    def placed(self, places: list[int], inputs: int) -> "Leaves":
        """These leaves for rows of `inputs` numbers, in which their own inputs stand at these places."""
        table = np.zeros((len(self.table), inputs + 1))
        table[:, [*places, -1]] = self.table
        return replace(self, asked=np.array(places, np.intp)[self.asked], table=table)

    def _leaf(self, rows: Floats) -> NDArray[np.intp]:
        """The row of the table for each tree. NaN is above no border."""
        trees, levels = self.asked.shape
        above = rows.astype(np.float32)[:, self.asked] > self.borders
        return np.asarray(above @ (1 << np.arange(levels)) + (np.arange(trees) << levels))


def leaves_of(artefact: Artefact) -> Leaves | None:
    """The leaves of a model; None where it is no symmetric trees over numbers."""
    if artefact.version not in _KNOWN:
        if len(_KNOWN) >= _KNOWN_MAX:
            _KNOWN.pop(next(iter(_KNOWN)))
        _KNOWN[artefact.version] = _read(artefact)
    return _KNOWN[artefact.version]


_KNOWN: dict[str, Leaves | None] = {}
_KNOWN_MAX = 8


def _read(artefact: Artefact) -> Leaves | None:
    if not isinstance(artefact.model, Boosted) or artefact.model.numbers != len(artefact.inputs):
        return None
    return of_trees(artefact.model.trees, len(artefact.inputs))


def of_trees(model: "CatBoost", inputs: int) -> Leaves | None:
    """The leaves of a CatBoost model over so many numbers; None where its trees are too deep, or read unknown as large."""
    written = _written(model)
    trees, depth = written["oblivious_trees"], max(len(tree["splits"] or ()) for tree in written["oblivious_trees"])
    if depth > DEPTH_MAX or any(_treats_nan_as_large(each) for each in written["features_info"]["float_features"]):
        return None
    flat = {each["feature_index"]: each["flat_feature_index"] for each in written["features_info"]["float_features"]}
    count = 1 << depth
    asked, borders = np.zeros((len(trees), depth), np.intp), np.full((len(trees), depth), np.inf, np.float32)
    values, weights = np.zeros((len(trees), count)), np.zeros((len(trees), count))
    for number, tree in enumerate(trees):
        for level, split in enumerate(tree["splits"] or ()):
            asked[number, level] = flat[split["float_feature_index"]]
            borders[number, level] = split["border"]
        values[number, : len(tree["leaf_values"])] = tree["leaf_values"]
        weights[number, : len(tree["leaf_weights"])] = tree["leaf_weights"]
    scale, (bias,) = written["scale_and_bias"]
    known = _expectations(scale * values, weights, depth)
    shares = _shapley(asked, known, inputs)
    table = np.concatenate([shares, scale * values[:, :, None]], axis=2).reshape(len(trees) * count, -1)
    return Leaves(asked, borders, table, float(bias) + float(known[0][:, 0].sum()), float(bias))


def _written(model: "CatBoost") -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        return json.loads(path.read_bytes())


def _treats_nan_as_large(feature: dict[str, Any]) -> bool:
    return bool(feature.get("has_nans")) and feature.get("nan_value_treatment") == "AsTrue"


def _expectations(values: Floats, weights: Floats, depth: int) -> list[Floats]:
    """What each tree is expected to say when only those levels' answers are a leaf's own, by set of levels (bits)."""
    count = 1 << depth
    leaf = np.arange(count)
    chance = []  # per level: how likely each leaf's answer there is, given the answers nearer to the root
    for level in range(depth):
        here = _sums(weights, leaf >> level)
        above = _sums(weights, leaf >> (level + 1))
        chance.append(np.divide(here, above, out=np.zeros_like(here), where=above > 0))
    told = []
    for known in range(count):
        likely = np.ones_like(values)
        for level in range(depth):
            if not known >> level & 1:
                likely = likely * chance[level]
        told.append(_sums(likely * values, leaf & known))
    return told


def _sums(numbers: Floats, group: NDArray[np.intp]) -> Floats:
    """For each leaf, the sum over the leaves of its group."""
    return np.asarray(numbers @ (group[:, None] == group[None, :]))


def _shapley(asked: NDArray[np.intp], known: list[Floats], inputs: int) -> Floats:
    trees, depth = asked.shape
    shares = np.zeros((trees, 1 << depth, inputs))
    for tree in range(trees):
        levels: dict[int, int] = {}
        for level, feature in enumerate(asked[tree].tolist()):
            levels[feature] = levels.get(feature, 0) | 1 << level
        for feature, own in levels.items():
            others = [bits for other, bits in levels.items() if other != feature]
            for size in range(len(others) + 1):
                weight = factorial(size) * factorial(len(others) - size) / factorial(len(others) + 1)
                for joined in combinations(others, size):
                    before = sum(joined)
                    shares[tree, :, feature] += weight * (known[before | own][tree] - known[before][tree])
    return shares
