"""Whether bad really means bad: declared directions, and well-known names, against what the data say."""

import re
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.books.columns import Column
from ml.books.describing import Description
from ml.books.findings import BookRefused, Finding, Notes
from ml.figures.metrics import Ranked

Floats = NDArray[np.float64]
_Told = tuple[str, int, float]  # column, declared direction, AUC

_CLEAR = 0.02  # how far from one half an AUC must be to say anything, apart from noise
_RISK_RISES = re.compile(
    r"delinq|past_?due|overdue|late|dti|debt|inq|pub_?rec|arrears|util|dpd|逾期|负债|查询", re.IGNORECASE
)
_RISK_FALLS = re.compile(
    r"income|salary|fico|credit_?score|savings|balance_avg|limit|收入|工资|额度|存款", re.IGNORECASE
)


def check(candidates: list[Column], bad: Floats, weights: Floats, description: Description, notes: Notes) -> None:
    """Refuses a target that all declared directions contradict; warns of single contradictions and of odd bad rates."""
    declared = {c.name: (c, description.monotone[c.name]) for c in candidates if c.name in description.monotone}
    against, along = _sorted_out(declared, bad)
    rate = float(weights @ bad / weights.sum())
    if against and len(against) > 3 * len(along) and (len(against) > 1 or rate > 0.5):
        listed = "; ".join(
            f"{name} is declared {_word(way)}, but its AUC is {auc:.2f}" for name, way, auc in against[:6]
        )
        why = f"the target looks inverted ({rate:.0%} of the loans are bad): {listed}. Is `bad` the right value?"
        raise BookRefused([Finding(None, description.target, why)])
    for name, way, auc in against:
        notes.warn(
            f"{name} is declared {_word(way)} in risk, but in this book bads have the other values (AUC {auc:.2f})."
        )
    for name in description.monotone:
        if any(c.name == name and c.nature == "category" for c in candidates):
            notes.warn(f"{name} holds words, so its declared direction can't be kept.")
    _warn_of_names(candidates, bad, rate, description, notes)


def _warn_of_names(candidates: list[Column], bad: Floats, rate: float, description: Description, notes: Notes) -> None:
    known: dict[str, tuple[Column, Literal[-1, 1]]] = {}
    for column in candidates:
        if column.name not in description.monotone and _RISK_RISES.search(column.name):
            known[column.name] = (column, 1)
        elif column.name not in description.monotone and _RISK_FALLS.search(column.name):
            known[column.name] = (column, -1)
    against, along = _sorted_out(known, bad)
    if len(against) > len(along) and (rate > 0.5 or len(against) > 1):
        names = ", ".join(name for name, _, _ in against[:5])
        notes.warn(
            f"The target {description.target} looks inverted: {rate:.0%} of the loans are bad, and {names} point the "
            "other way than their names. Check `bad`."
        )
    elif rate > 0.5:
        notes.warn(f"{rate:.0%} of the loans are bad: is the target {description.target} inverted? Check `bad`.")


def _sorted_out(declared: dict[str, tuple[Column, Literal[-1, 1]]], bad: Floats) -> tuple[list[_Told], list[_Told]]:
    against: list[_Told] = []
    along: list[_Told] = []
    for name, (column, way) in declared.items():
        if column.nature != "number":
            continue
        numbers = column.values.to_numpy(dtype=np.float64)
        known = ~np.isnan(numbers)
        bads = bad[known].sum()
        if min(bads, known.sum() - bads) < 10:
            continue
        auc = Ranked(bad[known], numbers[known]).auc(np.ones(int(known.sum())))
        # Three standard errors of the AUC of an uninformative column.
        noise = 3 * np.sqrt((known.sum() + 1) / (12 * bads * (known.sum() - bads)))
        if abs(auc - 0.5) > max(_CLEAR, noise):
            (along if (auc > 0.5) == (way > 0) else against).append((name, way, auc))
    return against, along


def _word(way: int) -> str:
    return "increasing" if way > 0 else "decreasing"
