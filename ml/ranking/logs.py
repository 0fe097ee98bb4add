"""A log of what a policy showed: the action, its propensity, what came of it, and what was known at the time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books import parsing
from ml.books.findings import BookRefused, Finding
from ml.ranking.table import Flags, Floats, Ints

_ACTION = ("item_id", "action")
_REWARD = ("reward", "click", "label")
_PROPENSITY = ("propensity", "propensity_score", "pscore")
_CONTEXT = ("u_", "user_feature")
_FINDINGS_MAX = 20


@dataclass(frozen=True)
class RankingLog:
    """One row per impression. `action`, `position` and the context are words; `user` is None where rows stand alone."""

    action: NDArray[Any]
    reward: Floats
    propensity: Floats
    position: NDArray[Any]
    context: dict[str, NDArray[Any]]
    user: Ints | None

    def __len__(self) -> int:
        return len(self.reward)


def checked(frame: pd.DataFrame) -> RankingLog:
    """Raises BookRefused naming rows whose reward is no number or whose propensity is no chance above zero."""
    action = _words(frame, _named(frame, _ACTION))
    reward = numbers(frame, _named(frame, _REWARD))
    propensity = chances(frame, _named(frame, _PROPENSITY), above_zero=True)
    here = "position" if "position" in frame.columns else None
    return RankingLog(
        action=action,
        reward=reward,
        propensity=propensity,
        position=_words(frame, here) if here else np.zeros(len(frame), object),
        context={str(name): _words(frame, name) for name in frame.columns if str(name).startswith(_CONTEXT)},
        user=pd.factorize(frame["user_id"])[0].astype(np.int64) if "user_id" in frame.columns else None,
    )


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame.columns:
        raise BookRefused([Finding(None, name, "there is no such column")])
    values = np.asarray(parsing.numbers(frame[name])[0], np.float64)
    _refuse(np.isnan(values), frame, name, "is no number")
    return values


def chances(frame: pd.DataFrame, name: str, *, above_zero: bool = False) -> Floats:
    values = numbers(frame, name)
    wrong = (values > 1) | ((values <= 0) if above_zero else (values < 0))
    _refuse(wrong, frame, name, "is no chance above 0 and up to 1" if above_zero else "is no chance from 0 to 1")
    return values


def _refuse(wrong: Flags, frame: pd.DataFrame, name: str, why: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise BookRefused([Finding(int(i) + 1, name, f"{frame[name].iloc[i]!r} {why}") for i in rows[:_FINDINGS_MAX]])


def _named(frame: pd.DataFrame, names: tuple[str, ...]) -> str:
    for name in names:
        if name in frame.columns:
            return name
    raise BookRefused([Finding(None, names[0], f"there is no such column, nor {' or '.join(names[1:])}")])


def _words(frame: pd.DataFrame, name: str) -> NDArray[Any]:
    return np.asarray(parsing.words(frame[name]).fillna("").astype(str), object)
