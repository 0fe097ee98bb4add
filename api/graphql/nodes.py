"""`node(id)`: from a permanent id to what it names, as far as the asker may see it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import strawberry

from api.graphql.context import Context
from domain.actors import may
from domain.permissions import Permission
from infra.ids import parse_global_id

NodeId = Annotated[strawberry.ID, strawberry.argument(description="Of any Node.")]
Find = Callable[[Context, UUID], Awaitable[Any]]


class Finder(NamedTuple):
    """How things of one kind are found, and what that asks of whoever looks."""

    permission: Permission
    find: Find


async def find_node(context: Context, id: str, finders: Mapping[str, Finder]) -> Any:
    """The node of this id; None for what is not there and for what is not the asker's alike."""
    parsed = parse_global_id(id)
    if parsed is None or parsed[0] not in finders:
        return None
    kind, key = parsed
    finder = finders[kind]
    return await finder.find(context, key) if may(context.actor, finder.permission) else None
