"""The inputs of a model, and how the cells of any book become their values."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from ml.books import parsing, sentinels
from ml.books.columns import Column
from ml.books.describing import Description
from ml.books.findings import BookRefused, Finding, Notes
from ml.models.artefact import Input

LEVELS_KEPT = 200  # of a category, in an artefact
_FLAG_ROWS_MIN = 0.002
_FINDINGS_MAX = 20


def build(
    usable: Sequence[Column],
    table: pd.DataFrame,
    description: Description,
    notes: Notes,
) -> tuple[pd.DataFrame, tuple[Input, ...]]:
    """Inputs with their values on these rows: numbers, then flags of codes, then categories."""
    numbers: list[Input] = []
    categories: list[Input] = []
    codes_found: dict[str, list[str]] = {}
    for column in usable:
        made = _input(column, description, notes, codes_found)
        (categories if made.kind == "category" else numbers).append(made)
    for codes, names in codes_found.items():
        notes.warn(f"In {', '.join(names)}, {codes} look like codes: they are taken as missing, with a flag.")
    flags = [flag for each in numbers for flag in _flags(each)]
    frame = values((*numbers, *flags, *categories), table)
    inputs = [
        each for each in (*numbers, *flags, *categories) if each.code is None or _says_something(frame, each.name)
    ]
    inputs = _marking_the_unknown(frame, inputs)
    frame = frame[[each.name for each in inputs]]
    repeated = _repeated(frame, inputs)
    kept = [each for each in inputs if each.name not in repeated]
    return frame[[each.name for each in kept]], tuple(_with_levels(each, frame[each.name]) for each in kept)


def values(inputs: Sequence[Input], table: pd.DataFrame) -> pd.DataFrame:
    """A book's cells as values of the inputs. Raises BookRefused for a column that isn't there or doesn't fit."""
    absent = sorted({each.column for each in inputs if each.column not in table.columns})
    if absent:
        raise BookRefused(
            [Finding(None, name, "the model needs this column, but the book has none") for name in absent]
        )
    return pd.DataFrame({each.name: _values(each, table) for each in inputs}, index=table.index)


def _values(each: Input, table: pd.DataFrame) -> "pd.Series[Any]":
    cells = table[each.column]
    if each.code is not None:
        return _flagged(each, cells)
    if each.kind == "category":
        texts = parsing.words(cells)
        return texts.where(~_is_coded(texts, each.missing), None).fillna("")
    if each.origin is not None:
        return _days_before(each, each.origin, cells, table)
    numbers, wrong = parsing.numbers(cells)
    coded = _is_coded(parsing.words(cells), each.missing) if each.missing else wrong & False
    _refuse(each, cells, wrong & ~coded, "number")
    return numbers.where(~coded)


def _refuse(each: Input, cells: "pd.Series[Any]", wrong: "pd.Series[bool]", wanted: str) -> None:
    rows = np.flatnonzero(wrong.to_numpy())[:_FINDINGS_MAX]
    if len(rows):
        why = f"{{cell!r}} is not a {wanted}, which the model needs here"
        places = ((int(cells.index[row]) + 1, str(cells.iloc[row])[:60]) for row in rows)
        raise BookRefused([Finding(row, each.column, why.format(cell=cell)) for row, cell in places])


def _flagged(each: Input, cells: "pd.Series[Any]") -> "pd.Series[Any]":
    texts = parsing.words(cells)
    if each.code == "":
        numbers, _ = parsing.numbers(cells)
        return (numbers.isna() | _is_coded(texts, each.missing)).astype("float64")
    return _is_coded(texts, (str(each.code),)).astype("float64")


def _days_before(each: Input, origin: str, cells: "pd.Series[Any]", table: pd.DataFrame) -> "pd.Series[float]":
    days, wrong = parsing.dates(cells)
    _refuse(each, cells, wrong & ~_is_coded(parsing.words(cells), each.missing), "date")
    end = parsing.dates(table[origin])[0] if origin in table.columns else pd.Timestamp(origin)
    elapsed: pd.Series[Any] = end - days
    before: pd.Series[float] = elapsed.dt.days.astype("float64")
    return before


