"""A person's readings with their seals open, and the sheet that is drawn from them: pure, and where a rescore spends its time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from domain.facts.counting_on import MARK, CountingOn
from domain.facts.sheets import FactSheet, FactValue, Observation, Telling
from domain.facts.vocabulary import ADVERSE_LASTS, VOCABULARY, FactKind, FactType

Rows = list[list[Any]]


class Opened(NamedTuple):
    """A reading with its seal open: rows of name, value and when it was observed."""

    source: str
    rows: Rows
    simulated: bool


# A reading under this name and a source's: its facts were found wrong, and count no more where that source tells them.
CORRECTED = "corrected:"


@dataclass(frozen=True)
class Observed:
    """One fact as its source tells it; None as a value takes back what the source said before."""

    name: str
    value: FactValue | None
    observed_at: datetime


def rows_of(observed: Iterable[Observed]) -> Rows:
    return [[fact.name, _plain(fact), fact.observed_at.isoformat()] for fact in observed]


def _plain(fact: Observed) -> Any:
    assert fact.name in VOCABULARY, f"{fact.name} is not in the vocabulary"
    return plain(fact.value)


def plain(value: FactValue | None) -> Any:
    """Write a value down as a reading holds it."""
    return str(value) if isinstance(value, Decimal | date) else value


def corrected(readings: Sequence[Opened]) -> Sequence[Opened]:
    """The readings without what was found wrong of them. Another value than the one that was wrong is another fact."""
    corrections = [reading for reading in readings if reading.source.startswith(CORRECTED)]
    if not corrections:
        return readings
    wrong = {(each.source.removeprefix(CORRECTED), row[0], _value_of(row)) for each in corrections for row in each.rows}
    return [
        reading._replace(rows=[row for row in reading.rows if (reading.source, row[0], _value_of(row)) not in wrong])
        for reading in readings
        if not reading.source.startswith(CORRECTED)
    ]


def observations(readings: Sequence[Opened], as_of: datetime) -> list[Observation]:
    """Each source's latest live facts, of a person's live readings, oldest first; also those that another source outdoes."""
    return _telling(corrected(readings), as_of)[0].observations()


def drawn_from(readings: Sequence[Opened], as_of: datetime) -> FactSheet:
    """Draw up the sheet from a person's live readings, oldest first. One reading that was simulated marks the sheet."""
    readings = corrected(readings)
    told, marks = _telling(readings, as_of)
    # An account that told nothing is linked all the same.
    sources = [reading.source for reading in readings]
    simulated = any(reading.simulated for reading in readings)
    return told.sheet(simulated=simulated, sources=sources, counting_on=tuple(marks))


def _telling(readings: Sequence[Opened], as_of: datetime) -> tuple[Telling, list[CountingOn]]:
    told, marks = Telling(as_of), []
    for reading in readings:
        mark = CountingOn.read(reading.rows)
        if mark is None:
            _add(told, reading.source, reading.rows, as_of)
        else:
            _add(told, reading.source, reading.rows[1:], as_of, mark.until)
            if as_of < mark.until:
                marks.append(mark)
    return told, marks


def _add(told: Telling, source: str, rows: Rows, as_of: datetime, until: datetime | None = None) -> None:
    """Add one reading; all of what counts on ends with it. A rescore spends most of its time here."""
    latest = told.of(source)
    for name, value, at in rows:
        if value is None:
            told.take_back(source, name)
            continue
        read, lasts_days = _KINDS[name]
        observed_at, expires_at = _times_of(at, lasts_days)
        ends_at = min(until, observed_at + ADVERSE_LASTS) if until else expires_at
        seen = (observed_at, source, read(value) if read else value, ends_at)
        if name in latest or as_of < observed_at or (seen[3] is not None and seen[3] <= as_of):
            told.add(name, seen)
        else:
            latest[name] = seen


def lasting(readings: Iterable[Opened], at: datetime) -> dict[str, list[Any]]:
    """The newest rows, by name, of one account's readings that have not grown too old."""
    found: dict[str, list[Any]] = {}
    for reading in readings:
        mark = CountingOn.read(reading.rows)
        for row in reading.rows[1:] if mark else reading.rows:
            found.pop(row[0], None)
            if row[1] is not None and _is_live(row, at, counts_on=mark is not None):
                found[row[0]] = row
    return found


def _is_live(row: list[Any], at: datetime, *, counts_on: bool) -> bool:
    """What counts on does so as long as it is told again, but for five years at most."""
    observed_at, expires_at = _times_of(row[2], _KINDS[row[0]][1])
    if counts_on:
        return at < observed_at + ADVERSE_LASTS
    return observed_at <= at and (expires_at is None or at < expires_at)


def _money(value: Any) -> Decimal:
    return Decimal(str(value))


def _reader(kind: FactKind) -> Callable[[Any], FactValue] | None:
    """How a value of this kind is read from what was written; None where it is as it was written."""
    match kind.type:
        case FactType.MONEY:
            return _money
        case FactType.DATE:
            return date.fromisoformat
    return None


# By name: how it is read, and how long it lasts.
_KINDS = {name: (_reader(kind), kind.lasts_days) for name, kind in VOCABULARY.items()}


def _value_of(row: list[Any]) -> FactValue | None:
    """None of what says that nothing is known any more, and of the mark of what counts on."""
    if row[1] is None or row[0] == MARK:
        return None
    read = _KINDS[row[0]][0]
    return read(row[1]) if read else row[1]


@lru_cache(4_096)
def _times_of(observed_at: str, lasts_days: int | None) -> tuple[datetime, datetime | None]:
    """When it was observed and when that ends. All facts of a reading are of about the same time."""
    at = datetime.fromisoformat(observed_at)
    return at, at + timedelta(days=lasts_days) if lasts_days else None
