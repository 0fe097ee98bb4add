"""One row per (user, item) that is ranked: the table's own columns and what can be told from other users and earlier rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.ranking import history
from ml.ranking.cooccurrence import company
from ml.ranking.rates import out_of_fold
from ml.ranking.splitting import Split
from ml.ranking.table import Column, Flags, Floats, Ints, Table

_BINS = 16
_PAIRS_MAX = 120
_STRENGTH = 20.0
_ITEM_LEVELS_MAX = 2_000  # with more items an item's own name is noise beside its rates


@dataclass(frozen=True)
class Rows:
    """The ranked rows, a user's beside each other. `frame` holds numbers, and categories as codes."""

    frame: pd.DataFrame
    categories: tuple[str, ...]
    user: Ints
    item: Ints
    label: Floats
    lot: Floats
    is_test: Flags
    is_validation: Flags
    popularity: Floats
    together: Floats
    own: Floats | None


def rows(table: Table, split: Split) -> Rows:
    asked = table.is_asked
    item, label, fold = table.item[asked], table.label[asked], split.fold[asked]
    popularity, seen = _popularity(item, label, fold)
    hits, _ = _popularity(item, (label > 0).astype(float), fold)
    everywhere = np.full(len(table), 1e-6)
    everywhere[asked] = np.clip(hits, 1e-6, None)
    together = company(table, split, everywhere)
    before = {name: values[asked] for name, values in history.own(table).items()}
    columns = [Column(each.name, each.kind, each.values[asked]) for each in table.columns]
    numbers = {each.name: each.values for each in columns if each.kind == "number"}
    numbers |= {"popularity": popularity, "considered": seen, **_affinities(columns, item, label, fold, popularity)}
    numbers |= {
        "together likely": together.likely[asked],
        "together lift": together.lift[asked],
        "together best": together.best[asked],
    }
    categories = {each.name: each.values.astype(np.int64) for each in columns if each.kind == "category"}
    if len(table.items) <= _ITEM_LEVELS_MAX:
        categories["item"] = item
    frame = {name: values.astype(np.float32) for name, values in (numbers | before).items()}
    return Rows(
        frame=pd.DataFrame(frame | {name: codes.astype(np.int32) for name, codes in categories.items()}),
        categories=tuple(categories),
        user=table.user[asked],
        item=item,
        label=label,
        lot=split.lot[asked],
        is_test=split.is_test[asked],
        is_validation=split.is_validation[asked],
        popularity=popularity,
        together=together.likely[asked],
        own=_own(table, before, popularity),
    )


def _popularity(item: Ints, label: Floats, fold: Ints) -> tuple[Floats, Floats]:
    return out_of_fold(item, label, fold, prior=_mean(label, fold), strength=_STRENGTH / 2)


def _affinities(columns: list[Column], item: Ints, label: Floats, fold: Ints, popularity: Floats) -> dict[str, Floats]:
    """How much more an item, or items with one of its features, are liked by users who share one of this user's.

    Log-lifts over the popularity; their sum is naive Bayes. A tree would need one split per level and item for it.
    """
    of_user = [_levels(each) for each in columns if each.is_of_user]
    of_item = [("item", item), *((each.name, _levels(each)) for each in columns if not each.is_of_user)]
    features = {f"affinity {name}": np.zeros(len(item)) for name, _ in of_item}
    by_user = {each.name: np.zeros(len(item)) for each in columns if each.is_of_user}
    base = np.maximum(popularity, 1e-6)
    for name, place in of_item[: max(_PAIRS_MAX // max(len(of_user), 1), 1)]:
        usual = base if name == "item" else np.maximum(_rate(place, label, fold), 1e-6)
        for user_name, level in zip(by_user, of_user, strict=True):
            key = level * (int(place.max()) + 1) + place
            rate, _ = out_of_fold(key, label, fold, prior=usual, strength=_STRENGTH)
            lift = np.log(np.maximum(rate, 1e-9) / usual)
            features[f"affinity {name}"] += lift
            if name == "item":
                by_user[user_name] = lift
    if not of_user:
        return {}
    return features | {f"affinity of {name}": lift for name, lift in by_user.items()}


def _rate(key: Ints, label: Floats, fold: Ints) -> Floats:
    return out_of_fold(key, label, fold, prior=_mean(label, fold), strength=_STRENGTH)[0]


def _mean(label: Floats, fold: Ints) -> Floats:
    everywhere = np.zeros(len(label), np.int64)
    return out_of_fold(everywhere, label, fold, prior=np.zeros(len(label)), strength=1.0)[0]


def _levels(column: Column) -> Ints:
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
