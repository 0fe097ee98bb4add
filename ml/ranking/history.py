"""What a user did before a moment: counts over strictly earlier rows, so that nothing looks at its own time or later."""

import numpy as np

from ml.ranking.table import Floats, Ints, Table

_FADING = (0.1, 0.3)  # lifetimes as shares of the table's span, so that the sums stay far from overflow


def before(key: Ints, time: Floats, values: Floats) -> Floats:
    """For each row the sum of `values` over rows with the same key and a strictly earlier time."""
    order = np.lexsort((time, key))
    sorted_key, sorted_time = key[order], time[order]
    sums = np.concatenate([[0.0], np.cumsum(values[order])[:-1]])
    new_key = np.concatenate([[True], np.diff(sorted_key) != 0])
    new_moment = new_key | np.concatenate([[True], np.diff(sorted_time) != 0])
    result = np.empty(len(key))
    result[order] = sums[last_true(new_moment)] - sums[last_true(new_key)]
    return result


def last_before(key: Ints, time: Floats, happened: Floats) -> Floats:
    """For each row the latest strictly earlier time at which something happened under the same key; NaN if never."""
    order = np.lexsort((time, key))
    sorted_key, sorted_time = key[order], time[order]
    new_moment = np.concatenate([[True], (np.diff(sorted_key) != 0) | (np.diff(sorted_time) != 0)])
    places = np.where(happened[order] > 0, np.arange(len(key)), -1)
    latest = np.concatenate([[-1], np.maximum.accumulate(places)[:-1]])[last_true(new_moment)]
    is_same = (latest >= 0) & (sorted_key[latest] == sorted_key)
    result = np.empty(len(key))
    result[order] = np.where(is_same, sorted_time[latest], np.nan)
    return result


def own(table: Table) -> dict[str, Floats]:
    """The user's history before each row: of everything, of this very item, and of items that share its features."""
    if table.time is None:
        return {}
    hit, one = (table.label > 0).astype(float), np.ones(len(table))
    pair = table.user * len(table.items) + table.item
    figures = {
        "own rows": before(table.user, table.time, one),
        "own hits": before(table.user, table.time, hit),
    }
    if table.has_repeats:
        span = float(np.ptp(table.time)) or 1.0
        figures["own rows of item"] = before(pair, table.time, one)
        figures["own hits of item"] = before(pair, table.time, table.label)
        for share in _FADING:
            figures[f"own hits of item, faded {share}"] = _faded(pair, table.time, table.label, span * share)
            figures[f"own hits, faded {share}"] = _faded(table.user, table.time, hit, span * share)
        figures["own rest of item"] = (table.time - last_before(pair, table.time, hit)) / span
        figures["own rest"] = (table.time - last_before(table.user, table.time, hit)) / span
    return figures | _alike(table, table.time, hit)


def _faded(key: Ints, time: Floats, values: Floats, lifetime: float) -> Floats:
    """The sum of earlier values, each worth less by a factor of e per lifetime that has passed."""
    age = (time - time.max()) / lifetime
    faded: Floats = before(key, time, values * np.exp(age)) * np.exp(-age)
    return faded


def _alike(table: Table, time: Floats, hit: Floats) -> dict[str, Floats]:
    """How often the user liked items of the same category, against how often he likes anything."""
    figures = {}
    for column in table.columns:
        if column.is_of_user or column.kind == "number":
            continue
        level = column.values.astype(np.int64) + 1
        key = table.user * (int(level.max()) + 1) + level
        rows, hits = before(key, time, np.ones(len(table))), before(key, time, hit)
        figures[f"own hits of {column.name}"] = hits
        figures[f"own rate of {column.name}"] = hits / np.maximum(rows, 1)
    return figures


def last_true(flags: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Ints:
    """For each place the nearest place at or before it where the flag is set; the first one must be set."""
    return np.maximum.accumulate(np.where(flags, np.arange(len(flags)), 0))
