"""What a signed-in client could send, by one seed: documents that are valid, with variables that mostly are, and odd ones."""

import base64
from collections.abc import Sequence
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
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
)
from graphql.type import GraphQLInputType

ALIASES_MAX = 29
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 2**31, 2**63, 1e308, "", " ", "\0", "a\0b", "\u202eabc", "\u200b\u2060", "１２３", "0x10", "NaN",
    "-Infinity", "\r\nSet-Cookie: a=b", "İ" * 100, "長" * 2_000, "'; --", "%00%ff", [], [[]], {}, {"a": 1}, ["x"] * 200,
]  # fmt: skip
GOOD: dict[str, list[Any]] = {
    "Int": [0, 1, 6, 7, 12, 30, 100],
    "Boolean": [True, False],
    "Float": [0.5, 1],
    "String": ["CNY", "CN-SH", "employee", "wechat", "loan", "x", "\u200d小王", "Ab1-_x9.", "+8613800138000"],
    "Decimal": ["1", "1000", "5000.00", "0.12", "1234.5", 3000],
    "Date": ["2000-02-29", "1800-01-01", "2299-12-31"],
    "DateTime": ["2026-11-28T00:00:00Z", "1800-01-01T00:00:00+14:00", "2299-12-31T23:59:59.999999999-12:00"],
    "URL": ["longan://linked", "https://app.example.com/linked?state=x&code=y"],
}
ODD_OF: dict[str, list[Any]] = {
    "Int": [-(2**31), 2**31 - 1, 1.0, 1e100, "1"],
    "Decimal": ["9" * 18, "9" * 19, "9999999.9999999999999999", "1e5", "-0", "-1", "1_0", " 1", "1.", ".5", 1e22, 0.1, "sNaN"],
    "Date": ["0001-01-01", "9999-12-31", "2026-02-30", "20260101", "2026-W01-1", "２０２６-01-01"],
    "DateTime": ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z",
                 "2026-01-01T23:59:60Z", "2026-01-01T00:00:00+24:00"],
    "URL": ["", "longan://", "http://[::1", "javascript:alert(1)", "longan://linked?code=1&code=2&state=%ff", "https://x\\@y", "//x"],
    "ID": ["", "x", "é", "A" * 600, "UHJvZHVjdDox", "=", "\n"],
}  # fmt: skip
KEYS = ["[]", "[null]", '["x"]', "[1e999]", "[NaN]", "{}", '["2026-01-01T00:00:00"]', '["9999-12-31T23:59:59+00:00","x"]',
        "[9223372036854775808]", '["0001-01-01T00:00:00+23:59","00000000-0000-0000-0000-000000000000"]', "[" * 5_000, '["\\u0000",1]',
        "[true,false]", "[-1]", "[0,0]", '[0,"00000000-0000-0000-0000-000000000000",0.5]', '["",""]', "[1,1,1,1]"]  # fmt: skip


def cursors() -> list[str]:
    """Made by hand."""
    return [base64.urlsafe_b64encode(key.encode()).decode().rstrip("=") for key in KEYS] + ["", "=", "é", "x" * 9_000]


