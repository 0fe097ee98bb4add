"""One row per (user, item) that is ranked: the table's own columns and what can be told from other users and earlier rows."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ml.ranking import history
from ml.ranking.cooccurrence import company
from ml.ranking.rates import Before
from ml.ranking.splitting import RankingSplit
from ml.ranking.table import Flags, Floats, Ints, RankingColumn, Table

_BINS = 16
_PAIRS_MAX = 120
_STRENGTH = 20.0
_NUMBER_MAX = 3e38  # of what CatBoost keeps in 32 bits


@dataclass(frozen=True)
class Rows:
    """The ranked rows, a user's beside each other. `frame` holds numbers, and categories as codes."""

    frame: pd.DataFrame
    categories: tuple[str, ...]
    given: tuple[str, ...]  # which of its columns the table itself says
    user: Ints
    item: Ints
    label: Floats
    lot: Floats
    is_test: Flags
    fold: Ints  # which model is validated on the row; -1 for none
    popularity: Floats
    together: Floats
    own: Floats | None


def rows(table: Table, split: RankingSplit) -> Rows:
    asked = table.is_asked
    item, label = table.item[asked], table.label[asked]
    earlier = Before.of(label, split.turn[asked], split.is_test[asked])
    popularity, seen = _popularity(item, earlier)
    hits, _ = _popularity(item, replace(earlier, label=(label > 0).astype(float)))
    everywhere = np.full(len(table), 1e-6)
    everywhere[asked] = np.clip(hits, 1e-6, None)
    together = company(table, split, everywhere)
    before = {name: values[asked] for name, values in history.own(table).items()}
    columns = [RankingColumn(each.name, each.kind, each.values[asked]) for each in table.columns]
    numbers = {each.name: each.values for each in columns if each.kind == "number"}
    if table.time is not None and table.ranked_at is not None:
        numbers["time"] = table.ranked_at[asked] - table.time.min()
    given = tuple(numbers)
    numbers |= {"popularity": popularity, "considered": seen, **_affinities(columns, item, earlier, popularity)}
    numbers |= {
        "together likely": together.likely[asked],
        "together lift": together.lift[asked],
        "together best": together.best[asked],
    }
    categories = {each.name: each.values.astype(np.int64) for each in columns if each.kind == "category"}
    categories["item"] = item
    return Rows(
        frame=_framed(numbers | before, categories),
        categories=tuple(categories),
        given=(*given, *categories),
        user=table.user[asked],
        item=item,
        label=label,
        lot=split.lot[asked],
        is_test=split.is_test[asked],
        fold=split.fold[asked],
        popularity=popularity,
        together=together.likely[asked],
        own=_own(table, before, popularity),
    )


def _framed(numbers: dict[str, Floats], categories: dict[str, Ints]) -> pd.DataFrame:
    clipped = {name: np.clip(each, -_NUMBER_MAX, _NUMBER_MAX).astype(np.float32) for name, each in numbers.items()}
    return pd.DataFrame(clipped | {name: codes.astype(np.int32) for name, codes in categories.items()})


def _popularity(item: Ints, earlier: Before) -> tuple[Floats, Floats]:
    return earlier.rate(item, prior=_mean(earlier), strength=_STRENGTH / 2)


def _affinities(columns: list[RankingColumn], item: Ints, earlier: Before, popularity: Floats) -> dict[str, Floats]:
    """How much more an item, or items with one of its features, are liked by users who share one of this user's.

    Log-lifts over the popularity; their sum is naive Bayes. A tree would need one split per level and item for it.
    """
    of_user = [_levels(each) for each in columns if each.is_of_user]
    of_item = [("item", item), *((each.name, _levels(each)) for each in columns if not each.is_of_user)]
    features = {f"affinity {name}": np.zeros(len(item)) for name, _ in of_item}
    by_user = {each.name: np.zeros(len(item)) for each in columns if each.is_of_user}
    base = np.maximum(popularity, 1e-6)
    for name, place in of_item[: max(_PAIRS_MAX // max(len(of_user), 1), 1)]:
        usual = base if name == "item" else np.maximum(_rate(place, earlier), 1e-6)
        for user_name, level in zip(by_user, of_user, strict=True):
            key = level * (int(place.max()) + 1) + place
            rate, _ = earlier.rate(key, prior=usual, strength=_STRENGTH)
            lift = np.log(np.maximum(rate, 1e-9) / usual)
            features[f"affinity {name}"] += lift
            if name == "item":
                by_user[user_name] = lift
    if not of_user:
        return {}
    return features | {f"affinity of {name}": lift for name, lift in by_user.items()}


def _rate(key: Ints, earlier: Before) -> Floats:
    return earlier.rate(key, prior=_mean(earlier), strength=_STRENGTH)[0]


def _mean(earlier: Before) -> Floats:
    everywhere = np.zeros(len(earlier.label), np.int64)
    return earlier.rate(everywhere, prior=np.zeros(len(everywhere)), strength=1.0)[0]


def _levels(column: RankingColumn) -> Ints:
    """Levels of a category, or bins of a number with about as many rows each; 0 is missing."""
    if column.kind == "category":
        return column.values.astype(np.int64) + 1
    known = column.values[~np.isnan(column.values)]
    edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else np.empty(0)
    return np.where(np.isnan(column.values), 0, np.searchsorted(edges, column.values, side="right") + 1)


def _own(table: Table, before: dict[str, Floats], popularity: Floats) -> Floats | None:
    """The user's own frequency of the item, or else of its categories; popularity decides between equals."""
    tie = popularity / (popularity.max() * 2 or 1.0)
    if table.has_repeats:
        return before["own hits of item"] + tie
    alike = [values for name, values in before.items() if name.startswith("own rate of ")]
    return np.mean(alike, axis=0) + tie / 100 if alike else None
