"""`node(id)`: from a permanent id to what it names, as far as the asker may see it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from api.graphql.context import Context
from infra.ids import parse_global_id

Find = Callable[[Context, UUID], Awaitable[Any]]


async def find_node(context: Context, id: str, finders: Mapping[str, Find]) -> Any:
    """None for what is not there and for what is not the asker's alike."""
    parsed = parse_global_id(id)
    if parsed is None or parsed[0] not in finders:
        return None
    kind, key = parsed
    return await finders[kind](context, key)
