"""The changelog of the partners' schema: what came, changed and went on which day, one line each; `longan schema` goes on with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
)

from infra.clock import local_day

AUDIENCE = "partner"
FILE = Path(__file__).parent / f"{AUDIENCE}.changes"
HEADER = "# What came (+), became another (~) and went (-) in the partners' schema, the newest day first; written by `longan schema`.\n"
Noted = GraphQLField | GraphQLArgument | GraphQLInputField | GraphQLEnumValue


@dataclass(frozen=True)
class SchemaChange:
    """`sign` is +, ~ or -; `coordinate` as `Agreement.status`; `kind` what it is, as `AgreementStatus!`."""

    on: date
    sign: str
    coordinate: str
    kind: str

    @property
    def owner(self) -> str:
        return self.coordinate.partition(".")[0]


def coordinates(text: str) -> dict[str, str]:
    """All that a schema has, by its coordinate, with what it is."""
    return dict(_coordinates(text))


def _coordinates(text: str) -> Iterator[tuple[str, str]]:
    for name, type_ in build_schema(text).type_map.items():
        if name.startswith("__"):
            continue
        match type_:
            case GraphQLObjectType() | GraphQLInterfaceType():
                yield name, "interface" if isinstance(type_, GraphQLInterfaceType) else "type"
                for field_name, field in type_.fields.items():
                    yield f"{name}.{field_name}", _kind(field)
                    for argument_name, argument in field.args.items():
                        yield f"{name}.{field_name}({argument_name}:)", _kind(argument)
            case GraphQLInputObjectType():
                yield name, "input"
                yield from ((f"{name}.{field_name}", _kind(field)) for field_name, field in type_.fields.items())
            case GraphQLEnumType():
                yield name, "enum"
                yield from ((f"{name}.{value_name}", _kind(value)) for value_name, value in type_.values.items())
            case GraphQLUnionType():
                yield name, f"union of {' | '.join(sorted(each.name for each in type_.types))}"
            case _:
                yield name, "scalar"


def _kind(noted: Noted) -> str:
    said = "value" if isinstance(noted, GraphQLEnumValue) else str(noted.type)
    return f"{said}, deprecated" if noted.deprecation_reason else said


def read(text: str) -> list[SchemaChange]:
    """The newest day first."""
    found, on = [], date.min
    for line in text.splitlines():
        if line.startswith("## "):
            on = date.fromisoformat(line[3:])
        elif line[:1] in "+~-" and line:
            coordinate, _, kind = line[2:].rpartition(" = ") if line[0] != "-" else (line[2:], "", "")
            found.append(SchemaChange(on, line[0], coordinate, kind))
    return found


def replayed(changes: list[SchemaChange]) -> dict[str, str]:
    """What there is after all of them."""
    there: dict[str, str] = {}
    for change in reversed(changes):
        if change.sign == "-":
            del there[change.coordinate]
        else:
            there[change.coordinate] = change.kind
    return there


def difference(before: Mapping[str, str], now: Mapping[str, str], on: date) -> list[SchemaChange]:
    came = [SchemaChange(on, "+", each, now[each]) for each in sorted(now.keys() - before.keys())]
    both = sorted(now.keys() & before.keys())
    became = [SchemaChange(on, "~", each, now[each]) for each in both if now[each] != before[each]]
    return [*came, *became, *(SchemaChange(on, "-", each, "") for each in sorted(before.keys() - now.keys()))]


def brought_up(text: str, served: str, on: date | None = None) -> str:
    """The file with what differs between its days and what is served, as a change of the product's today."""
    known = read(text)
    found = difference(replayed(known), coordinates(served), on or local_day(datetime.now(UTC)))
    return written([*found, *known])


def written(changes: list[SchemaChange]) -> str:
    days = [
        f"\n## {on}\n" + "".join(f"{each.sign} {each.coordinate}{_equals(each)}\n" for each in of_day)
        for on, of_day in groupby(changes, lambda each: each.on)
    ]
    return HEADER + "".join(days)


def _equals(change: SchemaChange) -> str:
    return f" = {change.kind}" if change.sign != "-" else ""
