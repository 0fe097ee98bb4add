"""The schemas as documentation: nothing is bare."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    is_introspection_type,
    is_specified_scalar_type,
)

from api.graphql.enums import show
from tests.api.doors import served_schemas

SCHEMAS = served_schemas()


def described(type: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Everything of a type that can be described, with its description."""
    yield type.name, type.description
    if isinstance(type, GraphQLEnumType):
        yield from ((f"{type.name}.{name}", value.description) for name, value in type.values.items())
    if isinstance(type, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, field in type.fields.items():
            yield f"{type.name}.{name}", field.description
            for argument, given in getattr(field, "args", {}).items():
                yield f"{type.name}.{name}({argument}:)", given.description


@pytest.mark.parametrize("audience", SCHEMAS)
def test_everything_is_described(audience: str) -> None:
    ours = [
        type
        for type in SCHEMAS[audience].type_map.values()
        if not is_introspection_type(type) and not is_specified_scalar_type(type)
    ]
    words = [each for type in ours for each in described(type)]
    assert [name for name, description in words if not description] == [], (
        "say what it means, its unit, and when it is null"
    )
    assert [name for name, description in words if description and description[-1] not in ".)"] == [], "a sentence ends"


@pytest.mark.parametrize("audience", SCHEMAS)
def test_every_scalar_of_ours_says_where_it_is_specified(audience: str) -> None:
    ours = [
        each
        for each in SCHEMAS[audience].type_map.values()
        if isinstance(each, GraphQLScalarType) and not is_specified_scalar_type(each)
    ]
    assert [each.name for each in ours if not (each.specified_by_url or "").startswith("https://")] == []


def test_a_value_that_is_not_there_cannot_be_described() -> None:
    from enum import StrEnum

    class Colour(StrEnum):
        RED = "RED"

    with pytest.raises(AssertionError, match="Colour has no BLUE"):
        show(Colour, "A colour.", RED="Red.", BLUE="Blue.")
