"""What a column of a book is: a number, a date, a category, or nothing that a model should learn from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from ml.books import parsing
from ml.books.findings import Finding

Nature = Literal["number", "date", "category", "text", "identifier", "constant", "empty"]

_MOSTLY_NUMBERS = 0.8  # from this share of numbers on, a word among them is a mistake or a code
_MOSTLY_DATES = 0.9
_CODE_SHARE = 0.01  # a word that stands among numbers that often is meant
_FEW_VALUES = 20
_FINDINGS_MAX = 20
_IDENTIFIER_NAME = re.compile(
    r"(?i:(?:^|[_\W])id(?:[_\W]|$)|(?:^|[_\W])(?:no|nr|key|uuid|guid|index|unnamed.*)$)"
    r"|(?<=[a-z])I[Dd]$|编号|序号|身份证|手机号"
)


@dataclass(frozen=True)
class Column:
    """A column with its values in the form a model takes: floats with NaN, or text with ""."""

    name: str
    nature: Nature
    values: "pd.Series[Any]"
    why: str = ""  # why it can't be an input
    codes: tuple[str, ...] = ()  # words among numbers that mean something of their own
    findings: tuple[Finding, ...] = ()


def understand(name: str, cells: "pd.Series[Any]", *, missing: Sequence[str], today: date) -> Column:
    """Decide what a column is. Its findings name the cells that don't belong."""
    texts = _without(parsing.words(cells), missing) if not pd.api.types.is_datetime64_any_dtype(cells) else cells
    known = texts.dropna()
    if known.empty:
        return Column(name, "empty", texts, "it is empty")
    if known.nunique() == 1 and len(known) == len(texts):
        return Column(name, "constant", texts, f"it always holds {known.iloc[0]}")
    source = cells.where(texts.notna()) if pd.api.types.is_numeric_dtype(cells) else texts
    if pd.api.types.is_datetime64_any_dtype(cells) or parsing.share_of_dates(known) >= _MOSTLY_DATES:
        return _dates(name, source, today)
    numbers, wrong = parsing.numbers(source)
    share = 1 - wrong.sum() / len(known)
    if share == 1 and numbers.notna().any():
        return _number(name, numbers)
    if share >= _MOSTLY_NUMBERS:
        return _mixed(name, texts, numbers, wrong)
    return _words(name, texts)


def _without(texts: "pd.Series[Any]", missing: Sequence[str]) -> "pd.Series[Any]":
    codes = {parsing.same_word(code) for code in missing}
    if not codes:
        return texts
    coded = {level for level in texts.dropna().unique() if parsing.same_word(level) in codes}
    return texts.where(~texts.isin(coded), None)


def _number(name: str, numbers: "pd.Series[float]") -> Column:
    known = numbers.dropna()
    whole = bool((known == known.round()).all())
    counts_up = whole and len(known) > 50 and bool((known.diff().dropna() > 0).all())
    named = bool(_IDENTIFIER_NAME.search(name)) and whole and known.nunique() > 0.95 * len(known) > 50
    if counts_up or named:
        return Column(
            name, "identifier", numbers, "it numbers the rows" if counts_up else "it looks like an identifier"
        )
    return Column(name, "number", numbers)


def _mixed(name: str, texts: "pd.Series[Any]", numbers: "pd.Series[float]", wrong: "pd.Series[bool]") -> Column:
    """Words among numbers: codes when they are common, levels when the numbers are few, else mistakes."""
    counts = texts[wrong].value_counts()
    are_meant = bool((counts >= max(5, _CODE_SHARE * len(texts))).all()) and len(counts) <= 5
    if are_meant and numbers.nunique() <= _FEW_VALUES:
        return Column(name, "category", texts.fillna(""))
    if are_meant:
        return Column(name, "number", numbers, codes=tuple(str(word) for word in counts.index))
    why = "{cell!r} is not a number, but the other cells of this column are"
    findings = _named(name, texts, np.flatnonzero(wrong.to_numpy()), why)
    return Column(name, "number", numbers, findings=findings)


def _dates(name: str, source: "pd.Series[Any]", today: date) -> Column:
    days, wrong = parsing.dates(source)
    findings = _named(name, source, np.flatnonzero(wrong.to_numpy()), "{cell!r} is not a date, but the others are")
    ahead = np.flatnonzero((days > pd.Timestamp(today)).to_numpy())
    # Due dates lie ahead by their nature; a few dates ahead among many past ones are mistakes.
    if 0 < len(ahead) <= 0.05 * days.notna().sum() or len(ahead) == 1:
        findings += _named(name, source, ahead, "{cell} lies in the future")
    return Column(name, "date", days, findings=findings)


def _words(name: str, texts: "pd.Series[Any]") -> Column:
    levels, known = texts.nunique(), int(texts.notna().sum())
    if levels > 0.5 * known and levels > 50:
        sentences = texts.dropna().str.count(" ").mean() >= 3
        why = "it is free text" if sentences else f"it looks like an identifier ({levels:,} values in {known:,} rows)"
        return Column(name, "text" if sentences else "identifier", texts, why)
    return Column(name, "category", texts.fillna(""))


def _named(name: str, cells: "pd.Series[Any]", rows: Sequence[int] | Any, why: str) -> tuple[Finding, ...]:
    shown = [
        Finding(int(cells.index[row]) + 1, name, why.format(cell=_format(cells.iloc[row])))
        for row in rows[:_FINDINGS_MAX]
    ]
    if len(rows) > _FINDINGS_MAX:
        shown.append(Finding(None, name, f"{len(rows) - _FINDINGS_MAX:,} more rows like these"))
    return tuple(shown)


def _format(cell: Any) -> str:
    return f"{cell:%Y-%m-%d}" if isinstance(cell, pd.Timestamp) else str(cell)[:60]
