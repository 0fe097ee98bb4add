"""Connections: keyset pages as Relay names them."""

from typing import Annotated, Any, Generic, TypeVar

import strawberry

from infra.paging import FIRST_MAX, FIRST_USUAL, Page

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
