"""A document is examined off the loop, and what is remembered of it is little."""

import threading
from collections.abc import Iterator

import pytest
from graphql import DocumentNode, GraphQLError, Node, execute_sync, get_location, graphql_sync

from api.app.schema import schema
from api.graphql import examining
from api.graphql.examining import Mistaken, examine

CORE = schema()._schema


async def test_is_done_in_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    monkeypatch.setattr(examining, "refuse_heavy", lambda node: threads.append(threading.current_thread().name))
    await examine(CORE, "{ __typename }", 100)
    assert threads == ["examining_0"]


async def test_what_is_wrong_with_it_has_its_place() -> None:
    with pytest.raises(Mistaken) as mistaken:
        await examine(CORE, "{\n  __typename\n  nothing\n}", 100)
    (error,) = mistaken.value.errors
    assert [tuple(place) for place in error.locations or ()] == [(3, 3)]


async def test_what_is_remembered_has_its_places_and_no_tokens() -> None:
    document = await examine(CORE, "query A {\n  a: __typename @skip(if: false)\n}", 100)
    nodes = list(below(document))
    assert len(nodes) > 5
    for node in nodes:
        assert node.loc is not None
        assert not node.loc.start_token and not node.loc.end_token
    assert document == await examine(CORE, "query A {\n  a: __typename @skip(if: false)\n}", 100)
    field = document.definitions[0].selection_set.selections[0]  # type: ignore[attr-defined]
    assert GraphQLError("x", field).formatted["locations"] == [{"line": 2, "column": 3}]
    assert tuple(get_location(field.loc.source, field.loc.start)) == (2, 3)


async def test_it_runs_without_its_tokens() -> None:
    query = '{ __type(name: "Query") { name } }'
    assert execute_sync(CORE, await examine(CORE, query, 100)).data == graphql_sync(CORE, query).data


def below(node: DocumentNode | Node) -> Iterator[Node]:
    yield node
    for key in node.keys:
        value = getattr(node, key, None)
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, Node):
                yield from below(each)
