"""What a user did before a moment: counts over strictly earlier rows, so that nothing looks at its own time or later.

A list is ranked at one moment, however far apart its rows were written down: that of its first row. What came of the
first rows is no history of the last ones.
"""

import numpy as np

from ml.ranking.table import Floats, Ints, Table

_FADING = (0.1, 0.3)  # lifetimes as shares of the table's span, so that the sums stay far from overflow


def before(key: Ints, time: Floats, values: Floats, at: Floats | None = None) -> Floats:
    """The sum of `values`, for each row, over rows with the same key and a time strictly before `at`, or before its own."""
    order, begin, end = _earlier(key, time, at)
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    result: Floats = sums[end] - sums[begin]
    return result


def last_before(key: Ints, time: Floats, happened: Floats, at: Floats | None = None) -> Floats:
    """The latest time before `at`, or before its own, when something happened under each row's key; NaN if never."""
    order, begin, end = _earlier(key, time, at)
    places = np.where(happened[order] > 0, np.arange(len(order)), -1)
    latest = np.concatenate([[-1], np.maximum.accumulate(places)])[end]
    return np.where(latest >= begin, time[order][latest], np.nan)


def _earlier(key: Ints, time: Floats, at: Floats | None) -> tuple[Ints, Ints, Ints]:
    """Rows in the order of key and time, and for each row where those of its key begin and where its past ends."""
    moments, ranks = np.unique(time, return_inverse=True)
    asked = ranks if at is None else np.searchsorted(moments, at, side="left")
    dense = np.unique(key, return_inverse=True)[1].astype(np.int64) * (len(moments) + 1)
    placed = dense + ranks
    order = np.argsort(placed, kind="stable")
    begin, end = (np.searchsorted(placed[order], each, side="left") for each in (dense, dense + asked))
    return order, begin, end


def own(table: Table) -> dict[str, Floats]:
    """The user's history before each row's list: of everything, of this very item, and of items that share its features."""
    if table.time is None or table.ranked_at is None:
        return {}
    time, at = table.time, table.ranked_at
    hit, one = (table.label > 0).astype(float), np.ones(len(table))
    pair = table.user * len(table.items) + table.item
    figures = {
        "own rows": before(table.user, time, one, at),
        "own hits": before(table.user, time, hit, at),
    }
    if table.has_repeats:
        span = float(np.ptp(time)) or 1.0
        figures["own rows of item"] = before(pair, time, one, at)
        figures["own hits of item"] = before(pair, time, table.label, at)
        for share in _FADING:
            figures[f"own hits of item, faded {share}"] = _faded(pair, time, table.label, at, span * share)
            figures[f"own hits, faded {share}"] = _faded(table.user, time, hit, at, span * share)
        figures["own rest of item"] = (at - last_before(pair, time, hit, at)) / span
        figures["own rest"] = (at - last_before(table.user, time, hit, at)) / span
    return figures | _alike(table, time, at, hit)


def _faded(key: Ints, time: Floats, values: Floats, at: Floats, lifetime: float) -> Floats:
    """The sum of earlier values, each worth less by a factor of e per lifetime that has passed."""
    latest = time.max()
    worth = values * np.exp((time - latest) / lifetime)
    faded: Floats = before(key, time, worth, at) * np.exp(-(at - latest) / lifetime)
    return faded


def _alike(table: Table, time: Floats, at: Floats, hit: Floats) -> dict[str, Floats]:
    """How often the user liked items of the same category, against how often they like anything."""
    figures = {}
    for column in table.columns:
        if column.is_of_user or column.kind == "number":
            continue
        level = column.values.astype(np.int64) + 1
        key = table.user * (int(level.max()) + 1) + level
        rows, hits = before(key, time, np.ones(len(table)), at), before(key, time, hit, at)
        figures[f"own hits of {column.name}"] = hits
        figures[f"own rate of {column.name}"] = hits / np.maximum(rows, 1)
    return figures


def last_true(flags: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Ints:
    """The nearest place at or before each where the flag is set; the first one must be set."""
    return np.maximum.accumulate(np.where(flags, np.arange(len(flags)), 0))
