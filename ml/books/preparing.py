"""From a table and its description to a book that is fit to learn from, or a refusal that names what is wrong."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from infra.clock import local_day
from ml.books import columns, duplicates, inputs, leaks, outcomes, parsing, polarity
from ml.books.book import Book
from ml.books.columns import Column
from ml.books.describing import Description
from ml.books.findings import BookRefused, Finding, Notes
from ml.books.suspicions import EVERYTHING

_MOSTLY_MISSING = 0.95
_CUSTOMERS_MIN = 50
_NOTHING_LEFT = "no column is left that a model could learn from"


@dataclass(frozen=True)
class Cases:
    """The loans of a book whose outcome counts, before anything is made of their columns."""

    table: pd.DataFrame
    bad: NDArray[np.float64]
    weights: NDArray[np.float64]
    moments: NDArray[np.float64] | None
    rejects: int
    data_hash: str

    def only(self, rows: NDArray[np.bool_]) -> "Cases":
        moments = None if self.moments is None else self.moments[rows]
        return replace(self, table=self.table[rows], bad=self.bad[rows], weights=self.weights[rows], moments=moments)


def prepare(
    table: pd.DataFrame, description: Description, *, notes: Notes | None = None, today: date | None = None
) -> Book:
    """Check a table and turn it into a book. Raises BookRefused with every row and column that is wrong."""
    notes = notes or Notes()
    today = today or local_day(datetime.now(UTC))
    found = cases(table, description, notes, today)
    understood = _understood(found.table, description, today)
    findings = [finding for column in understood for finding in column.findings]
    if findings:
        raise BookRefused(findings)
    usable = _usable(understood, description, notes)
    polarity.check(usable, found.bad, found.weights, description, notes)
    lot = _lots(found.table)
    suspicions = leaks.suspicions(usable, found.bad, lot, description, notes)
    kept = leaks.leave_out(usable, suspicions, notes)
    if not kept:
        raise BookRefused([Finding(None, None, _NOTHING_LEFT)])
    staying = {column.name for column in kept}
    suspected = [column for column in usable if column.name not in staying]
    # What stays comes first, so that it has the same inputs as if the others had never been there.
    frame, made = inputs.build([*kept, *suspected], found.table, description, notes)
    wide = Book(
        description=description,
        inputs=made,
        frame=frame,
        bad=found.bad,
        weights=found.weights,
        moments=found.moments,
        sensitive=sensitive_groups(found.table, description),
        notes=notes,
        data_hash=found.data_hash,
        rejects=found.rejects,
        sources=_sources(found.table, description),
        lot=lot,
        suspicions=tuple(suspicions),
    )
    book = wide.without(column.name for column in suspected)
    groups = duplicates.groups(found.table, book.frame, description, notes)
    return replace(book, groups=groups, suspected=wide if suspected else None)


def cases(table: pd.DataFrame, description: Description, notes: Notes, today: date) -> Cases:
    """The loans to learn from or to be judged on. Raises BookRefused for unknown names, outcomes, weights and times."""
    _check_names(table, description)
    table = table.reset_index(drop=True)
    made = outcomes.loans_made(table, description, notes)
    made_and_ended = made & outcomes.finished(table, description, notes)
    kept = table[made_and_ended & duplicates.first_of_each(table, notes)]
    _refuse_one_customer(kept, description)
    return Cases(
        table=kept,
        bad=outcomes.outcomes(kept, description),
        weights=outcomes.weights(kept, description),
        moments=_moments(kept, description, today),
        rejects=int((~made).sum()),
        data_hash=_hash(table),
    )


def _refuse_one_customer(table: pd.DataFrame, description: Description) -> None:
    """Loans of one customer stay on one side of every split, so a few customers cannot be split at all."""
    if description.customer is None or table[description.customer].nunique() >= _CUSTOMERS_MIN:
        return
    why = f"there are {table[description.customer].nunique()} customers; it takes {_CUSTOMERS_MIN} to test on others"
    raise BookRefused([Finding(None, description.customer, why)])


def sensitive_groups(table: pd.DataFrame, description: Description) -> pd.DataFrame:
    """The group of every row for each sensitive column; many-valued numbers are cut into five bands."""
    groups = {}
    for name in description.sensitive:
        numbers, wrong = parsing.numbers(table[name])
        if not wrong.any() and numbers.nunique() > 10:
            bands = pd.qcut(numbers, 5, duplicates="drop", precision=0)
            groups[name] = bands.map(lambda band: f"{band.left:g} to {band.right:g}").astype(object).fillna("unknown")
        else:
            texts = parsing.words(table[name]).fillna("unknown")
            common = texts.value_counts().index[:12]
            groups[name] = texts.where(texts.isin(common), "others")
    return pd.DataFrame(groups, index=table.index)


def _sources(table: pd.DataFrame, description: Description) -> dict[str, int]:
    """How many rows each source told, the most first."""
    if description.source is None:
        return {}
    counts = parsing.words(table[description.source]).fillna("unknown").value_counts()
    return {str(source): int(rows) for source, rows in sorted(counts.items(), key=lambda each: (-each[1], each[0]))}


def _check_names(table: pd.DataFrame, description: Description) -> None:
    named = [*description.bookkeeping, *(description.features or ()), *description.exclude, *description.sensitive]
    named += [*description.monotone, *description.facts, *(name for name in description.missing if name != "*")]
    named += [name for name in description.reviewed if name != EVERYTHING]
    header = [str(name) for name in table.columns]
    findings = []
    for name in dict.fromkeys(named):
        if name not in header:
            close = get_close_matches(name, header, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            findings.append(Finding(None, name, f"the description names this column, but the book has none{hint}"))
    if findings:
        raise BookRefused(findings)


def _hash(table: pd.DataFrame) -> str:
    """The hash of the rows in any order."""
    digest = hashlib.sha256("\x1f".join(map(str, table.columns)).encode())
    digest.update(np.sort(pd.util.hash_pandas_object(table, index=False).to_numpy()).tobytes())
    return digest.hexdigest()


def _lots(table: pd.DataFrame) -> NDArray[np.float64]:
    drawn = pd.util.hash_pandas_object(table, index=False).to_numpy(dtype=np.uint64)
    return drawn.astype(np.float64) / 2.0**64


def _moments(table: pd.DataFrame, description: Description, today: date) -> NDArray[np.float64] | None:
    """The time column in days, or as the number that it is. Every loan needs one, and none may lie ahead."""
    if description.time is None:
        return None
    cells = table[description.time]
    looks = pd.api.types.is_datetime64_any_dtype(cells) or parsing.share_of_dates(parsing.words(cells)) > 0.5
    if looks:
        days, _ = parsing.dates(cells)
        values = (days - pd.Timestamp(0)).dt.days.astype("float64")
        late = days > pd.Timestamp(today)
    else:
        values, _ = parsing.numbers(cells)
        is_year = bool(values.between(1900, 2200).mean() > 0.9)
        late = values > today.year if is_year else pd.Series(False, index=table.index)
    findings = [_at(table, i, description.time, "this is no time") for i in np.flatnonzero(values.isna())]
    findings += [_at(table, i, description.time, "{cell} lies in the future") for i in np.flatnonzero(late)]
    if findings:
        raise BookRefused(findings[:50])
    return np.asarray(values, dtype=np.float64)


def _at(table: pd.DataFrame, position: Any, column: str, why: str) -> Finding:
    return Finding(int(table.index[position]) + 1, column, why.format(cell=table[column].iloc[position]))


def _understood(table: pd.DataFrame, description: Description, today: date) -> list[Column]:
    """Every column that may become an input, and those left aside too: a future date is wrong wherever it stands."""
    apart = {*description.bookkeeping}
    return [
        columns.understand(str(name), table[name], missing=description.codes_of(str(name)), today=today)
        for name in table.columns
        if name not in apart
    ]


def _usable(understood: list[Column], description: Description, notes: Notes) -> list[Column]:
    usable = []
    for column in understood:
        why = _why_not(column, description)
        notes.columns.append({"name": column.name, "nature": column.nature, **_summarise(column), "left_out": why})
        if why is None:
            usable.append(column)
            _warn_if_mostly_missing(column, notes)
            continue
        notes.left_out[column.name] = why
        if column.why and column.name not in description.exclude:
            notes.warn(f"{column.name} is left out: {column.why}.")
    return usable


def _warn_if_mostly_missing(column: Column, notes: Notes) -> None:
    missing = float(column.values.replace("", None).isna().mean())
    if missing > _MOSTLY_MISSING:
        notes.warn(f"{column.name} is missing in {missing:.0%} of the rows.")


def _why_not(column: Column, description: Description) -> str | None:
    if column.name in description.exclude:
        return "the description excludes it"
    if column.name in description.sensitive and not description.use_sensitive:
        return "it is sensitive: only for the fairness report"
    if description.features is not None and column.name not in description.features:
        return "it isn't among the described features"
    return column.why or None


def _summarise(column: Column) -> dict[str, object]:
    values = column.values
    missing = (
        float((values.isna() | (values == "")).mean()) if column.nature == "category" else float(values.isna().mean())
    )
    return {"missing": missing, "values": int(values.nunique())}
