"""Files as tables: CSV of any country, plain or gzipped, and Parquet. Every cell of a CSV stays the text that it was."""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ml.books.findings import BookRefused, Finding, Notes, in_words

_SEPARATORS = ",;\t|"
_SNIFFED_ROWS = 200
_FINDINGS_MAX = 20
# In GBK both bytes of a common Chinese character are high; a single accented letter of Latin-1 stands between low ones.
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def read(path: Path, notes: Notes, *, encoding: str | None = None, separator: str | None = None) -> pd.DataFrame:
    """The table in a file. Raises BookRefused naming the rows that have too many or too few cells."""
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise BookRefused([Finding(None, None, f"{path.name} can't be read: {in_words(error)}")]) from error
    if data[:4] == b"PAR1":
        return _parquet(data, path, notes)
    text = _decoded(data, encoding, notes)
    if not text.strip():
        raise BookRefused([Finding(None, None, f"{path.name} is empty")])
    return _csv(text, separator, notes)


def _parquet(data: bytes, path: Path, notes: Notes) -> pd.DataFrame:
    import pyarrow.lib
    import pyarrow.parquet as parquet

    try:
        table: pd.DataFrame = parquet.read_table(io.BytesIO(data)).to_pandas()
    except (pyarrow.lib.ArrowException, OSError) as error:
        raise BookRefused([Finding(None, None, f"{path.name} can't be read as Parquet: {error}")]) from error
    except (ValueError, OverflowError, NotImplementedError) as error:
        raise BookRefused([Finding(None, None, f"{path.name} holds values that no table can hold: {error}")]) from error
    table.columns = pd.Index(_names([str(name) for name in table.columns], notes))
    table = table.reset_index(drop=True)
    _refuse_nested(table)
    return table


def _refuse_nested(table: pd.DataFrame) -> None:
    findings = []
    for name in map(str, table.columns):
        cells = table[name] if table[name].dtype == object else ()
        wrong = next((row for row, cell in enumerate(cells) if isinstance(cell, list | dict | np.ndarray)), None)
        if wrong is not None:
            why = "this cell holds several things; a cell is one number, word or date"
            findings.append(Finding(wrong + 1, name, why))
    if findings:
        raise BookRefused(findings)


def _decoded(data: bytes, encoding: str | None, notes: Notes) -> str:
    chosen = encoding or _encoding(data)
    try:
        text = data.decode(chosen)
    except (UnicodeError, LookupError) as error:
        is_one = isinstance(error, UnicodeDecodeError)
        why = str(error) if is_one else "there is no such encoding of text"
        raise BookRefused([Finding(None, None, f"the file can't be read as {chosen}: {why}")]) from error
    if chosen not in ("utf-8", "utf-8-sig"):
        notes.warn(f"The file isn't UTF-8; it was read as {chosen}.")
    if "\x00" in text:
        raise BookRefused([Finding(text[: text.index("\x00")].count("\n"), None, "there is a zero byte in this row")])
    return text


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for name in ("utf-8-sig", "gb18030"):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        if name == "utf-8-sig" or _is_chinese(data):
            return name
    return "cp1252" if _fits(data, "cp1252") else "latin-1"


def _fits(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(data: bytes) -> bool:
    runs = _HIGH_RUN.findall(data)
    return 2 * sum(len(run) % 2 == 0 for run in runs) > len(runs)


def _csv(text: str, separator: str | None, notes: Notes) -> pd.DataFrame:
    lines = list(_lines(text, separator or _separator(text)))
    header = lines[0]
    rows = [line for line in lines[1:] if any(cell.strip() for cell in line)]
    blank = len(lines) - 1 - len(rows)
    if blank:
        notes.warn(f"{blank:,} empty lines were skipped; rows are counted without them.")
    _check_lengths(header, rows)
    if not rows:
        raise BookRefused([Finding(None, None, "there is a header but no row")])
    cells = np.array(rows, dtype=object)
    return pd.DataFrame({name: cells[:, i] for i, name in enumerate(_names(header, notes))})


def _lines(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(1_000_000)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    try:
        yield from lines
    except csv.Error as error:
        why = f"the line can't be split into cells ({error}); is a quotation mark open?"
        raise BookRefused([Finding(max(lines.line_num - 1, 1), None, why)]) from error


def _separator(text: str) -> str:
    """The separator that splits the first lines into the same number of cells, and into the most."""
    sample = text[:200_000].splitlines()[:_SNIFFED_ROWS]
    if len(text) > 200_000:
        sample = sample[:-1]
    best, most = ",", (0.0, 0)
    for separator in _SEPARATORS:
        try:
            widths = Counter(len(row) for row in csv.reader(sample, delimiter=separator) if row)
        except csv.Error:
            continue
        width, count = widths.most_common(1)[0]
        if width > 1 and (agreement := (round(count / sum(widths.values()), 1), width)) > most:
            best, most = separator, agreement
    return best


def _check_lengths(header: list[str], rows: list[list[str]]) -> None:
    wrong = [(i, len(row)) for i, row in enumerate(rows) if len(row) != len(header)]
    if not wrong:
        return
    findings = [Finding(i + 1, None, f"{n} cells, but the header has {len(header)}") for i, n in wrong[:_FINDINGS_MAX]]
    if len(wrong) > _FINDINGS_MAX:
        findings.append(Finding(None, None, f"{len(wrong) - _FINDINGS_MAX:,} more rows like these"))
    raise BookRefused(findings)


def _names(header: list[str], notes: Notes) -> list[str]:
    """Names made single: the second of two equal ones gets a number, an empty one its place."""
    names: list[str] = []
    for place, cell in enumerate(header, start=1):
        name = cell.strip() or f"unnamed {place}"
        if name in names:
            fresh = next(f"{name}.{i}" for i in range(2, len(header) + 2) if f"{name}.{i}" not in (*names, *header))
            notes.warn(f"Two columns are called {name}; the one in place {place} is called {fresh} here.")
            name = fresh
        names.append(name)
    return names
