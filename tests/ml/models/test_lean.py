"""CatBoost without pandas and SciPy answers as with them, to the last bit, and knows their tables once they are loaded."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml.models import boosted
from ml.models.leaves import ROWS_TOGETHER, Leaves

ROWS = 90
# Answers in hexadecimal: floats as JSON tells them would hide nothing either, but this shows it.
LEAN = """
import json, sys
import numpy as np
from ml.models import boosted
from ml.models.lean import catboost
folder, numbers = sys.argv[1:]
rows = np.load(folder + "/rows.npy", allow_pickle=True)
model = boosted.from_files({"model.cbm": open(folder + "/model.cbm", "rb").read()}, int(numbers))
told = {
    "one": model.log_odds(rows[:1]).tobytes().hex(),
    "all": model.log_odds(rows).tobytes().hex(),
    "why": model.contributions(rows).tobytes().hex(),
    "why_one": model.contributions(rows[:1]).tobytes().hex(),
    "early": sorted({"pandas", "scipy"} & set(sys.modules)),
}
import pandas, scipy.sparse
numbers_alone = rows[:, : int(numbers)].astype(float)
pool = catboost().Pool
told["frame"] = pool(pandas.DataFrame(numbers_alone)).get_features().tobytes().hex()
told["sparse"] = pool(scipy.sparse.csr_matrix(np.nan_to_num(numbers_alone))).shape
try:
    pool(object())
except catboost().CatBoostError as refused:
    told["strange"] = "Invalid data type" in str(refused)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    draw = np.random.default_rng(7)
    numbers = draw.normal(size=(ROWS, 3))
    numbers[draw.random((ROWS, 3)) < 0.2] = np.nan
    return np.column_stack([numbers.astype(object), draw.choice(["a", "b", "c"], ROWS)])


def test_answers_are_the_same_without_pandas(rows: np.ndarray, tmp_path: Path) -> None:
    import pandas as pd
    from catboost import CatBoost, Pool

    bad = np.random.default_rng(8).integers(0, 2, ROWS)
    frame = pd.DataFrame({str(index): rows[:, index] for index in range(4)}).astype(
        {str(index): float for index in range(3)}
    )
    trees = CatBoost(
        {"iterations": 20, "depth": 3, "loss_function": "Logloss", "verbose": False, "allow_writing_files": False}
    )
    model = boosted.from_trees(trees.fit(Pool(frame, bad, cat_features=["3"])), 3)
    np.save(tmp_path / "rows.npy", rows, allow_pickle=True)
    (tmp_path / "model.cbm").write_bytes(model.written)

    done = subprocess.run([sys.executable, "-c", LEAN, str(tmp_path), "3"], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "one": model.log_odds(rows[:1]).tobytes().hex(),
        "all": model.log_odds(rows).tobytes().hex(),
        "why": model.contributions(rows).tobytes().hex(),
        "why_one": model.contributions(rows[:1]).tobytes().hex(),
        "early": [],
        "frame": Pool(rows[:, :3].astype(float)).get_features().tobytes().hex(),
        "sparse": [ROWS, 3],
        "strange": True,
    }


@pytest.mark.parametrize("count", [1, 7, 16, 17, ROWS_TOGETHER - 1, ROWS_TOGETHER, 200])
def test_each_row_is_explained_the_same_in_any_company(count: int) -> None:
    draw = np.random.default_rng(count)
    trees, levels, inputs = 40, 3, 5
    leaves = Leaves(
        draw.integers(0, inputs, (trees, levels)),
        draw.normal(size=(trees, levels)).astype(np.float32),
        draw.normal(size=(trees << levels, inputs + 1)),
        0.5,
        0.25,
    )
    rows = draw.normal(size=(count, inputs))
    raw, why = leaves.explained(rows)
    for index in range(count):
        alone_raw, alone_why = leaves.explained(rows[index : index + 1])
        assert (raw[index].tobytes(), why[index].tobytes()) == (alone_raw.tobytes(), alone_why.tobytes())
        # One after the other, as it is done by hand.
        total = np.zeros(inputs + 1)
        for leaf in leaves._leaf(rows[index : index + 1])[0]:
            total += leaves.table[leaf]
        assert (total[:-1].tobytes(), leaves.bias + total[-1]) == (why[index].tobytes(), raw[index])
