"""Columns that know the outcome: filled in after the decision, or copies of the target."""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books.columns import Column
from ml.books.describing import Description
from ml.books.findings import Notes
from ml.figures.metrics import Ranked

Floats = NDArray[np.float64]

AUC_MAX = 0.95
# A column may be named like a leak and yet be honest; from this AUC on the name is believed.
_NAMED_AUC_MAX = 0.70
_ALONE_AUC, _ALONE_GAP = 0.85, 0.15
_COPY_PRECISION, _COPY_RECALL = 0.9, 0.5
_BINS = 20
_AFTERWARDS = re.compile(
    r"(?:^|[^a-z])(?:re)?paid(?:[^a-z]|$)|clos(?:ed|ing)|(?:^|[^a-z])final|settle|recover|charge[d_ ]*off|writ\w*[_ ]?off"
    r"|collection|(?:^|[^a-z])outcome|(?:^|[^a-z])result|default(?:ed)?[_ ]?(?:date|flag|on|at|amount)|post[_ ]?(?:loan|decision|default)"
    r"|last_pymnt|out_prncp|total_(?:pymnt|rec)|loan_status|结清|还清|核销|催收|坏账|最终|违约日|实际还款",
    re.IGNORECASE,
)


def without(candidates: list[Column], bad: Floats, description: Description, notes: Notes) -> list[Column]:
    """The columns that may stay, after naming those that shouldn't."""
    strength = {column.name: single_auc(column, bad) for column in candidates}
    for line in notes.columns:
        line["auc"] = strength.get(str(line["name"]))
    ranked = sorted(strength.values(), reverse=True)
    kept = []
    for column in candidates:
        auc = strength[column.name]
        second = ranked[1] if auc == ranked[0] and len(ranked) > 1 else ranked[0]
        verdict, must_go = _suspicion(column, bad, auc, second if len(ranked) > 1 else 0.5)
        if verdict:
            notes.leaks.append(column.name)
        must_go = must_go and column.name not in description.reviewed
        if must_go:
            notes.left_out[column.name] = f"leak: {verdict}"
            _mark(notes, column.name, f"leak: {verdict}")
            notes.warn(
                f"{column.name} looks like a leak and is left out: {verdict}. "
                f"Add it to `reviewed` if it was really known before the decision."
            )
        else:
            kept.append(column)
            if verdict and column.name not in description.reviewed:
                notes.warn(
                    f"{column.name} may be a leak: {verdict}. It stays in; exclude it if it came after the decision."
                )
    return kept


def single_auc(column: Column, bad: Floats) -> float:
    """The best AUC that a ranking by this column alone reaches on rows that it wasn't ranked from."""
    cells = _cells(column)
    straight = 0.5
    if column.nature != "category":
        numbers = _as_numbers(column.values)
        known = ~np.isnan(numbers)
        if known.any() and bad[known].min() != bad[known].max():
            auc = _auc(bad[known], numbers[known])
            straight = 0.5 + abs(auc - 0.5) * float(known.mean())
    return max(straight, _auc(bad, _crossed_rates(cells, bad)))


def _suspicion(column: Column, bad: Floats, auc: float, next_best: float) -> tuple[str, bool]:
    """What is suspicious, if anything, and whether the column has to go."""
    if auc > AUC_MAX:
        return f"alone it tells good from bad with an AUC of {auc:.3f}", True
    copied = _copies(_cells(column), bad)
    if copied:
        return copied, True
    if _AFTERWARDS.search(column.name):
        why = f"its name speaks of what happens after the decision (AUC {auc:.2f} alone)"
        return why, auc > _NAMED_AUC_MAX
    if auc > _ALONE_AUC and auc - next_best > _ALONE_GAP:
        return f"alone it reaches an AUC of {auc:.2f}, while the next best column has {next_best:.2f}", True
    return "", False


def _copies(cells: NDArray[np.intp], bad: Floats) -> str:
    """Says so when a few values hold most of the bads and hardly anything else."""
    rows, bads = np.bincount(cells), np.bincount(cells, weights=bad)
    order = np.argsort(-bads / np.maximum(rows, 1), kind="stable")
    caught, taken = np.cumsum(bads[order]), np.cumsum(rows[order])
    precise = np.flatnonzero((caught / taken >= _COPY_PRECISION) & (taken >= 20))
    if not len(precise) or len(rows) > len(bad) / 5 or bad.mean() > 0.6:
        return ""
    recall, precision = caught[precise[-1]] / bad.sum(), caught[precise[-1]] / taken[precise[-1]]
    if recall < _COPY_RECALL:
        return ""
    return f"it is nearly a copy of the target: some of its values hold {recall:.0%} of the bads and are {precision:.0%} bad"


def _crossed_rates(cells: NDArray[np.intp], bad: Floats) -> Floats:
    """The bad rate of each row's cell as the other half of the book knows it."""
    half = np.random.default_rng(0).random(len(bad)) < 0.5
    rates = np.empty(len(bad))
    for here in (half, ~half):
        rows = np.bincount(cells[~here], minlength=cells.max() + 1)
        bads = np.bincount(cells[~here], weights=bad[~here], minlength=cells.max() + 1)
        rates[here] = ((bads + 5 * bad.mean()) / (rows + 5))[cells[here]]
    return rates


def _cells(column: Column) -> NDArray[np.intp]:
    """Levels of a category, twenty bins of a number; missing is a cell of its own."""
    if column.nature == "category":
        return pd.factorize(column.values)[0].astype(np.intp)
    numbers = _as_numbers(column.values)
    edges = np.unique(np.nanquantile(numbers, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="left"))


def _as_numbers(values: "pd.Series[Any]") -> Floats:
    if pd.api.types.is_datetime64_any_dtype(values):
        values = (values - pd.Timestamp(0)).dt.days.astype("float64")
    return values.to_numpy(dtype=np.float64)


def _auc(bad: Floats, ranking: Floats) -> float:
    return Ranked(bad, ranking).auc(np.ones(len(bad)))


def _mark(notes: Notes, name: str, why: str) -> None:
    for line in notes.columns:
        if line["name"] == name:
            line["left_out"] = why
