"""Questions about the schema, where it is shown: the same answers, off the loop, and once for each document."""

import threading
from typing import Any

import graphql
import httpx2
import pytest
from graphql import get_introspection_query

from api.app.schema import schema
from api.graphql import introspecting
from infra.settings import settings
from tests.phones import Phone
from tests.sockets import socket

USUAL = get_introspection_query(descriptions=True, input_value_deprecation=True)


async def ask(web: httpx2.AsyncClient, query: str, **also: Any) -> Any:
    return (await web.post("/graphql", json={"query": query, **also})).json()


@pytest.fixture
def threads(longan: None, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each time that one was worked out, whether it was off the loop's thread."""
    seen: list[bool] = []
    execute = graphql.execute_sync
    monkeypatch.setattr(introspecting, "_kept", type(introspecting._kept)())

    def noting(*args: Any, **kwargs: Any) -> Any:
        seen.append(threading.current_thread() is not threading.main_thread())
        return execute(*args, **kwargs)

    monkeypatch.setattr(introspecting, "execute_sync", noting)
    return seen


async def test_are_answered_as_the_library_answers(web: httpx2.AsyncClient, threads: list[bool]) -> None:
    expected = graphql.graphql_sync(schema()._schema, USUAL).data
    for _ in range(3):
        said = await ask(web, USUAL)
        assert said["data"] == expected
        assert said["extensions"]["cost"]["limit"] == 2_500
    assert threads == [True]


async def test_are_answered_on_a_socket_too(threads: list[bool]) -> None:
    async with socket() as line:
        await line.sign_in(None)
        await line.subscribe("{ __schema { queryType { name } } }")
        assert await line.next() == {"__schema": {"queryType": {"name": "Query"}}}
    assert threads == [True]


async def test_with_variables_are_answered_each_time(web: httpx2.AsyncClient, threads: list[bool]) -> None:
    query = "query ($name: String!) { __typename __type(name: $name) { name } }"
    for name in ("Query", "User", "Nothing"):
        said = await ask(web, query, variables={"name": name})
        assert said["data"]["__type"] == (None if name == "Nothing" else {"name": name})
    assert threads == [True] * 3


async def test_of_one_document_are_told_apart_by_operation(web: httpx2.AsyncClient, threads: list[bool]) -> None:
    query = "query A { __schema { queryType { name } } } query B { __schema { mutationType { name } } }"
    for _ in range(2):
        assert (await ask(web, query, operationName="A"))["data"] == {"__schema": {"queryType": {"name": "Query"}}}
        assert (await ask(web, query, operationName="B"))["data"] == {
            "__schema": {"mutationType": {"name": "Mutation"}}
        }
    assert threads == [True, True]


async def test_of_many_documents_few_answers_are_kept(
    web: httpx2.AsyncClient, threads: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(introspecting, "KEPT_MAX", 2)
    for number in range(5):
        await ask(web, f"{{ __schema {{ n{number}: queryType {{ name }} }} }}")
    assert len(introspecting._kept) == 2


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } products { edges { cursor } } }",
        '{ ...A } fragment A on Query { viewer { id } ... { __type(name: "A") { name } } }',
    ],
)
async def test_are_asked_alone(phone: Phone, threads: list[bool], query: str) -> None:
    (error,) = (await phone.post(query)).json()["errors"]
    told = error["message"], error["extensions"]["code"]
    assert told == ("Ask for the schema in an operation of its own.", "BAD_REQUEST")
    assert threads == []


async def test_are_refused_to_whoever_shows_nobodys_token(web: httpx2.AsyncClient, threads: list[bool]) -> None:
    headers = {"authorization": "Bearer nobody's"}
    response = await web.post("/graphql", json={"query": USUAL}, headers=headers)
    assert (response.status_code, threads) == (401, [])


async def test_are_refused_where_the_schema_is_hidden(
    web: httpx2.AsyncClient, threads: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "introspection", False)
    assert (await ask(web, USUAL))["errors"][0]["message"] == "Introspection is off."
    assert threads == []
