"""A list of the partner's as pages are read of it: by keyset, newest first, with an address that leads on."""

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute
from starlette.requests import Request

from infra.database import Db
from infra.errors import Refusal
from infra.paging import Page, page_of

SHOWN = 50
T = TypeVar("T")


async def listed(
    request: Request, db: Db, query: Select[T], keys: Sequence[InstrumentedAttribute[Any]], *, newest_first: bool = True
) -> Page[T]:
    """The page that the address asks for; the first where it names a place that no list has."""
    after = request.query_params.get("after") or None
    try:
        return await page_of(db, query, keys, first=SHOWN, after=after, newest_first=newest_first)
    except Refusal:
        return await page_of(db, query, keys, first=SHOWN, after=None, newest_first=newest_first)


def further(request: Request, page: Page[Any]) -> str | None:
    """Where the list goes on; None at its end."""
    if not page.has_next:
        return None
    said = {name: value for name, value in request.query_params.items() if name != "after"}
    return f"{request.url.path}?{urlencode(said | {'after': page.end})}"
