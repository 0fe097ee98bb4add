"""Rows for a model from what is known of people: one sheet, or columns of many."""

from collections.abc import Mapping
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from domain.facts.sheets import FactSheet
from domain.facts.vocabulary import VOCABULARY, FactType
from ml.models.artefact import Artefact, Input
from ml.models.features import FEATURES, Matrix, Value, matrix, vector

KNOWN_MIN = 4
# A checked name and an old account alone say too little.
GROUPS_MIN = 2
# How far beyond the range of its training a model may still be asked, in widths of that range.
BEYOND_WIDTHS = 3.0

Row = tuple[Value, ...]


def row_of(artefact: Artefact, sheet: FactSheet) -> Row:
    """The inputs of the model, in its order; None where unknown."""
    names = [each.fact for each in artefact.inputs if each.fact is not None]
    known = dict(zip(names, vector(sheet, names), strict=True))
    return tuple(
        known[each.fact] if each.fact is not None else _flag(each, known[fact])
        for each, fact in zip(artefact.inputs, artefact.facts, strict=True)
    )


def fit(artefact: Artefact, row: Row) -> list[float | str]:
    """A value as the model wants it: NaN for an unknown number, "" for an unknown category."""
    return [
        (nan if each.kind == "number" else "") if value is None else value
        for each, value in zip(artefact.inputs, row, strict=True)
    ]


def rows_of(artefact: Artefact, columns: Mapping[str, Matrix]) -> Matrix:
    """Many people at once, for models whose inputs are all numbers."""
    facts = artefact.facts
    together = matrix(columns, facts)
    for index, each in enumerate(artefact.inputs):
        if each.fact is None:
            together[:, index] = np.isnan(together[:, index]) if each.marks_unknown else 0.0
    return together


def is_thin(artefact: Artefact, row: Row) -> bool:
    """Whether too little is known. Only facts count, and no flag that says of one that it is missing."""
    asked = [FEATURES[each.fact] for each in artefact.inputs if each.fact]
    known = [
        FEATURES[each.fact] for each, value in zip(artefact.inputs, row, strict=True) if each.fact and value is not None
    ]
    groups, groups_asked = ({each.group for each in some} for some in (known, asked))
    return len(known) < min(KNOWN_MIN, len(asked)) or len(groups) < min(GROUPS_MIN, len(groups_asked))


def never_judged(artefact: Artefact, row: Row) -> tuple[str, ...]:
    """The inputs that are unknown here and that training always knew: whatever the model says of this row, it has made up."""
    if not artefact.never_lacked:
        return ()
    return tuple(
        each.name
        for each, value in zip(artefact.inputs, row, strict=True)
        if value is None and each.name in artefact.never_lacked
    )


def are_thin(artefact: Artefact, rows: Matrix) -> NDArray[np.bool_]:
    """Whether `is_thin` or `never_judged` says so of each of many. Rows as `rows_of` makes them."""
    asked = [index for index, each in enumerate(artefact.inputs) if each.fact]
    groups = [FEATURES[artefact.facts[index]].group for index in asked]
    known = ~np.isnan(rows[:, asked])
    in_groups = [known[:, [mine is group for mine in groups]].any(axis=1) for group in set(groups)]
    few = known.sum(axis=1) < min(KNOWN_MIN, len(asked))
    few |= np.sum(in_groups, axis=0) < min(GROUPS_MIN, len(in_groups))
    never = [index for index, each in enumerate(artefact.inputs) if each.name in artefact.never_lacked]
    return np.asarray(few | np.isnan(rows[:, never]).any(axis=1))


def outside(artefact: Artefact, sheet: FactSheet, row: Row) -> str | None:
    """The first fact that nobody can believe, or that lies far from all that the model has seen."""
    for each, value in zip(artefact.inputs, row, strict=True):
        if each.fact is None or value is None:
            continue
        for fact in FEATURES[each.fact].facts:
            if not _is_believable(fact, sheet):
                return fact
        if isinstance(value, float) and not _is_near(each, value):
            return FEATURES[each.fact].fact
    return None


def _is_believable(fact: str, sheet: FactSheet) -> bool:
    kind, value = VOCABULARY[fact], sheet.values[fact]
    if isinstance(value, str):
        return kind.type is FactType.TEXT and (not kind.choices or value in kind.choices)
    number = float(value)  # type: ignore[arg-type]
    low, high = kind.low, kind.high
    return not isnan(number) and (low is None or number >= low) and (high is None or number <= high)


def _is_near(each: Input, value: float) -> bool:
    if each.low is None or each.high is None:
        return True
    slack = BEYOND_WIDTHS * max(each.high - each.low, 1.0)
    return each.low - slack <= value <= each.high + slack


def are_near(artefact: Artefact, rows: Matrix) -> NDArray[np.bool_]:
    """Whether, of each of many, all that is known of them lies near what the model has seen."""
    near = np.ones(len(rows), bool)
    for index, each in enumerate(artefact.inputs):
        if each.fact is None or each.low is None or each.high is None:
            continue
        slack, column = BEYOND_WIDTHS * max(each.high - each.low, 1.0), rows[:, index]
        with np.errstate(invalid="ignore"):
            near &= ~((column < each.low - slack) | (column > each.high + slack))
    return near


def is_unknown(each: Input, value: Value) -> bool:
    """Whether nothing is known behind this input, told by itself or by its flag."""
    return value is None or (each.marks_unknown and value == 1.0)


def _flag(each: Input, value: Value) -> float:
    return float(each.marks_unknown and value is None)
