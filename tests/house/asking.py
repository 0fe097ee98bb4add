"""Asking each door for each thing that it has, with arguments that are valid and mean nothing, so that nothing happens."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

SCALARS = {
    "Int": "1",
    "Float": "1.0",
    "Boolean": "true",
    "Decimal": '"1"',
    "Date": '"2000-01-01"',
    "DateTime": '"2026-01-01T00:00:00Z"',
    "URL": '"longan://x"',
}


def documents(schema: GraphQLSchema) -> Iterator[tuple[str, str, str]]:
    """Kind of operation, field, and a document that asks for this field alone."""
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    for kind, root in roots.items():
        for name, field in sorted(root.fields.items()) if root else ():
            yield kind, name, f"{kind} {{ {name}{_arguments(field)}{_selection(field)} }}"


def _arguments(field: GraphQLField) -> str:
    needed = {name: argument for name, argument in field.args.items() if is_required_argument(argument)}
    told = ", ".join(f"{name}: {literal(argument.type)}" for name, argument in needed.items())
    return f"({told})" if told else ""


def _selection(field: GraphQLField) -> str:
    return " { __typename }" if is_composite_type(get_named_type(field.type)) else ""


def literal(type: Any) -> str:
    """The shortest value of this type."""
    match type:
        case GraphQLNonNull():
            return literal(type.of_type)
        case GraphQLList():
            return "[]"
        case GraphQLEnumType():
            return str(next(iter(type.values)))
        case GraphQLInputObjectType():
            needed = {name: field for name, field in type.fields.items() if is_required_input_field(field)}
            return "{" + ", ".join(f"{name}: {literal(field.type)}" for name, field in needed.items()) + "}"
    return SCALARS.get(type.name, '"x"')
