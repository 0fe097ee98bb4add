"""Questions about the schema: answered in a thread, one at a time, and the same document with the same answer.

Such an answer takes longer than others may wait, and it changes with a release alone.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, execute_sync
from strawberry.extensions import SchemaExtension

from api.graphql.admitted import Admitted
from api.graphql.errors import BadRequest

INTROSPECTION = frozenset({"__schema", "__type"})
KEPT_MAX = 20  # answers; one to the usual question takes some megabytes


class Introspecting(SchemaExtension):
    """Comes after the extensions that ask who may."""

    async def on_execute(self) -> AsyncIterator[None]:
        admitted: Admitted = self.execution_context.context.admitted
        if is_introspection(admitted):
            variables = self.execution_context.variables
            core: GraphQLSchema = self.execution_context.schema._schema
            self.execution_context.result = await _answer(core, admitted, variables)
        yield


def is_introspection(admitted: Admitted) -> bool:
    """Raises BadRequest where the schema and something else are asked for together."""
    asked = admitted.operation.asked
    if asked.isdisjoint(INTROSPECTION):
        return False
    if asked - INTROSPECTION - {"__typename"}:
        raise BadRequest("Ask for the schema in an operation of its own.")
    return True


# An admitted document is one object for as long as it is remembered.
_kept: OrderedDict[tuple[int, str | None], tuple[Admitted, ExecutionResult]] = OrderedDict()
_one_at_a_time = asyncio.Lock()


async def _answer(core: GraphQLSchema, admitted: Admitted, variables: dict[str, Any] | None) -> ExecutionResult:
    node = admitted.operation.node
    name = node.name.value if node.name else None
    key = id(admitted.document), name
    async with _one_at_a_time:
        if variables or key not in _kept:
            result = await asyncio.to_thread(
                execute_sync, core, admitted.document, variable_values=variables, operation_name=name
            )
            if variables:
                return result
            _kept[key] = admitted, result  # with the document, whose id then stays its own
        _kept.move_to_end(key)
        while len(_kept) > KEPT_MAX:
            _kept.popitem(last=False)
        return _kept[key][1]
