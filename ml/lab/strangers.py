"""Whether the rows of a book are like those that a model has learned from: where they are not, its figures mean less."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books.inputs import LEVELS_KEPT
from ml.figures.drift import STOP_FROM
from ml.figures.metrics import psi
from ml.models.artefact import Artefact, Input

Floats = NDArray[np.float64]

FAR_SDS = 3.0  # of training, between the two means
UNIT_TIMES = 20.0  # between the two medians: nobody's money grows so fast, but cents do
_EMPTY, _FILLED = 0.95, 0.50
_SHOWN = 5


def warnings(artefact: Artefact, frame: pd.DataFrame) -> Iterator[str]:
    """A sentence for each input whose values are not those of training. `frame` holds the values of the inputs."""
    learned, moved = artefact.profile.get("inputs", {}), []
    for index, each in enumerate(artefact.inputs):
        cells, profile = frame.iloc[:, index], learned.get(each.name)
        if each.kind == "category":
            yield from _unseen(each, cells)
        elif profile is not None and each.code is None:
            numbers = cells.to_numpy(dtype=np.float64)
            sentence = _strange(each, numbers, profile)
            if sentence:
                yield sentence
            elif (shift := _shift(numbers, profile)) > STOP_FROM:
                moved.append(f"{each.name} {shift:.2f}")
    if moved:
        yield f"These are spread otherwise than in training (PSI above {STOP_FROM}): {', '.join(moved)}."


def is_another_unit(here: float, there: float) -> bool:
    """Whether two medians differ as one unit does from another."""
    return here > 0 and there > 0 and not 1 / UNIT_TIMES < here / there < UNIT_TIMES


def spread(numbers: Floats) -> dict[str, float]:
    """What a profile keeps of a number to recognise it by."""
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return {}
    return {"mean": float(known.mean()), "sd": float(known.std()), "median": float(np.median(known))}


def shares(numbers: Floats, edges: list[float]) -> Floats:
    """The share of values in each bin of training; the last is that of missing values."""
    places = np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="right"))
    return np.bincount(places, minlength=len(edges) + 2) / max(len(numbers), 1)


def _unseen(each: Input, cells: "pd.Series[Any]") -> Iterator[str]:
    new = cells[~cells.isin({*each.levels, ""})]
    # Of a category with more levels than are kept, nobody knows which are new.
    if len(new) and len(each.levels) < LEVELS_KEPT:
        names = ", ".join(map(str, new.value_counts().index[:_SHOWN]))
        yield f"{len(new):,} of {len(cells):,} rows hold a {each.name} that training has not seen: {names}."


def _strange(each: Input, numbers: Floats, profile: dict[str, Any]) -> str:
    here, missing = spread(numbers), float(np.isnan(numbers).mean())
    if missing > _EMPTY and profile["shares"][-1] < _FILLED:
        return f"{each.name} is missing in {missing:.0%} of these rows, in training in {profile['shares'][-1]:.0%}."
    if not here or "mean" not in profile:
        return ""
    if profile["edges"][:1] > [0.0] and is_another_unit(here["median"], profile["median"]):
        return (
            f"{each.name} has a median of {here['median']:,.6g} here and of {profile['median']:,.6g} in training: "
            "is it in another unit?"
        )
    sds = abs(here["mean"] - profile["mean"]) / (profile["sd"] or 1.0)
    if sds > FAR_SDS:
        return (
            f"{each.name} has a mean of {here['mean']:,.6g} here and of {profile['mean']:,.6g} in training, {sds:.0f} "
            "standard deviations away: the model has learned from other people than these."
        )
    return ""


def _shift(numbers: Floats, profile: dict[str, Any]) -> float:
    return psi(profile["shares"], shares(numbers, profile["edges"]))
