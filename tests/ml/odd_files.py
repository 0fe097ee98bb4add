"""Files and descriptions that somebody may well hand over, one oddity at a time, to be joined at will."""

import gzip
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tests.ml.loan_books import loan_book

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
CELLS = (
    "inf", "-Infinity", "nan", "1e999", "-0", "9" * 400, "1" * 20, "0x1F", "1_000", "½", "12:00", "2024-02-30", "0000-00-00",
    "31/31/2024", "9999-12-31", "1677-01-01", "99999-01-01", "2024-01-01T25:00", "=1+1", "😀", "null", "True", 'a"b', "a,b",
    "a;b", "line\nbreak", "１２３", " 7 ", "١٢٣", "\u200b", "$1,000", "(5)", "1.2.3", "--", "\\N", "NaT", "12345678901234567890",
)  # fmt: skip
HEADERS = (
    "",
    " ",
    "*",
    "income",
    "defaulted",
    "ID",
    "NaN",
    "x" * 3_000,
    "金额",
    'quo"ted',
    "a,b",
    "a\nb",
    "0",
    "closed",
    "\u202e",
)


@dataclass
class Odd:
    """A book on its way into a file."""

    table: pd.DataFrame
    description: dict[str, Any]
    rng: np.random.Generator
    encoding: str = "utf-8"
    separator: str = ","
    newline: str = "\n"
    as_parquet: bool = False
    bytes_done: list[Callable[[bytes], bytes]] = field(default_factory=list)

    def column(self) -> str:
        return str(self.rng.choice([str(name) for name in self.table.columns]))

    def fill(self, cells: Any, name: str | None = None) -> None:
        self.table = self.table.copy()
        name, names = name or self.column(), [str(each) for each in self.table.columns]
        if name not in names or not len(self.table):
            return
        at = names.index(name)
        self.table.isetitem(at, np.resize(np.asarray(cells, dtype=object), len(self.table)))

    def written(self) -> bytes:
        if self.as_parquet:
            data = io.BytesIO()
            names = [f"{name}.{i}" if i else str(name) for i, name in enumerate(self.table.columns)]
            names = [str(name) for name in self.table.columns] if self.table.columns.is_unique else names
            self.table.set_axis(names, axis=1).to_parquet(data, index=False)
            made = data.getvalue()
        else:
            text = self.table.to_csv(index=False, sep=self.separator, lineterminator=self.newline)
            made = text.encode(self.encoding, errors="replace")
        for change in self.bytes_done:
            made = change(made)
        return made


def begun(seed: int) -> Odd:
    description = {"target": "defaulted", "bad": ["1"], "sensitive": ["sex"], "monotone": {"income": "decreasing"}}
    return Odd(loan_book(160, seed=seed % 7 + 1), description, np.random.default_rng(seed))


def _cells(odd: Odd) -> None:
    name = odd.column()
    cells = odd.table[name].astype(object).to_numpy().copy() if odd.table.columns.is_unique else None
    if cells is not None and len(cells):
        for place in odd.rng.integers(0, len(cells), odd.rng.integers(1, 6)):
            cells[place] = str(odd.rng.choice(CELLS))
        odd.fill(cells, name)


def _rows(count: int) -> Callable[[Odd], None]:
    return lambda odd: setattr(odd, "table", odd.table.iloc[:count].copy())


def _header(odd: Odd) -> None:
    names = [str(name) for name in odd.table.columns]
    names[int(odd.rng.integers(len(names)))] = str(odd.rng.choice(HEADERS))
    odd.table = odd.table.set_axis(names, axis=1)


def _parquet(odd: Odd) -> None:
    odd.as_parquet = True


def _typed(odd: Odd, cells: Callable[[int], Any]) -> None:
    odd.as_parquet = True
    odd.table = odd.table.copy()
    odd.table["typed"] = cells(len(odd.table))


def _set(**changes: Any) -> Callable[[Odd], None]:
    return lambda odd: odd.description.update(changes)


def _named(key: str) -> Callable[[Odd], None]:
    return lambda odd: odd.description.update({key: odd.column()})


def _listed(key: str) -> Callable[[Odd], None]:
    return lambda odd: odd.description.update({key: [odd.column()]})


def _done(change: Callable[[bytes], bytes]) -> Callable[[Odd], None]:
    return lambda odd: odd.bytes_done.append(change)


