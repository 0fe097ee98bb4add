"""Models of relevance on a table of interactions, measured on users that none of them has seen."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from ml.books.findings import BookRefused, Finding, Notes
from ml.ranking import features, measuring, rankers, suspicions
from ml.ranking.features import Rows
from ml.ranking.measuring import Interval, Measured
from ml.ranking.splitting import split
from ml.ranking.table import Flags, Floats, Table

_LOSSES: tuple[rankers.Loss, ...] = ("pointwise", "yetirank")
_CLEARLY = 2.0  # standard errors
_USERS_MIN = 5  # in each part, with something liked and something not
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class RankerLine:
    """One model on the test users. `gain` is the chosen model's NDCG@5 minus this one's, on the same users."""

    name: str
    measured: Measured
    intervals: dict[str, Interval]
    seconds: float
    validation: float  # NDCG@5 of users whom the model has not seen either, and the choice was made on
    inputs: str | None
    trees: int | None
    gain: float
    gain_interval: Interval


@dataclass(frozen=True)
class Evaluation:
    rows: int
    users: int
    items: int
    test_users: int
    judged_users: int  # test users who prefer something
    lines: tuple[RankerLine, ...]
    chosen: str
    inputs: tuple[str, ...]
    is_too_good: bool  # a column, or the chosen model, knows what it cannot have known
    notes: Notes
    seconds: float


def evaluate(table: Table, notes: Notes, *, seed: int, progress: Progress) -> Evaluation:
    began = perf_counter()
    progress("Counting who liked what", 0.1)
    rows = features.rows(table, split(table))
    _refuse_too_few(rows)
    _describe(table, rows, notes)
    counted = perf_counter() - began
    scores: dict[str, tuple[Floats, float]] = {"popularity": (rows.popularity, counted)}
    scores["cooccurrence"] = (rows.together, counted)
    if rows.own is not None:
        scores["own-history"] = (rows.own, counted)
    fitted = {}
    for share, loss in zip((0.2, 0.5), _LOSSES, strict=True):
        progress(f"Training {loss}", share)
        fitted[loss] = rankers.fit(rows, loss, seed=seed, is_graded=table.is_graded)
        scores[loss] = (fitted[loss].score, fitted[loss].seconds)
    progress("Measuring", 0.95)
    held = {name: rankers.held_out(rows, score) for name, (score, _) in scores.items()}
    chosen = choose(held, notes)
    lines = tuple(_lines(rows, scores, held, fitted, chosen, seed))
    is_too_good = _warn_of_leaks(table, {line.name: line for line in lines}, chosen, notes)
    _, judged = _test_users(rows)
    return Evaluation(
        rows=len(table),
        users=len(table.users),
        items=len(table.items),
        test_users=len(judged),
        judged_users=int(judged.sum()),
        lines=lines,
        chosen=chosen,
        inputs=tuple(rows.frame.columns),
        is_too_good=is_too_good,
        notes=notes,
        seconds=perf_counter() - began,
    )


def choose(held: Mapping[str, Floats], notes: Notes) -> str:
    """The better of the trained ones, unless something simpler clearly beats it."""
    trained = max(_LOSSES, key=lambda name: float(held[name].mean()))
    simple = max((name for name in held if name not in _LOSSES), key=lambda name: float(held[name].mean()))
    if not rankers.is_better(held[simple], held[trained], errors=_CLEARLY):
        return trained
    notes.warn(
        f"On validation users {simple} reaches {held[simple].mean():.3f}, and {trained}, the better of the trained models, "
        f"{held[trained].mean():.3f}: rank by {simple}; training finds nothing here that it doesn't know."
    )
    return simple


def _warn_of_leaks(table: Table, lines: Mapping[str, RankerLine], chosen: str, notes: Notes) -> bool:
    leaks = dict(suspicions.leaks(table))
    for name, auc in leaks.items():
        notes.leaks.append(name)
        notes.warn(
            f"{name} alone tells what is liked from what is not with an AUC of {auc:.3f}: it was hardly known before. "
            f"Take it out and measure again; these figures say nothing of what will be."
        )
    reached = lines[chosen].measured.figures["ndcg@5"]
    is_too_good = suspicions.is_too_good(reached, lines["popularity"].measured.figures["ndcg@5"])
    if is_too_good:
        notes.warn(
            f"{chosen} reaches an NDCG@5 of {reached:.3f} on users it has never seen, which is too good to be true: "
            f"look for columns that are filled in afterwards."
        )
    return is_too_good or bool(leaks)


def _lines(
    rows: Rows,
    scores: dict[str, tuple[Floats, float]],
    held: dict[str, Floats],
    fitted: "dict[rankers.Loss, rankers.Ranker]",
    chosen: str,
    seed: int,
) -> Iterator[RankerLine]:
    test, surprise = rows.is_test, _surprise(rows)
    user, judged = _test_users(rows)
    measured = {
        name: measuring.measure(score[test], user, rows.item[test], rows.label[test], rows.lot[test], surprise)
        for name, (score, _) in scores.items()
    }
    weights = measuring.draws(len(judged), seed=seed)
    best = measured[chosen].per_user[:, 1]
    for name, found in measured.items():
        columns = zip(measuring.FIGURES, found.per_user.T, strict=True)
        gain, rank = best - found.per_user[:, 1], fitted.get(name)  # type: ignore[call-overload]
        yield RankerLine(
            name=name,
            measured=found,
            intervals={figure: measuring.interval(values, weights) for figure, values in columns},
            seconds=scores[name][1],
            validation=float(held[name].mean()),
            inputs=rank.inputs if rank else None,
            trees=rank.trees if rank else None,
            gain=float(np.nanmean(gain)),
            gain_interval=measuring.interval(gain, weights),
        )


def _test_users(
    rows: Rows,
) -> tuple["np.ndarray[tuple[int], np.dtype[np.int64]]", "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    """Test users counted from 0, one per test row; and which of them prefer something."""
    _, user = np.unique(rows.user[rows.is_test], return_inverse=True)
    return user, measuring.prefer(user, rows.label[rows.is_test], int(user.max()) + 1)


def _surprise(rows: Rows) -> Floats:
    """Bits per item; an item that nobody liked surprises as if half a training user had."""
    train = ~rows.is_test
    likers = np.bincount(rows.item[train], rows.label[train] > 0, int(rows.item.max()) + 1)
    return -np.log2(np.clip(likers, 0.5, None) / len(np.unique(rows.user[train])))


def _refuse_too_few(rows: Rows) -> None:
    folds = range(int(rows.fold.max()) + 1) or range(1)
    for name, part in (
        *(("to train on", ~rows.is_test & (rows.fold != fold)) for fold in folds),
        *(("to choose on", rows.fold == fold) for fold in folds),
        ("to test on", rows.is_test),
    ):
        able = _able(rows, part)
        if able < _USERS_MIN:
            why = f"{able} users with unequal labels are left {name}; it takes {_USERS_MIN} (a hash deals 20 % to the test)"
            raise BookRefused([Finding(None, "user_id", why)])


def _able(rows: Rows, part: Flags) -> int:
    """How many users like one thing better than another."""
    return int(measuring.prefer(rows.user[part], rows.label[part], int(rows.user.max()) + 1).sum())


def _describe(table: Table, rows: Rows, notes: Notes) -> None:
    users = len(table.users)
    alike = int((~measuring.prefer(rows.user, rows.label, users)).sum())
    if alike:
        notes.warn(
            f"{alike:,} of {users:,} users like nothing of their list, or all of it alike; they don't count in NDCG and MAP."
        )
    if table.time is None:
        notes.warn(
            "There is no time column: nothing is known of a test user's past, so own-history can't be judged, and "
            "co-occurrence only knows which items were considered together."
        )
    elif rows.own is None:
        notes.warn("No item comes back and no i_* category says which are alike, so own-history can't be judged.")
    if table.has_repeats:
        repeated = int((~table.is_asked).sum())
        notes.warn(
            f"{repeated:,} rows are history: a user's latest row with an item is ranked, and earlier ones are its past."
        )
    sizes = np.bincount(rows.user, minlength=users)
    if int(np.median(sizes)) <= 1:
        notes.warn("Most users considered a single item, so there is hardly anything to rank.")
