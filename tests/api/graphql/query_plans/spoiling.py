"""Spoiling a field's resolver for a while: it fails, or answers what it should not, for some of its sources and always the same."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction
from random import Random
from typing import Any

import graphql
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor
from strawberry.types.field import StrawberryField

from api.graphql.errors import Forbidden
from infra.errors import Refusal, RefusalCode

Mood = Callable[[], Any]


def _raise(error: Exception) -> Mood:
    def mood() -> Any:
        raise error

    return mood


MOODS: dict[str, Mood] = {
    "a bug": _raise(RuntimeError("a bug")),
    "a refusal": _raise(Refusal(RefusalCode.NOT_FOUND, "We could not find anything with this id.")),
    "forbidden": lambda: _raise(Forbidden())(),
    "null": lambda: None,
    "an object of no type": object,
    "an error as a value": lambda: ValueError("an error as a value"),
    "an empty list": list,
}


def fields_in(schema: GraphQLSchema, text: str) -> list[StrawberryField]:
    """Those with a resolver that a query asks for, of types that are no interfaces."""
    info = TypeInfo(schema)
    found: list[GraphQLField] = []

    class Collect(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            field = info.get_field_def()
            if field is not None and isinstance(info.get_parent_type(), GraphQLObjectType):
                found.append(field)

    graphql.visit(graphql.parse(text), TypeInfoVisitor(info, Collect()))
    fields = [field.extensions.get("strawberry-definition") for field in found]
    return [field for field in fields if field is not None and field.base_resolver is not None]


@contextmanager
def spoiled(field: StrawberryField, mood: Mood, random: Random) -> Iterator[None]:
    resolver: Any = field.base_resolver
    whole, every = resolver.wrapped_func, random.choice([1, 1, 2, 3])

    def is_spoiled(arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
        source = next((each for each in (*arguments, *named.values()) if hasattr(each, "id")), None)
        return source is None or hash(source.id) % every == 0

    @wraps(whole)
    def broken(*arguments: Any, **named: Any) -> Any:
        return mood() if is_spoiled(arguments, named) else whole(*arguments, **named)

    @wraps(whole)
    async def broken_later(*arguments: Any, **named: Any) -> Any:
        return mood() if is_spoiled(arguments, named) else await whole(*arguments, **named)

    resolver.wrapped_func = broken_later if iscoroutinefunction(whole) else broken
    try:
        yield
    finally:
        resolver.wrapped_func = whole
