"""Documents that nobody would write, by one seed: well-formed ones of the schema, and what becomes of them."""

from collections.abc import Callable
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
)
from graphql.type import GraphQLInputType, GraphQLInterfaceType, GraphQLUnionType

from tests.api.doors import served_schemas

SCHEMAS = served_schemas()
ODD = ["\0", "\ud800", "\u202e", "😀", "İ", "\ufeff", "\x7f", '"""', "\\", "#", "\r", "\u2028", "$", "@", "&", "{", "}"]
SCALARS: dict[str, list[str]] = {
    "Int": ["0", "-1", "1", "100", "2147483648", "9" * 400, "1e400", "null", '"1"', "[1]"],
    "Boolean": ["true", "false", "null", "1", '"true"'],
    "ID": ['""', '"UHJvZHVjdDox"', '"x"', "1", '"\\u0000"', '"' + "A" * 500 + '"'],
    "String": ['""', '"x"', '"\\u0000"', '"' + "長" * 200 + '"', "1", '"""block"""', '"\\ud83d\\ude00"', "null"],
}


class Writer:
    """Writes documents of one schema."""

    def __init__(self, random: Random, schema: GraphQLSchema) -> None:
        self.random = random
        self.schema = schema

    def document(self) -> str:
        written = self.random.choices([self.of_schema, self.shaped], [2, 3])[0]()
        for _ in range(self.random.choice([0, 0, 0, 1, 1, 3])):
            written = self.spoiled(written)
        return written

    def of_schema(self) -> str:
        kind, root = self.random.choice(
            [("query", self.schema.query_type)] * 4
            + [("mutation", self.schema.mutation_type), ("subscription", self.schema.subscription_type)]
        )
        if root is None:
            return "{ __typename }"
        name = self.random.choice(["", "A", "A" * 3_000, "é"])
        return f"{kind} {name} {self.selections(root, self.random.randint(1, 9))}"

    def selections(self, parent: Any, deep: int) -> str:
        if isinstance(parent, GraphQLUnionType):
            return f"{{ __typename ... on {self.random.choice(parent.types).name} {{ __typename }} }}"
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        wide = self.random.choice([1, 2, 3, 5])
        names = self.random.choices(list(parent.fields), k=wide)
        inner = " ".join(self.field(name, parent.fields[name], deep) for name in names)
        return f"{{ {inner or '__typename'} {self.random.choice(['', '__typename', '... { __typename }'])} }}"

    def field(self, name: str, field: GraphQLField, deep: int) -> str:
        alias = self.random.choice(["", "", "", f"a{self.random.randint(0, 9)}: "])
        given = [
            f"{argument}: {self.value(kind.type, 3)}"
            for argument, kind in field.args.items()
            if isinstance(kind.type, GraphQLNonNull) or self.random.random() < 0.3
        ]
        below = ""
        if is_composite_type(get_named_type(field.type)):
            named = get_named_type(field.type)
            below = self.selections(named, deep - 1) if deep > 0 else "{ __typename }"
        directive = self.random.choice(["", "", "", "", "@skip(if: false)", "@include(if: true)", "@nothing", "@skip"])
        arguments = f"({', '.join(given)})" if given else ""
        return f"{alias}{name}{arguments} {directive} {below}"

    def value(self, kind: GraphQLInputType, deep: int) -> str:
        if self.random.random() < 0.07:
            return self.random.choice(["null", "1", '"x"', "[]", "{}", "$a", "true", "[[[[]]]]", "{a: {a: {a: 1}}}"])
        if isinstance(kind, GraphQLNonNull):
            return self.value(kind.of_type, deep)
        if isinstance(kind, GraphQLList):
            return (
                f"[{', '.join(self.value(kind.of_type, deep - 1) for _ in range(self.random.choice([0, 1, 2, 60])))}]"
            )
        if isinstance(kind, GraphQLEnumType):
            return str(self.random.choice([*kind.values, "NOTHING"]))
        if isinstance(kind, GraphQLInputObjectType):
            if deep < 0:
                return "{}"
            fields = (
                f"{name}: {self.value(field.type, deep - 1)}"
                for name, field in kind.fields.items()
                if isinstance(field.type, GraphQLNonNull) or self.random.random() < 0.4
            )
            return f"{{{', '.join(fields)}}}"
        return self.random.choice(SCALARS.get(kind.name, SCALARS["String"]))

    def shaped(self) -> str:
        """One that is great in one direction, up to about what is read of it."""
        most = self.random.choice([3, 14, 29, 49, 51, 300, 480, 999, 1_900, 3_900])
        return self.random.choice(SHAPES)(self.random, most)

    def spoiled(self, text: str) -> str:
        at = self.random.randrange(len(text) + 1)
        length = self.random.choice([1, 3, 30])
        return self.random.choice(
            [
                text[:at] + self.random.choice(ODD) + text[at:],
                text[:at] + text[at + length :],
                text[:at] + text[at : at + length] * self.random.choice([2, 10]) + text[at + length :],
                text[:at],
                text + text,
                text.replace("{", "{ " + self.random.choice(["...A", "... on Nothing", "id", "a: b"]) + " ", 1),
            ]
        )


