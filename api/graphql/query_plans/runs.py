"""One request's run of a plan: what resolvers are told, and what is waited for, together."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import is_awaitable
from strawberry import Schema
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from api.graphql.admitted import Operation


class Unplanned(Exception):
    """The plan cannot tell this answer. graphql-core can, and is asked from the start."""


class _Untold:
    """What a plan does not know of a field, such as its place in the answer. Whoever asks for it is answered by graphql-core."""

    def __getattr__(self, name: str) -> Any:
        raise Unplanned(f"a resolver asks for {name}")


UNTOLD: Any = _Untold()


@dataclass(frozen=True, eq=False, slots=True)
class AskedField:
    """A field in one place of an operation, where it is asked by one or several nodes."""

    definition: GraphQLField
    details: FieldDetailsList
    parent: GraphQLObjectType

    @property
    def name(self) -> str:
        return self.details[0].node.name.value

    @property
    def strawberry(self) -> StrawberryField | None:
        field: StrawberryField | None = self.definition.extensions.get("strawberry-definition")
        return field


Finish = Callable[[Any, "PlanRun"], Any]  # a value's part of the answer
Waiting = tuple[dict[str, Any], str, Any, Finish]  # where it will stand, under which name, what is waited for, and then


class PlanRun:
    """Made for one request. Whatever is the same for all values of a field is made once, when it is first asked for."""

    def __init__(
        self, schema: Schema, operation: Operation, variables: VariableValues, context: Any, root: Any
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._variables = variables
        self._context = context
        self._root = root
        self._arguments: dict[AskedField, dict[str, Any]] = {}
        self._infos: dict[AskedField, Info[Any, Any]] = {}
        self._raw: dict[AskedField, GraphQLResolveInfo[Any]] = {}
        self._failure: Exception | None = None
        self.waiting: list[Waiting] = []

    async def answer(self, begin: Finish) -> dict[str, Any]:
        """Raises whatever a resolver raises, and Unplanned; then nothing of it is left running."""
        answer: dict[str, Any] = {}
        self._put(answer, "data", self._root, begin)
        await self._go_on()
        if self._failure is not None:
            raise self._failure
        data: dict[str, Any] = answer["data"]
        return data

    def _put(self, place: dict[str, Any], key: str, value: Any, finish: Finish) -> None:
        if self._failure is None:
            try:
                place[key] = finish(value, self)
            except Exception as error:
                self._failure = error

    async def _go_on(self) -> None:
        """Waits for all together that has just been begun, as graphql-core does: what is loaded at once is loaded in one go."""
        begun, self.waiting = self.waiting, []
        loaded = [each for each in begun if asyncio.isfuture(each[2])]
        others = [each for each in begun if not asyncio.isfuture(each[2])]
        try:
            if self._failure is not None:
                return
            if not others:
                await self._settle(loaded)
            elif len(begun) == 1:
                await self._settle(others)
            else:
                await asyncio.gather(self._settle(loaded), *(self._settle([each]) for each in others))
        finally:
            # Whatever was awaited is over; the rest has not begun, and never will.
            for _, _, awaited, _ in begun:
                abandon(awaited)

    async def _settle(self, begun: Sequence[Waiting]) -> None:
        """One after the other: futures, which somebody is at work on already, need no tasks to wait for them."""
        for place, key, awaited, finish in begun:
            try:
                value = await awaited
            except Exception as error:
                self._failure = self._failure or error
                return
            self._put(place, key, value, finish)
        if self.waiting:
            await self._go_on()

    def info(self, asked: AskedField) -> Info[Any, Any]:
        """What Strawberry tells a resolver of this field."""
        info = self._infos.get(asked)
        if info is None:
            make: Any = self._schema.config.info_class
            info = self._infos[asked] = make(_raw_info=self.raw(asked), _field=asked.strawberry)
        return info

    def raw(self, asked: AskedField) -> GraphQLResolveInfo[Any]:
        """The info that graphql-core would give a resolver here."""
        raw = self._raw.get(asked)
        if raw is None:
            raw = self._raw[asked] = GraphQLResolveInfo(
                field_name=asked.name,
                field_nodes=[each.node for each in asked.details],
                return_type=asked.definition.type,
                parent_type=asked.parent,
                path=UNTOLD,
                schema=self._schema._schema,
                fragments=self._operation.fragments,
                root_value=self._root,
                operation=self._operation.node,
                variable_values=self._variables.coerced,  # type: ignore[arg-type] # as Strawberry has it
                context=self._context,
                is_awaitable=is_awaitable,
                abort_signal=None,
                async_helpers=UNTOLD,
            )
        return raw

    def arguments(self, asked: AskedField) -> dict[str, Any]:
        """A field's arguments as this request gives them; never those that the plan was compiled with."""
        arguments = self._arguments.get(asked)
        if arguments is None:
            node = asked.details[0].node
            arguments = get_argument_values(asked.definition, node, self._variables) if asked.definition.args else {}
            self._arguments[asked] = arguments
        return arguments


def abandon(awaited: Any) -> None:
    """What nobody will wait for: a coroutine has not begun, and a future is taken back, or its failure looked at."""
    with suppress(Exception, asyncio.CancelledError):
        if not asyncio.isfuture(awaited):
            awaited.close()
        elif not awaited.cancel():
            awaited.exception()
