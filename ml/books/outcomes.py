"""Who went bad: the target of a book, its rejected applications and its weights."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books import parsing
from ml.books.describing import Description
from ml.books.findings import BookRefused, Finding, Notes

_MADE = frozenset(
    "1 true t yes y a approve approved accept accepted granted funded booked issued 批准 通过 同意 是".split()
)
_RARE_SHARE = 0.005
_FINDINGS_MAX = 50
_ROWS_MIN = 100
_CLASS_MIN = 20


def loans_made(table: pd.DataFrame, description: Description, notes: Notes) -> NDArray[np.bool_]:
    """Which applications became loans; without a decision column, all."""
    if description.decision is None:
        return np.ones(len(table), dtype=bool)
    said = _same_words(table[description.decision])
    wanted = {parsing.same_word(word) for word in description.accepted} or _MADE
    made = said.isin(wanted).to_numpy(dtype=np.bool_)
    if not made.any():
        values = ", ".join(sorted(map(str, said.dropna().unique()))[:5])
        why = f"no row says that the loan was made; the values are {values}: name the right ones in `accepted`"
        raise BookRefused([Finding(None, description.decision, why)])
    rejects = int((~made).sum())
    if rejects:
        notes.warn(
            f"{rejects:,} declined applications are kept out of fitting and of all figures: nobody knows how they would "
            "have been repaid. The model is only tested on people like those who were accepted."
        )
    return made


def finished(table: pd.DataFrame, description: Description, notes: Notes) -> NDArray[np.bool_]:
    """Which loans have come to their end, good or bad."""
    said = _same_words(table[description.target])
    waiting = said.isin({parsing.same_word(word) for word in description.unfinished}).to_numpy(dtype=np.bool_)
    if waiting.any():
        notes.warn(f"{int(waiting.sum()):,} loans have not come to their end and are kept out.")
    return ~waiting


def outcomes(table: pd.DataFrame, description: Description) -> NDArray[np.float64]:
    """1 where the loan went bad, 0 where it didn't. Raises BookRefused naming the rows whose outcome isn't known."""
    said = _same_words(table[description.target])
    bad = said.isin({parsing.same_word(word) for word in description.bad})
    if not bad.any():
        why = f"no row holds {' or '.join(map(repr, description.bad))}, which is described as bad"
        raise BookRefused([Finding(None, description.target, why)])
    good = said.isin(_good_words(said[~bad], description))
    unknown = np.flatnonzero((~bad & ~good).to_numpy())
    if len(unknown):
        raise BookRefused(_unknown(table, description, unknown))
    _check_counts(description, int(bad.sum()), int(good.sum()))
    return np.asarray(bad, dtype=np.float64)


def weights(table: pd.DataFrame, description: Description) -> NDArray[np.float64]:
    """One positive weight per row, with the mean 1."""
    if description.weights is None:
        return np.ones(len(table))
    numbers, _ = parsing.numbers(table[description.weights])
    wrong = np.flatnonzero(~(numbers > 0).to_numpy())
    if len(wrong):
        cells = [
            Finding(_row(table, i), description.weights, "a weight must be above 0") for i in wrong[:_FINDINGS_MAX]
        ]
        raise BookRefused(cells)
    result = numbers.to_numpy(dtype=np.float64)
    scaled: NDArray[np.float64] = result / result.mean()
    return scaled


def _good_words(said: "pd.Series[Any]", description: Description) -> set[str]:
    """Declared, or else every other value that is common; next to numbers, words are no outcomes."""
    if description.good:
        return {parsing.same_word(word) for word in description.good}
    counts = said.value_counts()
    common = counts[counts >= max(2, _RARE_SHARE * len(said))].index if len(counts) > 1 else counts.index
    numeric = [word for word in common if _is_number(word)]
    if all(_is_number(parsing.same_word(word)) for word in description.bad) and numeric:
        return _one_of(numeric, description)
    return _one_of([word for word in common if word not in parsing.UNKNOWNS], description)


def _one_of(words: list[str], description: Description) -> set[str]:
    """Nobody guesses which of several outcomes are good: a loan that still runs is none."""
    if len(words) > 1:
        named = ", ".join(map(repr, words[:5]))
        why = f"besides what is bad the target says {named}: name in `good` what is good, and in `unfinished` what is neither yet"
        raise BookRefused([Finding(None, description.target, why)])
    return set(words)


def _is_number(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False


def _unknown(table: pd.DataFrame, description: Description, rows: NDArray[np.intp]) -> list[Finding]:
    cells = table[description.target]
    findings = []
    for i in rows[:_FINDINGS_MAX]:
        cell = cells.iloc[i]
        shown = "nothing" if cell is None or cell != cell or str(cell).strip() == "" else repr(str(cell)[:60])
        why = f"the target says {shown}, which is neither bad nor known to be good"
        findings.append(Finding(_row(table, i), description.target, why))
    if len(rows) > _FINDINGS_MAX:
        findings.append(Finding(None, description.target, f"{len(rows) - _FINDINGS_MAX:,} more rows like these"))
    return findings


def _check_counts(description: Description, bads: int, goods: int) -> None:
    if goods == 0:
        why = "every row is bad"
    elif min(bads, goods) < _CLASS_MIN or bads + goods < _ROWS_MIN:
        why = f"{bads:,} bad and {goods:,} good loans are too few to learn from"
    else:
        return
    raise BookRefused([Finding(None, description.target, why)])


def _same_words(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    texts = parsing.words(cells)
    return texts.map({level: parsing.same_word(level) for level in texts.dropna().unique()})


def _row(table: pd.DataFrame, position: Any) -> int:
    """Rows are counted from 1 below the header, also after others were kept out."""
    return int(table.index[position]) + 1
