"""Cells of a book as numbers, dates and words, whatever country wrote them."""

import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd

# What people write where they know nothing. In a category a word such as "unknown" may well say something: there only
# the first group counts.
BLANKS = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "<na>", "nat", "\\n", "(null)"})
UNKNOWNS = frozenset(
    {"none", "unknown", "missing", "not available", "?", "-", "--", ".", "..", "无", "未知", "缺失", "空"}
)

_YES = frozenset({"true", "t", "yes", "y", "是", "有"})
_NO = frozenset({"false", "f", "no", "n", "否", "无"})

_ORNAMENTS = re.compile(
    r"^\s*(?:[$€£¥￥]|CNY|RMB|USD|EUR|R\$)?\s*|\s*(?:%|[$€£¥￥元]|CNY|RMB|USD|EUR)?\s*$", re.IGNORECASE
)
_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
_COMMA_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:[, '  ]\d{3})+(?:\.\d+)?|[-+]?(?:\d+\.?\d*|\.\d+)")
_COMMA_DECIMALS = re.compile(r"[-+]?(?:\d{1,3}(?:[. '  ]\d{3})+|\d+)(?:,\d+)?|[-+]?,\d+")
_BRACKETED = re.compile(r"\((.+)\)")

# Only forms that no number looks like, plus eight digits that make a believable day.
_DATES = re.compile(
    r"(?:1[89]|2[0-9]|99)\d{2}(?:[-/年]\d{1,2}月?|[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T ]\d{1,2}:\d{2}.*)?)"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?: \d{1,2}:\d{2}.*)?"
    r"|\d{1,2}[- ]?[A-Za-z]{3,9}[- ,]*\d{2,4}|[A-Za-z]{3,9}[- ]\d{1,2},? \d{4}|[A-Za-z]{3}[- ]\d{2,4}"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
)
_ISO_LIKE = re.compile(r"\d{4}[-/.年]|\d{8}$")
_MONTH_AND_YEAR = re.compile(r"^([A-Za-z]{3})[- ](\d{2})$")
_NEVER = ("9999-12-31", "2999-12-31", "1900-01-01", "1901-01-01", "0001-01-01")


