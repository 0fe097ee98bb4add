"""A CatBoost model with numbers first and categories after, scored without building a DataFrame."""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.models.lean import catboost

Floats = NDArray[np.float64]

# From this many rows on, preparing the trees once is cheaper than walking them anew for each row.
_PREPARE_FROM_ROWS = 32
# Declared directions give leaves a value that no row of training reached. CatBoost explains those by adding the rows
# that are being explained to the weights of training, so that a person's reasons would depend on who else is asked
# about in the same call (seen with 1.2.10; compare catboost/catboost#1956). A little weight of their own prevents it.
_UNREACHED_LEAF_WEIGHT = 1e-3
# Beyond this many rows a second thread pays.
_THREADS_FROM_ROWS = 4_000


@dataclass(frozen=True)
class Boosted:
    """`trees` is a catboost.CatBoost; the first `numbers` inputs are numbers, the others categories."""

    trees: Any
    numbers: int
    written: bytes

    def log_odds(self, rows: NDArray[Any]) -> Floats:
        raw = self.trees.predict(self._features(rows), prediction_type="RawFormulaVal", thread_count=_threads(rows))
        return np.asarray(raw, dtype=np.float64)

    def contributions(self, rows: NDArray[Any]) -> Floats:
        """Exact SHAP values in raw log-odds; the last column is the expected value."""
        return np.asarray(
            self.trees.get_feature_importance(
                catboost().Pool(self._features(rows), thread_count=_threads(rows)),
                type="ShapValues",
                shap_mode="UsePreCalc" if len(rows) >= _PREPARE_FROM_ROWS else "NoPreCalc",
                thread_count=_threads(rows),
            ),
            dtype=np.float64,
        )

    def files(self) -> dict[str, bytes]:
        return {"model.cbm": self.written}

    def _features(self, rows: NDArray[Any]) -> Any:
        names, numbers, levels = list(self.trees.feature_names_), None, None
        if self.numbers:
            numbers = np.ascontiguousarray(rows[:, : self.numbers], dtype=np.float32)
        if self.numbers < rows.shape[1]:
            levels = np.empty((len(rows), rows.shape[1] - self.numbers), dtype=object)
            for index in range(levels.shape[1]):
                levels[:, index] = [level.encode() for level in rows[:, self.numbers + index]]
        return catboost().FeaturesData(
            num_feature_data=numbers,
            cat_feature_data=levels,
            num_feature_names=names[: self.numbers] if self.numbers else None,
            cat_feature_names=names[self.numbers :] if levels is not None else None,
        )


def from_trees(trees: Any, numbers: int) -> Boosted:
    """Take over freshly trained trees; the same training gives the same bytes."""
    # CatBoost stamps a random id and the time into the file, which would give each training another content hash.
    stamped = trees.get_metadata()
    for name in list(stamped.keys()):
        # An average keeps the stamps of its parts, as `model0:model_guid`.
        if name.rpartition(":")[2] in ("model_guid", "train_finish_time"):
            stamped[name] = ""
    with TemporaryDirectory() as folder:
        text, binary = Path(folder, "model.json"), Path(folder, "model.cbm")
        trees.save_model(str(text), format="json")
        text.write_text(_with_weight_on_all_leaves(text.read_text(encoding="utf-8")), encoding="utf-8")
        reread = _empty()
        reread.load_model(str(text), format="json")
        reread.save_model(str(binary))
        return from_files({"model.cbm": binary.read_bytes()}, numbers)


def _with_weight_on_all_leaves(text: str) -> str:
    model = json.loads(text)
    for tree in model["oblivious_trees"]:
        tree["leaf_weights"] = [max(weight, _UNREACHED_LEAF_WEIGHT) for weight in tree["leaf_weights"]]
    return json.dumps(model)


def from_files(files: dict[str, bytes], numbers: int) -> Boosted:
    trees = _empty()
    trees.load_model(blob=files["model.cbm"])
    return Boosted(trees, numbers, files["model.cbm"])


def _empty() -> Any:
    return catboost().CatBoost()


def _threads(rows: NDArray[Any]) -> int:
    return 2 if len(rows) >= _THREADS_FROM_ROWS else 1
