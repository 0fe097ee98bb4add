"""Persisted queries are bounded: what is kept, how much of it, for how long, and of whom."""

import hashlib
from collections import OrderedDict
from typing import Any

import httpx2
import pytest

from api.graphql import documents
from infra import limiter
from infra.cache import valkey
from infra.setting_parts import Rate
from infra.settings import settings
from tests.phones import new_key


@pytest.fixture
async def empty(longan: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered, and nobody has taught anything."""
    for key in await valkey().keys("longan:document*"):
        await valkey().delete(key)
    monkeypatch.setattr(limiter, "_here", limiter.LocalCounts())
    monkeypatch.setattr(documents, "_near", OrderedDict())
    monkeypatch.setattr(documents, "_near_bytes", 0)
    monkeypatch.setattr(documents, "TAUGHT_MAX", Rate(times=20, seconds=1_000 + int(new_key()[:6], 16)))


def a_query() -> str:
    return f"{{ __typename }} # {new_key()}"


def hash_of(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()


async def ask(web: httpx2.AsyncClient, query: str | None, sha256: str) -> Any:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256}}
    body = {"extensions": extensions} | ({"query": query} if query else {})
    return (await web.post("/graphql", json=body)).json()


async def kept() -> set[str]:
    names = await valkey().keys("longan:document:*")
    return {name.decode().removeprefix("longan:document:") for name in names}


@pytest.mark.usefixtures("empty")
class TestWhatIsKept:
    @pytest.mark.parametrize(
        "query",
        [
            "{",
            "junk " * 4_000,
            "{ nothing }",
            "{ __typename } #" + "x" * 24_000,
            "{ ...A } fragment A on Query { ...A }",
            "{" + " viewer { id }" * 60 + "}",
            "{ products(first: 100) { edges { node { " + "id title kind " * 9 + "} } } }",
            "query ($a: Int!) { products(first: $a) { edges { cursor } } }",
        ],
    )
    async def test_is_nothing_that_was_refused(self, web: httpx2.AsyncClient, query: str) -> None:
        assert "errors" in await ask(web, query, hash_of(query))
        assert await kept() == set()
        assert documents._near == {}

    async def test_is_kept_for_an_hour_after_its_last_use(self, web: httpx2.AsyncClient) -> None:
        query = a_query()
        await ask(web, query, hash_of(query))
        name = f"longan:document:{hash_of(query)}"
        assert 3_590 <= await valkey().ttl(name) <= 3_600
        await valkey().expire(name, 10)
        documents._near.clear()
        assert (await ask(web, None, hash_of(query)))["data"] == {"__typename": "Query"}
        assert 3_590 <= await valkey().ttl(name) <= 3_600

    async def test_is_so_many_and_the_oldest_go(self, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "KEPT_MAX", 3)
        queries = [a_query() for _ in range(5)]
        for query in queries:
            await ask(web, query, hash_of(query))
        assert await kept() == {hash_of(query) for query in queries[2:]}
        assert await valkey().zcard(documents.NAMES) == 3

    async def test_is_so_much_in_a_process(self, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        queries = [a_query() for _ in range(5)]
        monkeypatch.setattr(documents, "KEPT_BYTES_MAX", 2 * len(queries[0]))
        for query in queries:
            await ask(web, query, hash_of(query))
        assert list(documents._near) == [hash_of(query) for query in queries[3:]]
        assert documents._near_bytes == 2 * len(queries[0])

    async def test_is_so_many_of_one_asker(self, web: httpx2.AsyncClient) -> None:
        queries = [a_query() for _ in range(25)]
        for query in queries:
            assert "errors" not in await ask(web, query, hash_of(query))
        assert await kept() == {hash_of(query) for query in queries[:20]}
        missed = await ask(web, None, hash_of(queries[20]))
        assert missed["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "introspection", False)


@pytest.mark.usefixtures("hidden")
class TestAHiddenSchema:
    """A misspelt name is told as one that is not there, and never with the one that is."""

    @pytest.mark.parametrize(
        ("query", "variables"),
        [
            ("{ viewr { id } }", {}),
            ("{ viewer { profil { region } } }", {}),
            ("{ products(frist: 1) { edges { cursor } } }", {}),
            ("{ ... on Quer { __typename } }", {}),
            ("{ viewer @skp(if: true) { id } }", {}),
            ("{ viewer @skip(fi: true) { id } }", {}),
            ("query ($a: RequestPhoneCodeInpt) { __typename }", {}),
            ("{ products(filter: {kinds: [INSTANT_LON]}) { edges { cursor } } }", {}),
            ('mutation { requestPhoneCode(input: {phon: "1"}) { __typename } }', {}),
            ('mutation { requestPhoneCod(input: {phone: "1"}) { __typename } }', {}),
            (
                "mutation ($a: RequestPhoneCodeInput!) { requestPhoneCode(input: $a) { __typename } }",
                {"a": {"phon": "1"}},
            ),
            (
                "mutation ($a: UpdateProfileInput!) { updateProfile(input: $a) { __typename } }",
                {"a": {"regin": "CN-SH"}},
            ),
            ("query ($a: [ProductKind!]) { products(filter: {kinds: $a}) { edges { cursor } } }", {"a": ["INSTNT"]}),
            ("{ __schema { types { name } } }", {}),
            ('{ __type(name: "Query") { name } }', {}),
        ],
    )
    async def test_suggests_nothing(self, web: httpx2.AsyncClient, query: str, variables: dict[str, Any]) -> None:
        response = await web.post("/graphql", json={"query": query, "variables": variables})
        assert response.json()["errors"]
        assert "data" not in response.json()
        assert "mean" not in response.text
        for name in ("viewer", "profile", "first", "skip", "if", "region", "INSTANT_LOAN", "requestPhoneCode"):
            if name not in query:
                assert f"'{name}'" not in response.text
