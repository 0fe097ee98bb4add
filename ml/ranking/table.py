"""A table of interactions, checked: who considered what, how relevant it was, and what is known of both."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books import parsing
from ml.books.findings import BookRefused, Finding, Notes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

REQUIRED = ("user_id", "item_id", "label")
_FINDINGS_MAX = 20
_LEVELS_MAX = 200  # of a category; rarer ones are one level together


@dataclass(frozen=True)
class RankingColumn:
    """One `u_*` or `i_*` column. A category's values are the codes of its levels, most frequent first; -1 is missing."""

    name: str
    kind: Literal["number", "category"]
    values: Floats

    @property
    def is_of_user(self) -> bool:
        return self.name.startswith("u_")


@dataclass(frozen=True)
class Table:
    """Rows sorted by user, then time. `user` and `item` are indices of `users` and `items`."""

    user: Ints
    item: Ints
    label: Floats
    time: Floats | None
    users: NDArray[Any]
    items: NDArray[Any]
    columns: tuple[RankingColumn, ...]
    is_asked: Flags  # the latest row of each pair is ranked; earlier ones are history

    def __len__(self) -> int:
        return len(self.label)

    @property
    def has_repeats(self) -> bool:
        return not bool(self.is_asked.all())

    @property
    def ranked_at(self) -> Floats | None:
        """When each row was ranked: with its user's list, at the time of the list's first row. Earlier rows: at their own."""
        if self.time is None:
            return None
        first = np.full(len(self.users), np.inf)
        np.minimum.at(first, self.user[self.is_asked], self.time[self.is_asked])
        return np.where(self.is_asked, first[self.user], self.time)

    @property
    def is_graded(self) -> bool:
        return bool(np.any((self.label != 0) & (self.label != 1)))


def checked(frame: pd.DataFrame, notes: Notes) -> Table:
    """The table in a file's cells. Raises BookRefused naming the rows and columns that are no interactions."""
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        there = ", ".join(map(str, frame.columns[:8]))
        raise BookRefused([Finding(None, name, f"there is no such column; there are {there}") for name in missing])
    findings = list(_nested(frame))
    _refuse(findings)
    user, users = _names(frame["user_id"], "user_id", findings)
    item, items = _names(frame["item_id"], "item_id", findings)
    label = _labels(frame["label"], findings)
    time = _moments(frame["time"], findings) if "time" in frame.columns else None
    _refuse(findings)
    order = np.lexsort((item, np.zeros(len(user)) if time is None else time, user))
    moment = None if time is None else time[order]
    _refuse(_twice(user[order], item[order], moment, order))
    if not label.any():
        raise BookRefused([Finding(None, "label", "no label is above zero, so there is nothing to find")])
    if label.min() == label.max():
        raise BookRefused([Finding(None, "label", "all labels are equal, so no order is better than another")])
    return Table(
        user=user[order],
        item=item[order],
        label=label[order],
        time=moment,
        users=users,
        items=items,
        columns=tuple(_columns(frame.iloc[order], notes)),
        is_asked=_latest(user[order], item[order]),
    )


def _nested(frame: pd.DataFrame) -> Iterator[Finding]:
    for name in map(str, frame.columns):
        cells = frame[name] if frame[name].dtype == object else ()
        wrong = next((row for row, cell in enumerate(cells) if isinstance(cell, list | dict | np.ndarray)), None)
        if wrong is not None:
            yield Finding(wrong + 1, name, "this cell holds several things; a cell is one number, word or date")


def _names(column: "pd.Series[Any]", name: str, findings: list[Finding]) -> tuple[Ints, NDArray[Any]]:
    codes, levels = _levels(column)
    words = parsing.words(levels)
    findings.extend(_at(codes < 0, name, "nothing is written"))
    # Two spellings, such as 1 and 1.0, may be one name; -1 is none.
    of_level, names = pd.factorize(words, sort=False)
    named = np.append(of_level, -1)[codes]
    findings.extend(_at((codes >= 0) & (named < 0), name, "{} names nobody", column))
    return named.astype(np.int64), np.asarray(names, object)


