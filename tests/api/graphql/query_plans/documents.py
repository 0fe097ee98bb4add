"""Valid queries of any schema, by one seed: aliases, merged fields, fragments, conditions, variables and their defaults."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import graphql
import orjson
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    NonNullTypeNode,
    OperationDefinitionNode,
)

FIELDS_MAX = 60
# What an argument may be, by its type's name; `ID` and the like are the test's own.
SAMPLES: dict[str, list[Any]] = {
    "Boolean": [True, False],
    "Date": ["2000-02-03"],
    "DateTime": ["2026-11-01T00:00:00Z"],
    "Decimal": ["0.12", "5000"],
    "Float": [1.5],
    "ID": ["UHJvZHVjdDox", "x"],
    "Int": [0, 1, 2, 3, 6],
    "String": ["", "a", "loan"],
    "URL": ["longan://linked"],
}


class Query(NamedTuple):
    text: str
    variables: dict[str, Any]


class Writer:
    def __init__(self, random: Random, schema: GraphQLSchema, samples: Mapping[str, Sequence[Any]]) -> None:
        self.random = random
        self.schema = schema
        self.samples = {**SAMPLES, **samples}

    def query(self) -> Query:
        """One that is valid: what validation refuses is thrown away."""
        for _ in range(100):
            query = self._query()
            if not graphql.validate(self.schema, graphql.parse(query.text)):
                return query
        raise AssertionError("the writer hardly writes anything valid")

    def needed(self, operation: OperationDefinitionNode) -> dict[str, Any]:
        """Values for the variables that an operation cannot do without."""
        return {
            each.variable.name.value: self._sample(graphql.type_from_ast(self.schema, each.type.type))
            for each in operation.variable_definitions or ()
            if isinstance(each.type, NonNullTypeNode)
        }

    def _query(self) -> Query:
        self.fragments: list[str] = []
        self.declared: list[str] = []
        self.variables: dict[str, Any] = {}
        self.given: dict[tuple[str, str], str] = {}
        self.aliases = 0
        self.left = self.random.choice([6, 20, FIELDS_MAX])
        assert self.schema.query_type is not None
        body = self._selections(self.schema.query_type, self.random.randint(2, 7))
        head = f"query Q({', '.join(self.declared)})" if self.declared else "query Q"
        return Query("\n".join([f"{head} {body}", *self.fragments]), self.variables)

    def _selections(self, type_: Any, deep: int) -> str:
        count = self.random.choice([1, 3, 5, 8])
        parts = [self._selection(type_, deep) for number in range(count) if not number or self.left > 0]
        if self.random.random() < 0.2 or isinstance(type_, GraphQLUnionType):
            parts.insert(self.random.randrange(len(parts) + 1), "__typename")
        return "{ " + " ".join(parts) + " }"

    def _selection(self, type_: Any, deep: int) -> str:
        kind = self.random.random()
        if deep > 0 and (isinstance(type_, GraphQLUnionType) or (graphql.is_interface_type(type_) and kind < 0.6)):
            member = self.random.choice(self.schema.get_possible_types(type_))
            return f"... on {member.name} {self._condition()} {self._selections(member, deep - 1)}"
        if deep > 0 and kind < 0.08:
            on = self.random.choice([f"on {type_.name}", "", *(f"on {each.name}" for each in _interfaces(type_))])
            inner = next((each for each in _interfaces(type_) if on.endswith(each.name)), type_)
            return f"... {on} {self._condition()} {self._selections(inner, deep - 1)}"
        if deep > 0 and kind < 0.16:
            return self._fragment(type_, deep)
        if isinstance(type_, GraphQLUnionType):
            return "__typename"
        return self._field(type_, deep)

    def _fragment(self, type_: Any, deep: int) -> str:
        name = f"F{len(self.fragments)}"
        self.fragments.append("")
        self.fragments[int(name[1:])] = f"fragment {name} on {type_.name} {self._selections(type_, deep - 1)}"
        return f"...{name} {self._condition()}" + (f" ...{name}" if self.random.random() < 0.2 else "")

    def _field(self, type_: Any, deep: int) -> str:
        leaves = [
            name for name, field in type_.fields.items() if graphql.is_leaf_type(graphql.get_named_type(field.type))
        ]
        names = list(type_.fields) if deep > 0 and self.left > 0 else leaves
        if not names:
            return "__typename"
        self.left -= 1
        name = self.random.choice(names)
        field = type_.fields[name]
        if self.random.random() < 0.15:
            self.aliases += 1
            head = f"a{self.aliases}: {name}{self._arguments(field)}"
        else:
            # Without an alias it may stand twice in one place, and then with the same arguments.
            place = (type_.name, name)
            self.given[place] = self.given[place] if place in self.given else self._arguments(field)
            head = name + self.given[place]
        named = graphql.get_named_type(field.type)
        below = self._selections(named, deep - 1) if graphql.is_composite_type(named) else ""
        return f"{head} {self._condition()} {below}"

    def _condition(self) -> str:
        if self.random.random() > 0.12:
            return ""
        which, value = self.random.choice(["skip", "include"]), self.random.random() < 0.5
        if self.random.random() < 0.4:
            return f"@{which}(if: {str(value).lower()})"
        name = f"c{self.random.randrange(2)}"
        if not any(each.startswith(f"${name}:") for each in self.declared):
            self.declared.append(f"${name}: Boolean!" + self.random.choice(["", " = true"]))
            self.variables[name] = value
        return f"@{which}(if: ${name})"

    def _arguments(self, field: GraphQLField) -> str:
        given = [
            f"{name}: {self._argument(argument)}"
            for name, argument in field.args.items()
            if graphql.is_required_argument(argument) or self.random.random() < 0.35
        ]
        return f"({', '.join(given)})" if given else ""

    def _argument(self, argument: GraphQLArgument) -> str:
        value = self._value(argument.type)
        if self.random.random() < 0.5:
            return _literal(value, argument.type)
        name = f"v{len(self.declared)}"
        default = ""
        if self.random.random() < 0.4 and not graphql.is_non_null_type(argument.type):
            default = f" = {_literal(self._value(argument.type), argument.type)}"
        self.declared.append(f"${name}: {argument.type}{default}")
        if not default or self.random.random() < 0.5:
            self.variables[name] = value
        return f"${name}"

    def _value(self, type_: Any) -> Any:
        if graphql.is_non_null_type(type_):
            return self._sample(type_.of_type)
        return None if self.random.random() < 0.1 else self._sample(type_)

    def _sample(self, type_: Any) -> Any:
        if graphql.is_list_type(type_):
            return [self._value(type_.of_type) for _ in range(self.random.choice([0, 1, 2]))]
        if isinstance(type_, GraphQLInputObjectType):
            if type_.name == "MoneyInput":
                return {"amount": "5000", "currency": "CNY"}
            return {
                name: self._value(field.type)
                for name, field in type_.fields.items()
                if graphql.is_required_input_field(field) or self.random.random() < 0.5
            }
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        return self.random.choice(list(self.samples[type_.name]))


def _interfaces(type_: Any) -> Sequence[Any]:
    return getattr(type_, "interfaces", ())


def _literal(value: Any, type_: Any) -> str:
    inner = graphql.get_nullable_type(type_)
    if isinstance(value, list):
        return f"[{', '.join(_literal(each, inner.of_type) for each in value)}]"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{name}: {_literal(each, inner.fields[name].type)}" for name, each in value.items()) + "}"
        )
    if value is None or isinstance(inner, GraphQLEnumType):
        return str(value or "null")
    return orjson.dumps(value).decode()