Shape = Callable[[Random, int], str]


def _fragments(random: Random, most: int) -> str:
    """Each opens the next some times; the last may open the first."""
    count, times = min(most, random.choice([2, 20, 60, 100, 101, 150])), random.choice([1, 2, 10])
    last = "...F0" if random.random() < 0.3 else "__typename"
    kind = random.choice(["Query", "__Schema", "Mutation", "Nothing"])
    opened = [f"fragment F{n} on {kind} {{ {f'...F{n + 1} ' * times} }}" for n in range(count)]
    around = "{ __schema { ...F0 } }" if kind == "__Schema" else "{ ...F0 }"
    return f"{around} {' '.join(opened)} fragment F{count} on {kind} {{ {last} }}"


def _introspection(random: Random, most: int) -> str:
    inner = "name"
    for _ in range(min(most, random.choice([1, 3, 8, 14]))):
        inner = random.choice(["type", "ofType", "fields", "types", "args", "interfaces"]) + f" {{ name {inner} }}"
    return f"{{ __schema {{ types {{ {inner} }} }} {'a: __schema { types { name } } ' * random.choice([0, 1])} }}"


SHAPES: list[Shape] = [
    lambda r, n: "{" + " ".join(f"a{i}: __typename" for i in range(n)) + "}",
    lambda r, n: "{" + " viewer { id }" * n + "}",
    lambda r, n: "{" + " viewer { score { id } }" * n + f" z{r.random()}: __typename".replace(".", "") + "}",
    lambda r, n: "{" + " viewer { id }" * n + f" z{r.randint(0, 99)}: __typename" + "}",
    lambda r, n: "{ viewer " * n + "{ id }" + "}" * n,
    lambda r, n: "{ products { edges { node " * min(n, 200) + "{ id }" + "} } }" * min(n, 200),
    lambda r, n: "{ ... " * n + "{ __typename }" + "}" * n,
    lambda r, n: "{ __typename " + "@skip(if: false) " * n + "}",
    lambda r, n: "query (" + " ".join(f"$v{i}: Int" for i in range(n)) + ") { __typename }",
    lambda r, n: "query ($a: " + "[" * n + "Int" + "]" * n + ") { __typename }",
    lambda r, n: "{ node(id: " + "[" * n + "]" * n + ") { id } }",
    lambda r, n: "{ node(id: " + "{a: " * n + "1" + "}" * n + ") { id } }",
    lambda r, n: "{ node(" + " ".join(f'a{i}: "x"' for i in range(n)) + ") { id } }",
    lambda r, n: '{ nodes(ids: ["x"' + ' "y"' * n + "]) { id } }",
    lambda r, n: " ".join(f"query A{i} {{ __typename }}" for i in range(n)),
    lambda r, n: " ".join(f"{{ n{i} }}" for i in range(n)),
    lambda r, n: "{ " + " ".join(f"n{i}" for i in range(n)) + " }",
    lambda r, n: "{ " + " ".join(f"prodcts{i}(first: 1) {{ id }}" for i in range(n)) + " }",
    lambda r, n: "{ products(filter: {" + " ".join(f"kind{i}: X" for i in range(n)) + "}) { edges { cursor } } }",
    lambda r, n: "{ products(first: " + "9" * n + ") { edges { node { id title partner { name } } } } }",
    lambda r, n: "{ products(first: 100) { edges { node { " + "id title kind " * (n // 10) + "} } } }",
    lambda r, n: '{ node(id: "' + "x" * n * 6 + '") { id } }',
    lambda r, n: "#" + "x" * n * 6 + "\n{ __typename }",
    lambda r, n: "," * n * 6 + "{ __typename }",
    lambda r, n: "{ __typename " * n,
    lambda r, n: "{ a" + "b" * n * 6 + " }",
    lambda r, n: '"""' + "doc " * n + '""" type A { a: Int } { __typename }',
    lambda r, n: "{ __typename } " + "extend type Query { a: Int } " * (n // 5),
    lambda r, n: "mutation {" + ' requestPhoneCode(input: {phone: "1"}) { __typename }' * (n // 8) + "}",
    lambda r, n: "\n" * n * 6 + "{ nothing }",
    _fragments,
    _fragments,
    _introspection,
    _introspection,
]
