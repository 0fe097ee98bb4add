"""A person's readings with their seals open, and the sheet that is drawn from them: pure, and where a rescore spends its time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from domain.facts.counting_on import CountingOn
from domain.facts.sheets import FactSheet, FactValue, Telling
from domain.facts.vocabulary import VOCABULARY, FactKind, FactType

Rows = list[list[Any]]


class Opened(NamedTuple):
    """A reading with its seal open: rows of name, value and when it was observed."""

    source: str
    rows: Rows
    simulated: bool


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
    return str(fact.value) if isinstance(fact.value, Decimal | date) else fact.value


def drawn_from(readings: Sequence[Opened], as_of: datetime) -> FactSheet:
    """Draw up the sheet from a person's live readings, oldest first. One reading that was simulated marks the sheet."""
    told, marks, simulated = Telling(as_of), [], False
    for reading in readings:
        mark = CountingOn.read(reading.rows)
        if mark is None:
            _add(told, reading.source, reading.rows, as_of)
        else:
            _add(told, reading.source, reading.rows[1:], as_of, mark.until)
            if as_of < mark.until:
                marks.append(mark)
        simulated |= reading.simulated
    # An account that told nothing is linked all the same.
    sources = [reading.source for reading in readings]
    return told.sheet(simulated=simulated, sources=sources, counting_on=tuple(marks))


def _add(told: Telling, source: str, rows: Rows, as_of: datetime, until: datetime | None = None) -> None:
    """Add one reading; all of what counts on ends with it. A rescore spends most of its time here."""
    latest = told.of(source)
    for name, value, at in rows:
        if value is None:
            told.take_back(source, name)
            continue
        read, lasts_days = _KINDS[name]
        observed_at, expires_at = _times_of(at, lasts_days)
        seen = (observed_at, source, read(value) if read else value, until or expires_at)
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
            if row[1] is not None and (mark or _is_live(row, at)):
                found[row[0]] = row
    return found


def _is_live(row: list[Any], at: datetime) -> bool:
    observed_at, expires_at = _times_of(row[2], _KINDS[row[0]][1])
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


@lru_cache(4_096)
def _times_of(observed_at: str, lasts_days: int | None) -> tuple[datetime, datetime | None]:
    """When it was observed and when that ends. All facts of a reading are of about the same time."""
    at = datetime.fromisoformat(observed_at)
    return at, at + timedelta(days=lasts_days) if lasts_days else None
