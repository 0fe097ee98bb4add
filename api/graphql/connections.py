"""Connections: keyset pages as Relay names them."""

from typing import Any, Generic, TypeVar

import strawberry

from infra.paging import Page

T = TypeVar("T")


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: PageInfo


def connection(page: Page[Any]) -> Any:
    """The page as a connection of whatever type the field shows."""
    return Connection(
        edges=[Edge(cursor=cursor, node=item) for cursor, item in zip(page.cursors, page.items, strict=True)],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.end,
        ),
    )
