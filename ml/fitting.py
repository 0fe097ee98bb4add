"""Rows for a model from what is known of people: one sheet, or columns of many."""

from collections.abc import Mapping
from math import isnan, nan

import numpy as np

from domain.facts.sheets import FactSheet
from domain.facts.vocabulary import VOCABULARY, FactGroup
from ml.artefact import Artefact, Input
from ml.features import FEATURES, Matrix, Value, matrix, vector

KNOWN_MIN = 4
# Of how one repays, or of what one has to repay with, something must be known.
TELLING = frozenset({FactGroup.REPAYMENT, FactGroup.ABILITY})
# How far beyond the range of its training a model may still be asked, in widths of that range.
BEYOND_WIDTHS = 3.0

Row = tuple[Value, ...]


def row_of(artefact: Artefact, sheet: FactSheet) -> Row:
    """The inputs of the model, in its order; None where unknown."""
    values = vector(sheet, [each.fact for each in artefact.inputs if each.fact is not None])
    known = iter(values)
    return tuple(next(known) if each.fact is not None else _flag(each) for each in artefact.inputs)


def facts_of(artefact: Artefact) -> tuple[str, ...]:
    """The feature behind each input; a flag belongs to the feature of its column."""
    by_column = {each.column or each.name: each.fact for each in artefact.inputs if each.fact is not None}
    return tuple(each.fact or by_column[each.column] for each in artefact.inputs)


def fit(artefact: Artefact, row: Row) -> list[float | str]:
    """As the model wants it: NaN for an unknown number, "" for an unknown category."""
    return [
        (nan if each.kind == "number" else "") if value is None else value
        for each, value in zip(artefact.inputs, row, strict=True)
    ]


def rows_of(artefact: Artefact, columns: Mapping[str, Matrix]) -> Matrix:
    """Many people at once, for models whose inputs are all numbers."""
    names = [each.fact for each in artefact.inputs if each.fact is not None]
    known = iter(matrix(columns, names).T)
    count = len(next(iter(columns.values())))
    return np.column_stack(
        [next(known) if each.fact is not None else np.full(count, _flag(each)) for each in artefact.inputs]
    )


def is_thin(artefact: Artefact, row: Row) -> bool:
    known = [
        FEATURES[each.fact] for each, value in zip(artefact.inputs, row, strict=True) if each.fact and value is not None
    ]
    return len(known) < min(KNOWN_MIN, len(artefact.inputs)) or not any(each.group in TELLING for each in known)


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
        return not kind.choices or value in kind.choices
    number = float(value)  # type: ignore[arg-type]
    low, high = kind.low, kind.high
    return not isnan(number) and (low is None or number >= low) and (high is None or number <= high)


def _is_near(each: Input, value: float) -> bool:
    if each.low is None or each.high is None:
        return True
    slack = BEYOND_WIDTHS * max(each.high - each.low, 1.0)
    return each.low - slack <= value <= each.high + slack


def _flag(each: Input) -> float:
    # Facts carry no sentinel codes, so the flag of a code is never raised.
    assert each.code is not None, f"{each.name} has neither a fact nor a code"
    return 0.0