def _levels(column: "pd.Series[Any]") -> tuple[Ints, "pd.Series[Any]"]:
    """A code per row, -1 where nothing is written, and what each code stands for: parsed once instead of in every row."""
    codes, levels = pd.factorize(column, sort=False)
    return np.asarray(codes, np.int64), pd.Series(levels)


def _numbers(column: "pd.Series[Any]") -> tuple[Floats, Flags]:
    codes, levels = _levels(column)
    values, wrong = parsing.numbers(levels)
    return np.append(np.asarray(values, np.float64), np.nan)[codes], np.append(np.asarray(wrong, bool), False)[codes]


def _labels(column: "pd.Series[Any]", findings: list[Finding]) -> Floats:
    label, _ = _numbers(column)
    bad = ~np.isfinite(label)
    findings.extend(_at(bad, "label", "{} is no number", column))
    findings.extend(_at(label < 0, "label", "{} is below zero; a label is 0, 1 or a grade", column))
    return label


def _moments(column: "pd.Series[Any]", findings: list[Finding]) -> Floats:
    moments, wrong = _numbers(column)
    if wrong.any() or pd.api.types.is_datetime64_any_dtype(column):
        codes, levels = _levels(column)
        days, _ = parsing.dates(levels)
        seconds = days.astype("int64").where(days.notna()).astype("float64")
        moments = np.append(np.asarray(seconds, np.float64), np.nan)[codes]
    findings.extend(_at(np.isnan(moments), "time", "{} is neither a number nor a date", column))
    return moments


def _at(wrong: Flags, name: str, why: str, column: "pd.Series[Any] | None" = None) -> Iterator[Finding]:
    rows = np.flatnonzero(wrong)
    for row in rows[:_FINDINGS_MAX]:
        yield Finding(int(row) + 1, name, why.format("" if column is None else repr(column.iloc[row])))
    if len(rows) > _FINDINGS_MAX:
        yield Finding(None, name, f"{len(rows) - _FINDINGS_MAX:,} more rows like these")


def _twice(user: Ints, item: Ints, time: Floats | None, order: Ints) -> list[Finding]:
    keys = (item, user) if time is None else (time, item, user)
    sort = np.lexsort(keys)
    same = np.ones(len(sort) - 1, bool)
    for key in keys:
        same &= np.diff(key[sort]) == 0
    wrong = np.zeros(len(user), bool)
    wrong[np.maximum(order[sort[1:]], order[sort[:-1]])[same]] = True
    moment = "" if time is None else " at this time"
    return list(_at(wrong, "item_id", f"this user has another row with this item{moment}"))


def _latest(user: Ints, item: Ints) -> Flags:
    """The last row of each pair, in rows that are sorted by time within a user."""
    key = user * (int(item.max()) + 1) + item
    _, backwards = np.unique(key[::-1], return_index=True)
    latest = np.zeros(len(key), bool)
    latest[len(key) - 1 - backwards] = True
    return latest


def _columns(frame: pd.DataFrame, notes: Notes) -> Iterator[RankingColumn]:
    for name in map(str, frame.columns):
        if not name.startswith(("u_", "i_")):
            if name not in (*REQUIRED, "time"):
                notes.left_out[name] = "neither u_* nor i_*"
            continue
        column = _typed(name, frame[name])
        if len(np.unique(column.values[~np.isnan(column.values)])) > 1:
            yield column
        else:
            notes.left_out[name] = "the same in every row"


def _typed(name: str, column: "pd.Series[Any]") -> RankingColumn:
    codes, levels = _levels(column)
    if not isinstance(column.dtype, pd.CategoricalDtype) and not pd.api.types.is_bool_dtype(column):
        values, wrong = parsing.numbers(levels)
        if not bool(wrong.any()):
            return RankingColumn(name, "number", np.append(np.asarray(values, np.float64), np.nan)[codes])
    words = parsing.words(levels.astype(object))
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    rank = np.empty(len(levels))
    rank[np.argsort(-counts, kind="stable")] = np.minimum(np.arange(len(levels)), _LEVELS_MAX)
    return RankingColumn(name, "category", np.append(np.where(words.isna(), -1.0, rank), -1.0)[codes])


def _refuse(findings: list[Finding]) -> None:
    if findings:
        raise BookRefused(findings[: 2 * _FINDINGS_MAX])