def _file(**changes: Any) -> Callable[[Odd], None]:
    def change(odd: Odd) -> None:
        for name, value in changes.items():
            setattr(odd, name, value)

    return change


def _filled(cells: Any, name: str | None = None) -> Callable[[Odd], None]:
    return lambda odd: odd.fill(cells, name)


def _beside(odd: Odd, columns: dict[str, Any]) -> None:
    """More columns beside those of the book."""
    more = {name: np.resize(np.asarray(cells, dtype=object), len(odd.table)) for name, cells in columns.items()}
    kept = odd.table.drop(columns=[name for name in more if name in odd.table])
    odd.table = pd.concat([kept, pd.DataFrame(more, index=kept.index)], axis=1)


def _described_beside(odd: Odd, key: str, cells: Sequence[str]) -> None:
    """One more column, with the part in the description that `key` names."""
    _beside(odd, {f"the {key}": cells or [""]})
    odd.description[key] = [f"the {key}"] if key == "sensitive" else f"the {key}"


ODDITIES: dict[str, Callable[[Odd], None]] = {
    "odd cells": _cells,
    "odd header": _header,
    **{f"{count} rows": _rows(count) for count in (0, 1, 2, 40)},
    "one column": lambda odd: setattr(odd, "table", odd.table[["defaulted"]]) if "defaulted" in odd.table else None,
    "no inputs": lambda odd: setattr(odd, "table", odd.table[[n for n in ("sex", "defaulted") if n in odd.table]]),
    "the same header twice": lambda odd: setattr(odd, "table", pd.concat([odd.table, odd.table.iloc[:, :2]], axis=1)),
    "every row twice": lambda odd: setattr(odd, "table", pd.concat([odd.table, odd.table], ignore_index=True)),
    "all missing": _filled([""]),
    "endless": _filled(["inf", "-inf"]),
    "one endless": _filled(["inf", "1", "2"]),
    "huge": _filled(["9" * 300, "1", "8" * 200]),
    "tiny": _filled(["1e-320", "0", "-1e-300"]),
    "large": _filled(["1e308", "-1e308", "5"]),
    "large ids": _filled(["18446744073709551616", "9007199254740993", "2"]),
    "wide digits": lambda odd: odd.fill([str(n).translate(WIDE) for n in range(160)]),
    "dates": lambda odd: odd.fill([f"2023-{m:02d}-{d:02d}" for m in range(1, 13) for d in range(1, 29)]),
    "dates of odd kinds": _filled(["01/02/2023", "2023年5月6日", "20230102", "2023-01", "Jan-23", "1 Mar 2023", "1900-01-01"]),
    "dates too far": _filled(["0001-01-01", "9998-12-31", "1500-06-01"]),
    "times": _filled(["2023-01-01 10:00", "2023-01-01T10:00:00Z", "2023-01-01 10:00:00+08:00"]),
    "words": lambda odd: odd.fill([f"word {n}" for n in range(160)]),
    "quotes": _filled(['say "x"', "it's", "a,b", "c;d", "tab\there"]),
    "truths": _filled(["True", "False", "yes"]),
    "one class": _filled(["1"], "defaulted"),
    "three outcomes": _filled(["1", "0", "2"], "defaulted"),
    "outcomes in words": _filled(["bad", "good", "", "unknown"], "defaulted"),
    "outcomes in floats": _filled(["1.0", "0.0", "0"], "defaulted"),
    "half an outcome": _filled(["1", "0", "nan"], "defaulted"),
    "a copy of the target": lambda odd: odd.fill(odd.table["defaulted"].to_numpy(), None) if "defaulted" in odd.table else None,
    **{f"encoded as {name}": _file(encoding=name) for name in ("utf-8-sig", "gbk", "utf-16", "latin-1", "utf-16-le")},
    **{f"separated by {name!r}": _file(separator=name) for name in (";", "\t", "|", " ", ":")},
    **{f"lines end with {name!r}": _file(newline=name) for name in ("\r\n", "\r")},
    "a zero byte": _done(lambda data: data[: len(data) // 2] + b"\x00" + data[len(data) // 2 :]),
    "cut short": _done(lambda data: data[: len(data) * 2 // 3]),
    "an open quote": _done(lambda data: data + b'\n"open,1,2'),
    "ragged": _done(lambda data: data + b"\n1,2\n1,2,3,4,5,6,7,8,9\n"),
    "zipped": _done(gzip.compress),
    "badly zipped": _done(lambda data: gzip.compress(data)[:-9]),
    "zipped junk": _done(lambda data: b"\x1f\x8b" + data),
    "called Parquet": _done(lambda data: b"PAR1" + data),
    "empty": _done(lambda data: b""),
    "blank": _done(lambda data: b"\n \r\n\n"),
    "only a mark": _done(lambda data: b"\xef\xbb\xbf"),
    "noise": _done(lambda data: bytes(range(256)) * 8),
    "blank lines": _done(lambda data: data.replace(b"\n", b"\n\n")),
    "as Parquet": _parquet,
    "Parquet lists": lambda odd: _typed(odd, lambda n: [[1, 2]] * n),
    "Parquet structs": lambda odd: _typed(odd, lambda n: [{"a": i} for i in range(n)]),
    "Parquet bytes": lambda odd: _typed(odd, lambda n: [b"\xff%d" % (i % 5) for i in range(n)]),
    "Parquet times with zones": lambda odd: _typed(odd, lambda n: pd.date_range("2020-01-01", periods=n, tz="Asia/Shanghai")),
    "Parquet durations": lambda odd: _typed(odd, lambda n: pd.to_timedelta(np.arange(n), unit="h")),
    "Parquet truths": lambda odd: _typed(odd, lambda n: pd.array(np.resize([True, False, None], n), dtype="boolean")),
    "Parquet whole numbers": lambda odd: _typed(odd, lambda n: pd.array(np.resize([1, None, 3], n), dtype="Int64")),
    "Parquet categories": lambda odd: _typed(odd, lambda n: pd.Categorical(np.resize(["a", "b", None], n))),
    "Parquet days": lambda odd: _typed(odd, lambda n: pd.date_range("2020-01-01", periods=n).date),
    "Parquet floats": lambda odd: _typed(odd, lambda n: np.resize([np.inf, -np.inf, np.nan, 1.0], n)),
    **{f"{key} is a column": _named(key) for key in ("time", "customer", "weights", "decision", "target")},
    **{f"{key} lists a column": _listed(key) for key in ("exclude", "sensitive", "reviewed", "features")},
    "a word as direction": lambda odd: odd.description.update(monotone={odd.column(): "increasing"}),
    "odd bad": _set(bad=["1", "nan", ""]),
    "bad is a number": _set(bad=1),
    "bad is nested": _set(bad=[["1"]]),
    "good is bad": _set(good=["1"]),
    "unfinished": _set(unfinished=["0"]),
    "no features": _set(features=[]),
    "use what is sensitive": _set(use_sensitive=True),
    "use_sensitive is a word": _set(use_sensitive="no"),
    "odd codes": _set(missing={"*": ["0", "car", "inf"], "income": [-9, 1.5, True]}),
    "codes are numbers": _set(missing={"income": -9}),
    "codes are nested": _set(missing={"income": {"a": 1}}),
    "directions are nested": _set(monotone={"income": ["increasing"]}),
    "directions are a word": _set(monotone="increasing"),
    "facts are numbers": _set(facts={"income": 5}),
    "facts are odd": _set(facts={"income": "profile.birth_date", "delays": "nobody.knows"}),
    "grades are odd": _set(grades=[0.5, 0.2, 0.1]),
    "grades are near": _set(grades=[1e-9, 2e-9, 1 - 1e-12]),
    "an encoding that there is not": _set(encoding="klingon"),
    "an encoding of bytes": _set(encoding="base64"),
    "an encoding that reads nothing": _set(encoding="undefined"),
    "an empty separator": _set(separator=""),
    "a long separator": _set(separator=";;"),
    "a quote as separator": _set(separator='"'),
    "a line end as separator": _set(separator="\n"),
    "an unknown key": _set(colour="red"),
    "simulated is a word": _set(simulated="yes"),
    "the time is a list": _set(time=["income"]),
    "excluded is a table": _set(exclude={"a": 1}),
    "everything is reviewed": _set(reviewed=["*"]),
    "accepted": _set(decision="sex", accepted=["f"]),
    "accepted in words that nobody has": _set(decision="sex", accepted=["x"]),
    "every loan went well": _filled(["0"], "defaulted"),
    "constant": _filled(["7"]),
    "constant but for one": lambda odd: odd.fill(["7"] * (len(odd.table) - 1) + ["8"]) if len(odd.table) else None,
    "negative": lambda odd: odd.fill([str(-n) for n in range(1, 161)]),
    "negative ids": lambda odd: _beside(odd, {"loan_id": [str(-n) for n in range(1, len(odd.table) + 1)]}),
    "ids as customers": lambda odd: _described_beside(odd, "customer", [str(-n) for n in range(len(odd.table))]),
    "one customer only": lambda odd: _described_beside(odd, "customer", ["-7"]),
    "no customer": lambda odd: _described_beside(odd, "customer", [""]),
    "times to come": lambda odd: _described_beside(odd, "time", ["2126-01-01", "2023-05-06"]),
    "one time for all": lambda odd: _described_beside(odd, "time", ["2023-05-06"]),
    "times without an order": lambda odd: _described_beside(odd, "time", ["2023", "2023-05", "20230506", ""]),
    "odd weights": lambda odd: _described_beside(odd, "weights", ["1", "0", "-1", "inf"]),
    "huge weights": lambda odd: _described_beside(odd, "weights", ["1e300", "1e-300"]),
    "wide weights": lambda odd: _described_beside(odd, "weights", ["２", "１"]),
    "one sensitive value each": lambda odd: _described_beside(odd, "sensitive", [str(n) for n in range(len(odd.table))]),
    "dates to come": lambda odd: _beside(odd, {"due": np.resize(["2031-02-03", "2029-11-30"], len(odd.table))}),
    "one date to come": lambda odd: _beside(odd, {"day": ["2999-01-01", *["2020-01-05", "2021-06-07"] * len(odd.table)]}),
    "two hundred columns": lambda odd: _beside(odd, {f"x{n}": odd.rng.integers(0, 9, len(odd.table)) for n in range(200)}),
    "the header again": _done(lambda data: data + data.split(b"\n", 1)[0] + b"\n"),
    "the header twice at once": _done(lambda data: data.split(b"\n", 1)[0] + b"\n" + data),
    "a title above": _done(lambda data: b"Our loans\n\n" + data),
    "a total below": _done(lambda data: data + b"Total,,,,,\n"),
    "cells too many": _done(lambda data: data.replace(b"\n", b",\n")),
    "a comment above": _done(lambda data: b"# made on Monday\n" + data),
    "a sheet of a spreadsheet": _done(lambda data: b"PK\x03\x04" + bytes(range(200)) * 5),
    "JSON instead": _done(lambda data: b'[{"income": 1, "defaulted": 0}]\n' * 30),
    "HTML instead": _done(lambda data: b"<!doctype html><table><tr><td>1</td></tr></table>"),
    "a mark and semicolons": _file(encoding="utf-8-sig", separator=";"),
    "UTF-16 and tabs": _file(encoding="utf-16", separator="\t"),
    "decimal commas": lambda odd: odd.fill([f"{n},5" for n in range(160)]),
    "percentages": lambda odd: odd.fill([f"{n % 40} %" for n in range(160)]),
    "nines for nothing": _filled(["-9", "-99", "0", "999", "", "NA", "3"]),
    "nothing but nines": _filled(["-9", "-99", "999", "NA"]),
    "rising grades in text": _set(grades=["0.1", "0.2", "0.3"]),
    "grades in wide digits": _set(grades=["０.１", "０.２", "０.３"]),
    "wide bad": _set(bad=["１"]),
    "wide outcomes": _filled(["１", "0", "０"], "defaulted"),
    "bad in all its spellings": lambda odd: odd.fill(["1", "1.0", " 1", "0", "-0", "0.0"], "defaulted"),
    "two facts of one column": _set(facts={"income": "income.monthly_inflow", "noise": "income.monthly_inflow"}),
    "facts of all": _set(facts={"income": "income.monthly_inflow", "delays": "repayment.late_24m", "purpose": "profile.occupation"}),
    "a fact of the target": _set(facts={"defaulted": "repayment.late_24m"}),
    "a direction of the target": _set(monotone={"defaulted": "increasing"}),
    "bad and unfinished": _set(bad=["1"], unfinished=["1"]),
    "the target is sensitive": _set(sensitive=["defaulted"], use_sensitive=True),
}  # fmt: skip


def toml(description: dict[str, Any]) -> str:
    """Enough of TOML for these."""
    top = [f"{_key(name)} = {_value(value)}" for name, value in description.items()]
    return "\n".join(top) + "\n"


def _key(name: str) -> str:
    return _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(c):04X}" if ord(c) < 32 or c in '"\\' else c for c in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items()) + " }"
    return repr(value)
