"""What the address of a table asks for: words to look for, a column to sort by, and days of one's own."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from sqlalchemy import ColumnElement
from starlette.requests import Request
from starlette.responses import Response

from api.console.pages.numbers import read_whole
from api.console.pages.visits import StaffVisit
from api.html import locale_of
from api.visits import Endpoint
from infra import clock
from infra.calendar import read_day
from infra.words import DEFAULT_LOCALE, N_, Locale, say

T = TypeVar("T")
Handler = Callable[[Request, StaffVisit], Awaitable[Response]]
SEARCH_MAX = 80
NO_DAY = N_("Write a day as 2026-01-31.")
FALLS = N_("Choose a first day that is not after the last.")


@dataclass(frozen=True)
class TableQuery:
    """`first` and `last` are days of the product, and both are in it. `error`: a sentence, where they are no days."""

    path: str
    sort: str
    q: str = ""
    first: date | None = None
    last: date | None = None
    skip: int = 0
    error: str | None = None
    locale: Locale = DEFAULT_LOCALE

    def to(self, **other: object) -> str:
        """The query of an address that asks for the same, but for this."""
        told = {"sort": self.sort, "q": self.q, "from": self.first, "to": self.last, **other}
        return urlencode({name: value for name, value in told.items() if value})

    def is_within(self, column: Any) -> list[ColumnElement[bool]]:
        """Conditions on a moment: on the days asked for."""
        after = [column >= clock.begins(self.first)] if self.first else []
        return after + ([column < clock.begins(self.last + timedelta(days=1))] if self.last else [])

    def has(self, *texts: str) -> bool:
        """Whether the words are in one of these, as it is written or as the reader reads it."""
        said = (spoken for text in texts for spoken in (text, say(text, self.locale)))
        return any(self.q.casefold() in each.casefold() for each in said)

    def sorted(self, rows: Sequence[T], sorts: dict[str, Callable[[T], Any]]) -> list[T]:
        """Numbers from the greatest down, names from the first on."""
        key = sorts[self.sort]
        return sorted(rows, key=key, reverse=bool(rows) and not isinstance(key(rows[0]), str))


def query_of(request: Request, path: str, sorts: Collection[str]) -> TableQuery:
    """Read leniently: what is no column is the first one, what are no days are all of them, with the reason."""
    said = request.query_params
    sort = said["sort"] if said.get("sort") in sorts else next(iter(sorts))
    told = TableQuery(
        path,
        sort,
        said.get("q", "").replace("\0", "").strip()[:SEARCH_MAX],
        skip=read_whole(said.get("skip", "")) or 0,
        locale=locale_of(request),
    )
    first, last, error = _days_of(request)
    return replace(told, first=first, last=last, error=error)


def exports(shown: Endpoint) -> Callable[[Handler], Handler]:
    """Mark what takes away the table of this page: where what is asked are no days it is the page, which says so, and no file."""

    def wrap(exported: Handler) -> Handler:
        @wraps(exported)
        async def handler(request: Request, visit: StaffVisit) -> Response:
            *_, error = _days_of(request)
            return await shown(request) if error else await exported(request, visit)

        return handler

    return wrap


def _days_of(request: Request) -> tuple[date | None, date | None, str | None]:
    """The first and the last day that are asked for; or neither, and why."""
    said = request.query_params
    try:
        first, last = (read_day(said[name]) if said.get(name) else None for name in ("from", "to"))
        ends = [clock.begins(day) for day in (first, last and last + timedelta(days=1)) if day]
    except ValueError:
        return None, None, NO_DAY
    falls = len(ends) == 2 and ends[0] >= ends[1]
    return (None, None, FALLS) if falls else (first, last, None)