def _is_coded(texts: "pd.Series[Any]", codes: Sequence[str]) -> "pd.Series[bool]":
    wanted = {parsing.same_word(code) for code in codes}
    coded = {level for level in texts.dropna().unique() if parsing.same_word(level) in wanted}
    return texts.isin(coded)


def _input(column: Column, description: Description, notes: Notes, codes_found: dict[str, list[str]]) -> Input:
    declared, fact = description.codes_of(column.name), description.facts.get(column.name)
    if column.nature == "category":
        # Whoever is unknown live has no word for it: the book's words for it are no levels then.
        unknown = sorted(word for word in set(column.values) if fact and sentinels.says_nothing(word))
        return Input(column.name, "category", fact=fact, column=column.name, missing=(*declared, *unknown))
    way: Literal[-1, 0, 1] = description.monotone.get(column.name, 0)
    if column.nature == "date":
        origin = description.time or f"{column.values.max():%Y-%m-%d}"
        notes.warn(f"{column.name} is a date; the model sees how many days it lies before {origin}.")
        # The direction was declared for the date, which runs against the days before.
        way = -way if way else 0
        return Input(column.name, "number", way, fact, column.name, origin=origin, missing=declared)
    found = [f"{code:g}" if abs(code) < 1e5 else str(int(code)) for code in sentinels.codes_in(column.values)]
    codes = [*found, *column.codes]
    if codes:
        codes_found.setdefault(" and ".join(codes), []).append(column.name)
    return Input(column.name, "number", way, fact, column.name, missing=(*declared, *codes))


def _flags(each: Input) -> list[Input]:
    """A flag per code; one for any missing value where a direction would otherwise tie the missing to one end."""
    codes = [*each.missing, *([""] if each.monotone else [])]
    return [
        Input(f"{each.name} = {code or 'missing'}", "number", column=each.column, code=code, missing=each.missing)
        for code in dict.fromkeys(codes)
    ]


def _says_something(frame: pd.DataFrame, name: str) -> bool:
    return bool(_FLAG_ROWS_MIN <= frame[name].mean() <= 1 - _FLAG_ROWS_MIN)


def _marking_the_unknown(frame: pd.DataFrame, inputs: Sequence[Input]) -> list[Input]:
    """Where hardly any value is missing without a code, training has seen no bare unknown: live, it raises the commonest flag."""
    found = [_mark_of(each, frame, inputs) for each in inputs if each.code is None]
    marks = {each.name for each in found if each is not None}
    return [replace(each, unknown=True) if each.name in marks else each for each in inputs]


def _mark_of(number: Input, frame: pd.DataFrame, inputs: Sequence[Input]) -> Input | None:
    flags = [each for each in inputs if each.code and each.column == number.column]
    if number.kind != "number" or not flags:
        return None
    missing = frame[number.name].isna().to_numpy()
    raised = frame[[each.name for each in flags]].to_numpy() > 0
    if (missing & ~raised.any(axis=1)).mean() >= _FLAG_ROWS_MIN:
        return None
    return max(flags, key=lambda each: float(frame[each.name].sum()))


def _repeated(frame: pd.DataFrame, inputs: Sequence[Input]) -> set[str]:
    """Flags that are equal to an earlier flag on every row: codes of one record mostly come together."""
    seen: set[bytes] = set()
    repeated = set()
    for each in inputs:
        if each.code is not None:
            bits = np.packbits(frame[each.name].to_numpy() > 0).tobytes()
            (repeated.add(each.name) if bits in seen else seen.add(bits))
    return repeated


def commonest(cells: "pd.Series[Any]") -> list[tuple[str, int]]:
    """Levels with their counts, the most frequent first; equals by name, in whatever order the rows came."""
    counts = cells.astype(str).value_counts()
    return sorted(((str(level), int(count)) for level, count in counts.items()), key=lambda pair: (-pair[1], pair[0]))


def _with_levels(each: Input, cells: "pd.Series[Any]") -> Input:
    """The input with the range, or the commonest levels, that training has seen."""
    if each.kind == "category":
        return replace(each, levels=tuple(level for level, _ in commonest(cells)[:LEVELS_KEPT]))
    known = cells.dropna()
    return replace(each, low=float(known.min()), high=float(known.max())) if len(known) else each
