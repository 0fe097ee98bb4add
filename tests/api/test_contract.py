"""What clients may rely on: the served schemas never break the contract, and its documents are answered.

`tests/contract/not_built.toml` names what is still owed. It only shrinks: what is built must leave it.
"""

import tomllib
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.utilities import find_breaking_changes

from api.contract import served
from tests.api.doors import CONTRACT, operations

AUDIENCES = ("app", "partner", "console")
SERVED = {file.stem: (file, text) for file, text in served()}
OWED: dict[str, dict[str, Any]] = tomllib.loads((CONTRACT / "not_built.toml").read_text("utf-8"))


def schema_of(audience: str) -> GraphQLSchema:
    return build_schema(SERVED[audience][1])


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_served_schema_breaks_nothing_but_what_is_not_built_yet(audience: str) -> None:
    promised = build_schema((CONTRACT / f"{audience}.graphqls").read_text("utf-8"))
    broken = {change.description for change in find_breaking_changes(promised, schema_of(audience))}
    assert broken == set(OWED[audience]["changes"])


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_document_is_answered_but_what_is_not_built_yet(audience: str) -> None:
    schema = schema_of(audience)
    refused = {name for name, text in operations(audience).items() if validate(schema, parse(text))}
    assert refused == set(OWED[audience]["documents"])


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_committed_schema_is_the_served_one(audience: str) -> None:
    file, text = SERVED[audience]
    assert file.read_text("utf-8") == text, "write it anew: longan schema"
