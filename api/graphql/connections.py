"""Connections: keyset pages as Relay names them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import strawberry
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from infra.database import reading
from infra.paging import COUNT_MAX, FIRST_MAX, FIRST_USUAL, Page, count_of, encode_cursor, page_of

T = TypeVar("T")
First = Annotated[
    int | None,
    strawberry.argument(description=f"How many at most: 0 to {FIRST_MAX}, or {FIRST_USUAL} where nothing is said."),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="An `endCursor` or `cursor` of this list: go on behind it. Absent: from the start."
    ),
]
Since = Annotated[
    datetime | None,
    strawberry.argument(
        description="Only what changed then or later, or could not be read before. Asking by cursor is cheaper; whoever gives when "
        "they last asked without one, or the newest `updatedAt` that they got, misses nothing either."
    ),
]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more behind this page.")
    has_previous_page: bool = strawberry.field(description="Whether this page was asked for with `after`.")
    start_cursor: str | None = strawberry.field(description="The first item's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="Give it as `after` to go on. On an empty page the `after` that was given, or null."
    )


@strawberry.type(description="An item of a page, and where it stands in the list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Opaque. As `after`, it asks for what follows this item.")
    node: T = strawberry.field(description="The item itself.")


@strawberry.type(description="A page of a list, in the list's order.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items of this page with their cursors.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and how to ask for it.")

    @strawberry.field(description="The items of this page, for those who need no cursors.")
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]


# How many there are; whoever counts may stop above COUNT_MAX.
Count = Callable[[], Awaitable[int]]


@strawberry.type
class Countable:
    """A page of a list that can be counted cheaply; it is, only where a client asks."""

    count: strawberry.Private[Count]

    @strawberry.field(
        description=f"How many there are on all pages together, at this moment; null above {COUNT_MAX:,}."
    )
    async def total_count(self) -> int | None:
        count = await self.count()
        return count if count <= COUNT_MAX else None


@strawberry.type(name="Connection", description="A page of a list, in the list's order.")
class CountedConnection(Countable, Connection[T]):
    pass


def connection(page: Page[Any]) -> Any:
    """The page as a connection of whatever type the field shows."""
    return Connection(**_fields(page))


async def listed(
    query: Select[Any],
    keys: Sequence[InstrumentedAttribute[Any]],
    first: int | None,
    after: str | None,
    *,
    newest_first: bool = False,
) -> Connection[Any]:
    """A page of what `query` finds, ordered by `keys`, which are unique together."""
    async with reading() as db:
        return connection(await page_of(db, query, keys, first=first, after=after, newest_first=newest_first))


async def listed_counted(
    query: Select[Any],
    keys: Sequence[InstrumentedAttribute[Any]],
    first: int | None,
    after: str | None,
    *,
    newest_first: bool = False,
) -> CountedConnection[Any]:
    """A page as `listed` answers it, which also tells how many there are on all pages."""

    async def count() -> int:
        async with reading() as db:
            return await count_of(db, query)

    page = await listed(query, keys, first, after, newest_first=newest_first)
    return CountedConnection(edges=page.edges, page_info=page.page_info, count=count)


NOTHING_YET = encode_cursor((0, UUID(int=0)))


def resumable(page: Page[T]) -> Page[T]:
    """A page of a feed: a place from which to go on is there also where nothing is yet."""
    return page if page.end is not None else replace(page, end=NOTHING_YET)


def counted(page: Page[Any], count: int) -> Any:
    """The page as a connection of a list that lies in memory, and is so long."""

    async def counted_already() -> int:
        return count

    return CountedConnection(**_fields(page), count=counted_already)


def _fields(page: Page[Any]) -> dict[str, Any]:
    return {
        "edges": [Edge(cursor=cursor, node=item) for cursor, item in zip(page.cursors, page.items, strict=True)],
        "page_info": PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.end,
        ),
    }
