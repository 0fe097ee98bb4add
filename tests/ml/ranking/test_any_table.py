"""Any table: figures, or one sentence and exit code 2."""

import json
import os
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli.match import match
from ml.ranking import rankers
from tests.ml.odd_files import CELLS, HEADERS, WIDE
from tests.ml.ranking.tables import tastes

EXAMPLES = int(os.environ.get("LONGAN_FILES", "8"))
Rng = np.random.Generator
Change = Callable[[pd.DataFrame, Rng], pd.DataFrame]


def _filled(*cells: str) -> Change:
    def change(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
        return table.assign(**{str(rng.choice(table.columns)): rng.choice(cells, len(table))})

    return change


def _one_cell(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    if len(table):
        table.iloc[int(rng.integers(len(table))), int(rng.integers(len(table.columns)))] = str(rng.choice(CELLS))
    return table


def _header(table: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    names = [str(name) for name in table.columns]
    names[int(rng.integers(len(names)))] = str(rng.choice(HEADERS))
    return table.set_axis(names, axis=1)


CHANGES: dict[str, Change] = {
    "an odd cell": _one_cell,
    "an odd header": _header,
    "nothing but odd cells": _filled(*CELLS),
    "no rows": lambda table, rng: table.iloc[:0],
    "one row": lambda table, rng: table.iloc[:1],
    "one user": lambda table, rng: table.assign(user_id="a"),
    "one item": lambda table, rng: table.assign(item_id="a"),
    "one column": lambda table, rng: table.iloc[:, :1],
    "twice": lambda table, rng: pd.concat([table, table]),
    "the same header twice": lambda table, rng: pd.concat([table, table.iloc[:, :2]], axis=1),
    "times": lambda table, rng: table.assign(time=rng.integers(0, 9, len(table))),
    "endless times": lambda table, rng: table.assign(time=rng.choice(["1", "inf"], len(table))),
    "one time": lambda table, rng: table.assign(time="2026-01-01"),
    "dates": lambda table, rng: table.assign(time=rng.choice(["2026-01-01", "2025-06-30"], len(table))),
    "large numbers": lambda table, rng: table.assign(u_large=rng.choice(["1e300", "-1e308", "5"], len(table))),
    "tiny numbers": lambda table, rng: table.assign(i_tiny=rng.choice(["1e-320", "0"], len(table))),
    "grades": lambda table, rng: table.assign(label=rng.choice(["0", "3", "1e9", "0.5"], len(table))),
    "wide digits": lambda table, rng: (
        table.assign(label=[cell.translate(WIDE) for cell in table["label"]]) if "label" in table else table
    ),
    "empty": _filled(""),
    "endless": _filled("inf", "1"),
}


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rankers, "_growth", lambda rows, loss: {"iterations": 2, "learning_rate": 0.3, "od_wait": 5})
        yield


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(names=st.lists(st.sampled_from(sorted(CHANGES)), max_size=3), seed=st.integers(0, 1_000))
def test_figures_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, names: list[str], seed: int) -> None:
    rng, table = np.random.default_rng(seed), tastes(90, items=5, seed=seed)
    for name in names:
        if table.columns.is_unique:
            table = CHANGES[name](table.copy(), rng)
    file = tmp_path_factory.mktemp("odd") / "table.csv"
    table.to_csv(file, index=False)
    done = CliRunner().invoke(match, ["evaluate", str(file), "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    told = json.loads(done.stdout, parse_constant=pytest.fail)
    assert (done.exit_code, "models" in told, bool(told.get("refused"))) in ((0, True, False), (2, False, True))
