"""Columns that know the outcome: filled in after the decision, or copies of the target."""

import re
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ml.books import alone, together
from ml.books.columns import Column
from ml.books.describing import Description
from ml.books.findings import Notes
from ml.books.suspicions import Suspicion, suspected

Floats = NDArray[np.float64]

# A column may be named like a leak and yet be honest; from this AUC on the name is believed.
_NAMED_AUC_MAX = 0.70
_ALONE_AUC, _ALONE_GAP = 0.85, 0.15
_COPY_PRECISION, _COPY_RECALL = 0.9, 0.5
_AFTERWARDS = re.compile(
    r"(?:^|[^a-z])(?:re)?paid(?:[^a-z]|$)|clos(?:ed|ing)|(?:^|[^a-z])final|settle|recover|charge[d_ ]*off|writ\w*[_ ]?off"
    r"|collection|(?:^|[^a-z])outcome|(?:^|[^a-z])result|default(?:ed)?[_ ]?(?:date|flag|on|at|amount)|post[_ ]?(?:loan|decision|default)"
    r"|last_pymnt|out_prncp|total_(?:pymnt|rec)|loan_status|结清|还清|核销|催收|坏账|最终|违约日|实际还款",
    re.IGNORECASE,
)


def suspicions(
    candidates: list[Column], bad: Floats, lot: Floats, description: Description, notes: Notes
) -> list[Suspicion]:
    """Columns to be asked about, alone and in pairs. `lot` deals the rows into halves, whatever order they came in."""
    strength = {column.name: alone.auc(column, bad, lot < 0.5) for column in candidates}
    for line in notes.columns:
        line["auc"] = strength.get(str(line["name"]))
    found = list(_alone(candidates, strength, bad, description))
    named = {name for each in found for name in each.columns}
    rest = [column for column in candidates if column.name not in named]
    return [*found, *_in_pairs(rest, strength, bad, lot, description)]


def leave_out(candidates: list[Column], found: list[Suspicion], notes: Notes) -> list[Column]:
    """The columns that may stay while nobody has answered."""
    left_out = {name: each for each in found for name in each.left_out}
    for name, each in left_out.items():
        why = f"leak: {each.why}" if len(each.columns) == 1 else f"leak: with {_others(each, name)}, {each.why}"
        notes.left_out[name] = why
        _mark(notes, name, why)
    notes.leaks = list(dict.fromkeys(name for each in found for name in each.columns))
    return [column for column in candidates if column.name not in left_out]


def _alone(
    candidates: list[Column], strength: Mapping[str, float], bad: Floats, description: Description
) -> Iterator[Suspicion]:
    ranked = sorted(strength.values(), reverse=True)
    for column in candidates:
        auc = strength[column.name]
        second = ranked[1] if auc == ranked[0] and len(ranked) > 1 else ranked[0]
        why, is_strong = _verdict(column, bad, auc, second if len(ranked) > 1 else 0.5)
        if why:
            yield suspected((column.name,), why, description, is_strong=is_strong)


def _in_pairs(
    candidates: list[Column], strength: Mapping[str, float], bad: Floats, lot: Floats, description: Description
) -> Iterator[Suspicion]:
    left_out: set[str] = set()
    for one, other, auc in together.pairs(candidates, strength, bad, lot):
        # With one of the two left out, the other knows no more than it does alone.
        if left_out.isdisjoint((one, other)):
            why = f"together they tell good from bad with an AUC of {auc:.3f}"
            each = suspected((one, other), why, description, is_strong=True)
            left_out |= {*each.left_out}
            yield each


def _verdict(column: Column, bad: Floats, auc: float, next_best: float) -> tuple[str, bool]:
    """What is suspicious, if anything, and whether the column has to go until somebody answers."""
    if auc > alone.TOO_MUCH:
        return f"alone it tells good from bad with an AUC of {auc:.3f}", True
    copied = _copies(alone.cells(column), bad)
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


def _others(each: Suspicion, name: str) -> str:
    return " and ".join(column for column in each.columns if column != name)


def _mark(notes: Notes, name: str, why: str) -> None:
    for line in notes.columns:
        if line["name"] == name:
            line["left_out"] = why