def words(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Stripped text; None where nothing was written."""
    if pd.api.types.is_bool_dtype(column):
        return column.map({True: "true", False: "false"}).astype(object).where(column.notna(), None)
    if pd.api.types.is_numeric_dtype(column):
        return column.map(_number_word, na_action="ignore").astype(object).where(column.notna(), None)
    levels = {level: str(level).strip() for level in column.dropna().unique()}
    kept = {level: None if word.lower() in BLANKS else word for level, word in levels.items()}
    return column.astype(object).map(kept).astype(object).where(column.notna(), None)


def numbers(column: "pd.Series[Any]") -> tuple["pd.Series[float]", "pd.Series[bool]"]:
    """The numbers of a column, and where something stands that is none. The style is that which fits most cells."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype("float64").replace([np.inf, -np.inf], np.nan), pd.Series(False, index=column.index)
    texts = words(column)
    levels = pd.Series(texts.dropna().unique(), dtype=object)
    if levels.empty:
        return texts.astype("float64"), texts.notna()
    values = _truths(levels) if _are_truths(levels) else _in_best_style(levels)
    unknown = levels.str.lower().isin(UNKNOWNS)
    parsed = texts.map(dict(zip(levels, values, strict=True))).astype("float64")
    wrong = texts.map(dict(zip(levels, values.isna() & ~unknown, strict=True))).eq(True)
    endless = parsed.abs() == np.inf
    return parsed.where(~endless), wrong | endless


def dates(column: "pd.Series[Any]") -> tuple["pd.Series[pd.Timestamp]", "pd.Series[bool]"]:
    """The days of a column, and where something stands that is none."""
    if pd.api.types.is_datetime64_any_dtype(column):
        naive = column.dt.tz_localize(None) if column.dt.tz is not None else column
        return naive.astype("datetime64[s]"), pd.Series(False, index=column.index)
    texts = words(column)
    levels = pd.Series(texts.dropna().unique(), dtype=object)
    values = _days(levels)
    known = {level: value for level, value in zip(levels, values, strict=True) if value == value}
    parsed = pd.to_datetime(texts.map(known), errors="coerce").astype("datetime64[s]")
    wrong = texts.notna() & parsed.isna() & ~texts.isin(_NEVER) & ~texts.fillna("").str.lower().isin(UNKNOWNS)
    return parsed, wrong


def share_of_dates(texts: "pd.Series[Any]") -> float:
    """How many of the written cells look like dates."""
    levels = texts.dropna()
    return float(levels.astype(str).str.fullmatch(_DATES).mean()) if len(levels) else 0.0


def same_word(word: str) -> str:
    """A spelling under which "1", "1.0" and " 1 " are one value, and "Yes" and "yes"."""
    stripped = _half_width(word.strip())
    if _PLAIN.fullmatch(stripped):
        return _number_word(float(stripped))
    return stripped.casefold()


def _half_width(text: str) -> str:
    """Digits and signs as typed in full width are the same digits and signs."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _number_word(number: Any) -> str:
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def _are_truths(levels: "pd.Series[Any]") -> bool:
    said = {str(level).lower() for level in levels} - UNKNOWNS
    return bool(said) and said <= _YES | _NO and len(said) == 2


def _truths(levels: "pd.Series[Any]") -> "pd.Series[float]":
    return (
        levels.str.lower().map(lambda word: 1.0 if word in _YES else 0.0 if word in _NO else np.nan).astype("float64")
    )


def _in_best_style(levels: "pd.Series[Any]") -> "pd.Series[float]":
    levels = levels.map(_half_width)
    plain = pd.to_numeric(levels, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)
    if plain.notna().all():
        return plain
    bare = levels.str.replace(_BRACKETED, r"-\1", regex=True).str.replace(_ORNAMENTS, "", regex=True)
    thousands = pd.to_numeric(
        bare.where(bare.str.fullmatch(_COMMA_THOUSANDS)).str.replace(r"[,\s']", "", regex=True), errors="coerce"
    )
    decimals = pd.to_numeric(
        bare.where(bare.str.fullmatch(_COMMA_DECIMALS)).str.replace(r"[.\s']", "", regex=True).str.replace(",", "."),
        errors="coerce",
    )
    scientific = pd.to_numeric(bare, errors="coerce")
    styles = [style.astype("float64") for style in (scientific, thousands, decimals)]
    # The first style wins a draw, so a comma is a decimal comma only where thousands can't explain it.
    return max(styles, key=lambda style: int(style.notna().sum()))


def _days(levels: "pd.Series[Any]") -> "pd.Series[pd.Timestamp]":
    texts = levels.astype(str).where(~levels.isin(_NEVER)).str.replace(r"[年月]", "-", regex=True)
    texts = texts.str.replace("日", "").str.rstrip("-")
    texts = texts.str.replace(_MONTH_AND_YEAR, r"01-\1-\2", regex=True)
    texts = texts.where(texts.str.fullmatch(_DATES).eq(True))
    iso = texts.str.match(_ISO_LIKE).eq(True)
    parsed = pd.to_datetime(texts.where(iso), errors="coerce", format="mixed", utc=True)
    rest = texts.where(~iso)
    if rest.notna().any():
        orders = [
            pd.to_datetime(rest, errors="coerce", format="mixed", dayfirst=first, utc=True) for first in (False, True)
        ]
        strict = [_strictly(rest, first) for first in ("%m", "%d")]
        parsed = parsed.fillna(orders[int(strict[1] > strict[0])])
    return parsed.dt.tz_localize(None)


def _strictly(texts: "pd.Series[Any]", first: str) -> int:
    """How many dates with two leading numbers can be read with the month, or the day, in front."""
    parts = texts.str.extract(r"^(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}").astype("float64")
    month = parts[0] if first == "%m" else parts[1]
    return int((month <= 12).sum())
