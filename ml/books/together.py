"""Two columns that together know the outcome though neither does alone, such as what was due and what was paid."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books import alone
from ml.books.columns import Column

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

# What bounds the time: a few thousand rows of either outcome, and some hundreds of pairs.
_ROWS_OF_EACH = 2_000
_STRONGEST, _ALIKE = 15, 100
_ADDS_MIN = 0.10  # over the better of the two alone
_FINER = 2**20  # the rows with the lowest lots are taken, so that only finer digits deal them into halves


def pairs(
    columns: Sequence[Column], strength: Mapping[str, float], bad: Floats, lot: Floats
) -> list[tuple[str, str, float]]:
    """Pairs with the AUC of the best way found to join them, strongest first. `lot` deals the rows, from 0 to 1."""
    rows = _sample(bad, lot)
    bad, half = bad[rows], lot[rows] * _FINER % 1 < 0.5
    taken = [_taken(column, rows) for column in columns]
    cells = {column.name: alone.cells(column) for column in taken}
    found = []
    for one, other in _worth_trying(taken, strength):
        crossed = cells[one.name] * (int(cells[other.name].max()) + 2) + cells[other.name]
        joined = [Column("", "category", pd.Series(crossed)), *_differences(one, other)]
        auc = max(alone.auc(each, bad, half) for each in joined)
        if auc > alone.TOO_MUCH and auc > max(strength[one.name], strength[other.name]) + _ADDS_MIN:
            found.append((one.name, other.name, auc))
    return sorted(found, key=lambda pair: -pair[2])


def _sample(bad: Floats, lot: Floats) -> Rows:
    order = np.argsort(lot, kind="stable")
    return np.sort(np.concatenate([order[bad[order] == outcome][:_ROWS_OF_EACH] for outcome in (0, 1)]))


def _taken(column: Column, rows: Rows) -> Column:
    """The column on these rows; numbers and dates as floats."""
    if column.nature == "category":
        return Column(column.name, "category", column.values.iloc[rows])
    return Column(column.name, "number", pd.Series(alone.as_numbers(column.values.iloc[rows])))


def _worth_trying(columns: list[Column], strength: Mapping[str, float]) -> Iterator[tuple[Column, Column]]:
    """The strongest with each other, and numbers that rise and fall together: those two ways leaks come in pairs."""
    strongest = sorted(columns, key=lambda column: -strength[column.name])[:_STRONGEST]
    tried = set()
    place = {column.name: number for number, column in enumerate(columns)}
    for pair in [*combinations(strongest, 2), *_most_alike([c for c in columns if c.nature == "number"])]:
        one, other = sorted(pair, key=lambda column: place[column.name])
        if (one.name, other.name) not in tried:
            tried.add((one.name, other.name))
            yield one, other


def _most_alike(numbers: list[Column]) -> list[tuple[Column, Column]]:
    """By the size of their rank correlation."""
    if len(numbers) < 2:
        return []
    ranks = pd.DataFrame({i: column.values for i, column in enumerate(numbers)}).rank()
    likeness = np.abs(ranks.fillna(ranks.mean()).fillna(0.0).corr().fillna(0.0).to_numpy())
    ones, others = np.triu_indices(len(numbers), 1)
    order = np.argsort(-likeness[ones, others], kind="stable")[:_ALIKE]
    return [(numbers[ones[i]], numbers[others[i]]) for i in order]


def _differences(one: Column, other: Column) -> Iterator[Column]:
    """By taking away and by dividing, where both are numbers."""
    if one.nature == other.nature == "number":
        first, second = (each.values.to_numpy(dtype=np.float64) for each in (one, other))
        yield _number(first - second)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            yield _number(first / second)


def _number(values: NDArray[Any]) -> Column:
    return Column("", "number", pd.Series(np.where(np.isfinite(values), values, np.nan)))
