"""Nothing that was released goes, unless it was deprecated in a release before: then it stays for a year, and may go."""

from typing import Any

import pytest
from graphql import (
    REMOVE,
    DirectiveNode,
    GraphQLObjectType,
    GraphQLSchema,
    Visitor,
    build_ast_schema,
    build_schema,
    parse,
    print_ast,
    visit,
)
from graphql.utilities import find_breaking_changes

from api.contract import released, served

SERVED = {file.stem: text for file, text in served()}
PLAIN = """
    type Query { thing(size: Int): Thing  old: Old @deprecated(reason: "Ask `thing`.") }
    type Thing { name: String  colour: Colour  weight: Int @deprecated(reason: "Ask `size`.") }
    type Old { name: String }
    enum Colour { RED  PUCE @deprecated(reason: "It is RED.") }
"""


class DropDeprecated(Visitor):
    """What was deprecated may go."""

    def _drop(self, node: Any, *_: Any) -> Any:
        return REMOVE if any(each.name.value == "deprecated" for each in node.directives or ()) else None

    enter_field_definition = enter_input_value_definition = enter_enum_value_definition = _drop


def promised(text: str) -> GraphQLSchema:
    """The released schema without what was deprecated in it, and without the types that only that led to."""
    schema = build_ast_schema(visit(parse(text), DropDeprecated()))
    nodes = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType) and each.interfaces]
    return GraphQLSchema(schema.query_type, schema.mutation_type, schema.subscription_type, types=nodes)


def broken(before: str, now: str) -> list[str]:
    return sorted(change.description for change in find_breaking_changes(promised(before), build_schema(now)))


@pytest.mark.parametrize("audience", SERVED)
def test_nothing_that_was_released_is_broken(audience: str) -> None:
    before = released(audience).read_text("utf-8")
    assert broken(before, SERVED[audience]) == [], "deprecate it, release (longan schema --release), and wait a year"


@pytest.mark.parametrize("audience", SERVED)
def test_what_is_deprecated_says_what_replaces_it(audience: str) -> None:
    reasons: list[str] = []

    class Reasons(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            if node.name.value == "deprecated":
                reasons.append(print_ast(node))

    visit(parse(SERVED[audience]), Reasons())
    assert [each for each in reasons if "reason:" not in each or "`" not in each] == []


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("name: String  colour", "colour", ["Field Thing.name was removed."]),
        ("name: String  colour", "name: Int  colour", ["Field Thing.name changed type from String to Int."]),
        ("(size: Int)", "", ["Argument Query.thing(size:) was removed."]),
        ("(size: Int)", "(size: Int, must: Int!)", ["A required argument Query.thing(must:) was added."]),
        ("RED  PUCE", "PUCE", ["Enum value Colour.RED was removed."]),
        ('weight: Int @deprecated(reason: "Ask `size`.")', "", []),
        ('PUCE @deprecated(reason: "It is RED.")', "", []),
        ('old: Old @deprecated(reason: "Ask `thing`.") }', "}", []),
        ('old: Old @deprecated(reason: "Ask `thing`.") }\n    type Thing', "}\n    type Thing", []),
        ("name: String  colour", "name: String  more: Int  colour", []),
    ],
)
def test_what_breaks_is_told_and_what_was_deprecated_may_go(was: str, becomes: str, told: list[str]) -> None:
    assert was in PLAIN
    assert broken(PLAIN, PLAIN.replace(was, becomes)) == told


def test_a_type_to_which_only_something_deprecated_led_may_go_with_it() -> None:
    without = PLAIN.replace('old: Old @deprecated(reason: "Ask `thing`.")', "").replace("type Old { name: String }", "")
    assert broken(PLAIN, without) == []