class Careful:
    """Writes for one schema; `ids` are of things that are there, the asker's and others'."""

    def __init__(self, seed: int, schema: GraphQLSchema, ids: Sequence[str], without: frozenset[str]) -> None:
        self.random = Random(seed)
        self.schema = schema
        self.good = GOOD | {"ID": list(ids)}
        self.without = without
        self.odds = 0.0
        self.variables: dict[str, tuple[str, Any]] = {}
        self.aliases: list[str] = []

    @property
    def roots(self) -> list[tuple[str, str]]:
        kinds = {"query": self.schema.query_type, "mutation": self.schema.mutation_type}
        return [
            (kind, name) for kind, root in kinds.items() if root for name in root.fields if name not in self.without
        ]

    def request(self, kind: str, name: str, *, is_plain: bool = False) -> dict[str, Any]:
        """One root field, some levels of it or all; a plain one has nothing odd in it, and no argument that it could do without."""
        root = self.schema.query_type if kind == "query" else self.schema.mutation_type
        assert root is not None
        self.variables, self.aliases = {}, []
        self.odds = 0 if is_plain else self.random.choice([0, 0, 0.1, 0.3])
        self.given = 0.0 if is_plain else 0.4
        asked = self._field(name, root.fields[name], self.random.randint(1, 7))
        given = ", ".join(f"${each}: {type_}" for each, (type_, _) in self.variables.items())
        head = f"{kind} ({given})" if given else kind
        return {
            "query": f"{head} {{ {asked} }}",
            "variables": {each: said for each, (_, said) in self.variables.items()},
        }

    def _field(self, name: str, field: GraphQLField, deep: int) -> str:
        given = [
            f"{each}: {self._variable(each, argument.type)}"
            for each, argument in field.args.items()
            if isinstance(argument.type, GraphQLNonNull) or self.random.random() < self.given
        ]
        named = get_named_type(field.type)
        below = self._selections(named, deep) if is_composite_type(named) else ""
        arguments = f"({', '.join(given)})" if given else ""
        return f"{name}{arguments} {below}"

    def _selections(self, parent: Any, deep: int) -> str:
        if is_abstract_type(parent):
            within = (
                f"... on {each.name} {self._selections(each, deep)}" for each in self.schema.get_possible_types(parent)
            )
            return f"{{ __typename {' '.join(within)} }}"
        assert isinstance(parent, GraphQLObjectType)
        leaves = [name for name, field in parent.fields.items() if not is_composite_type(get_named_type(field.type))]
        trees = [name for name in parent.fields if name not in leaves]
        wide = self.random.choice([1, 2, 3]) if deep else 0
        asked = self.random.sample(leaves, min(len(leaves), 6)) + self.random.sample(trees, min(len(trees), wide))
        inner = " ".join(self._aliased(name, parent.fields[name], deep - 1) for name in asked)
        return f"{{ __typename {inner} }}"

    def _aliased(self, name: str, field: GraphQLField, deep: int) -> str:
        """Below a union the same name may be of another type, or have other arguments: then it goes by another."""
        is_plain = not field.args and str(field.type) == "ID!"
        if is_plain or len(self.aliases) >= ALIASES_MAX:
            return self._field(name, field, deep) if is_plain else ""
        self.aliases.append(f"a{len(self.aliases)}")
        return f"{self.aliases[-1]}: {self._field(name, field, deep)}"

    def _variable(self, name: str, type_: GraphQLInputType) -> str:
        variable = f"v{len(self.variables)}"
        self.variables[variable] = (str(type_), self._value(name, type_))
        return f"${variable}"

    def _value(self, name: str, type_: GraphQLInputType, deep: int = 3) -> Any:
        named = get_named_type(type_)
        if self.random.random() < self.odds:
            return self.random.choice([*ODD, *ODD_OF.get(named.name, []) * 3])
        if not isinstance(type_, GraphQLNonNull) and self.random.random() < 0.2:
            return None
        inner = get_nullable_type(type_)
        if isinstance(inner, GraphQLList):
            return [self._value(name, inner.of_type, deep - 1) for _ in range(self.random.choice([1, 1, 2, 5]))]
        if isinstance(inner, GraphQLEnumType):
            return self.random.choice(list(inner.values))
        if isinstance(inner, GraphQLInputObjectType) and inner.is_one_of:
            chosen, field = self.random.choice(list(inner.fields.items()))
            return {chosen: self._value(chosen, GraphQLNonNull(field.type), deep - 1)}
        if isinstance(inner, GraphQLInputObjectType):
            return {
                each: self._value(each, field.type, deep - 1)
                for each, field in inner.fields.items()
                if isinstance(field.type, GraphQLNonNull) or (deep > 0 and self.random.random() < 0.5)
            }
        return self._scalar(name, named.name)

    def _scalar(self, name: str, kind: str) -> Any:
        match name:
            case "after":
                return self.random.choice(cursors())
            case "idempotencyKey":
                return f"key-{self.random.randrange(10**9):09}"
            case "currency":
                return "CNY"
            case "first" if self.random.random() < 0.8:
                return self.random.randint(0, 3)
        return self.random.choice(self.good[kind])
