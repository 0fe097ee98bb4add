"""Walking a schema: all mutations and arguments that it has now, with values that are right in shape."""

from collections.abc import Iterator
from typing import Any

import graphql
from graphql import GraphQLEnumType, GraphQLField, GraphQLInputObjectType, GraphQLSchema

from tests.phones import new_key

Place = tuple[str | int, ...]

SAMPLES: dict[str, Any] = {
    "Boolean": True,
    "Date": "2000-02-03",
    "DateTime": "2026-11-01T00:00:00Z",
    "Decimal": "0.12",
    "Float": 1.5,
    "ID": "VXNlcjp4",
    "Int": 6,
    "String": "text",
    "URL": "longan://linked",
}


class Choice(dict[str, Any]):
    """What an input is that takes one field alone: this one of the samples of all."""

    def __init__(self, samples: dict[str, Any], chosen: str) -> None:
        super().__init__({chosen: samples[chosen]})
        self.samples = samples


def sample(type_: Any) -> Any:
    """A value whose shape is right, with every field that may stand beside the others."""
    if graphql.is_non_null_type(type_):
        return sample(type_.of_type)
    if graphql.is_list_type(type_):
        return [sample(type_.of_type)]
    if isinstance(type_, GraphQLInputObjectType):
        value = {name: sample(field.type) for name, field in type_.fields.items()}
        if type_.extensions["strawberry-definition"].is_one_of:
            return Choice(value, next(iter(value)))
        if "idempotencyKey" in value:
            value["idempotencyKey"] = new_key()
        return value | ({"currency": "CNY"} if type_.name == "MoneyInput" else {})
    return next(iter(type_.values)) if isinstance(type_, GraphQLEnumType) else SAMPLES[type_.name]


def leaves(type_: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Where each scalar and enumeration stands in a sample or could be chosen, and of which kind it is."""
    if graphql.is_non_null_type(type_):
        yield from leaves(type_.of_type, place)
    elif graphql.is_list_type(type_):
        yield from leaves(type_.of_type, (*place, 0))
    elif isinstance(type_, GraphQLInputObjectType):
        for name, field in type_.fields.items():
            yield from leaves(field.type, (*place, name))
    else:
        yield place, "Enum" if isinstance(type_, GraphQLEnumType) else type_.name


def put(value: Any, place: Place, leaf: Any) -> Any:
    """The value with another leaf at this place."""
    if not place:
        return leaf
    step, *rest = place
    if isinstance(value, Choice):
        chosen = str(step)
        return Choice(value.samples | {chosen: put(value.samples[chosen], tuple(rest), leaf)}, chosen)
    inner = put(value[step], tuple(rest), leaf)
    return value | {step: inner} if isinstance(value, dict) else [inner]


def mutations(schema: GraphQLSchema) -> dict[str, GraphQLField]:
    assert schema.mutation_type is not None
    return dict(schema.mutation_type.fields)


def document(name: str, field: GraphQLField) -> str:
    """Asks this mutation with variables of its arguments' names, and for all that a refusal tells."""
    declared = ", ".join(f"${key}: {argument.type}" for key, argument in field.args.items())
    given = ", ".join(f"{key}: ${key}" for key in field.args)
    head, call = (f"({declared})", f"({given})") if field.args else ("", "")
    refusal = "... on Refusal { code message field faults { code message field } }"
    return f"mutation {head} {{ it: {name}{call} {{ __typename {refusal} }} }}"
