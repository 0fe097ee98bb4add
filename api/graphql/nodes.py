"""`node(id)` and `nodes(ids)`: from permanent ids to what they name, as far as the asker may see it."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import strawberry
from sqlalchemy import Select

from api.graphql.context import Context, Info
from api.graphql.requiring import requires
from api.graphql.showing import Node
from domain.actors import may
from domain.permissions import Permission
from infra.database import reading
from infra.errors import invalid
from infra.ids import parse_global_id
from infra.paging import FIRST_MAX
from infra.words import N_

NODES_MAX = FIRST_MAX
NodeId = Annotated[strawberry.ID, strawberry.argument(description="Of any Node.")]
NodeIds = Annotated[
    list[strawberry.ID], strawberry.argument(description=f"Of Nodes of any types, up to {NODES_MAX} of them.")
]
# Answers those of the ids that are there and the asker's to see, in one go.
Find = Callable[[Context, set[UUID]], Awaitable[Mapping[UUID, Any]]]


class Finder(NamedTuple):
    """How things of one kind are found, and what that asks of whoever looks."""

    permission: Permission
    find: Find


Finders = Mapping[str, Finder]


def rows_of(visible: Callable[[Context], Select[Any]]) -> Find:
    """Finds among the rows that the asker may see, in one statement."""

    async def find(context: Context, ids: set[UUID]) -> Mapping[UUID, Any]:
        rows = visible(context)
        async with reading() as db:
            found = await db.execute(rows.where(rows.column_descriptions[0]["entity"].id.in_(ids)))
        return {row.id: row for row in found.scalars()}

    return find


def node_by(finders: Finders, permission: Permission) -> Any:
    """The field `node` of a door."""

    async def node(info: Info, id: NodeId) -> Node | None:
        (found,) = await find_nodes(info.context, [id], finders)
        return found  # type: ignore[no-any-return]

    description = "What a permanent id names. Null for what is not there, and for what is somebody else's."
    return requires(permission)(strawberry.field(resolver=node, description=description))


def nodes_by(finders: Finders, permission: Permission) -> Any:
    """The field `nodes` of a door."""

    async def nodes(info: Info, ids: NodeIds) -> list[Node | None] | None:
        return await find_nodes(info.context, ids, finders)

    description = "What these permanent ids name, in their order, with null wherever `node` answers null."
    return requires(permission)(strawberry.field(resolver=nodes, description=description))


async def find_nodes(context: Context, ids: Sequence[str], finders: Finders) -> list[Any]:
    """What the ids name, in their order; None for what is not there and for what is not the asker's alike. Refuses INVALID too many."""
    if len(ids) > NODES_MAX:
        raise invalid(N_("Ask for 0 to {most} at a time."), "ids", most=NODES_MAX)
    named = [parse_global_id(id) for id in ids]
    wanted: defaultdict[str, set[UUID]] = defaultdict(set)
    for kind, key in filter(None, named):
        if kind in finders and may(context.actor, finders[kind].permission):
            wanted[kind].add(key)
    found = {kind: await finders[kind].find(context, keys) for kind, keys in wanted.items()}
    return [found.get(name[0], {}).get(name[1]) if name else None for name in named]
