"""GraphQL over HTTP: shapes of requests, what may be asked how, and what is kept by whom."""

import hashlib
from typing import Any

import httpx2
import orjson
import pytest

from infra.settings import settings
from tests.api.doors import operations
from tests.phones import Phone

MODERN = "application/graphql-response+json"
PROVIDERS = "{ accountProviders { key } }"


def code_of(response: httpx2.Response) -> str:
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    return str(error["extensions"]["code"])


async def send(web: httpx2.AsyncClient, body: bytes, **headers: str) -> httpx2.Response:
    told = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await web.post("/graphql", content=body, headers=told)


class TestABody:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b'"x"',
            b"1",
            b"true",
            b"[]",
            b"{}",
            b"[{}]",
            b"{",
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"query": 1}',
            b'{"query": null}',
            b'{"query": ""}',
            b'{"query": ["{ __typename }"]}',
            b'{"query": "{ __typename }", "variables": []}',
            b'{"query": "{ __typename }", "variables": "x"}',
            b'{"query": "{ __typename }", "operationName": {}}',
            b'{"query": "{ __typename }", "extensions": 1}',
            b'{"query": "{ __typename }", "documentId": 1}',
            b'{"query": "\\ud800"}',
            b'{"query": "{ __typename }", "query": 7}',
            "{“query”: “{ __typename }”}".encode(),
        ],
    )
    @pytest.mark.parametrize("accept", [MODERN, "application/json", "*/*"])
    async def test_that_is_no_request_is_400_and_never_500(
        self, web: httpx2.AsyncClient, body: bytes, accept: str
    ) -> None:
        response = await send(web, body, accept=accept)
        assert response.status_code == 400
        assert code_of(response) == "BAD_REQUEST"
        assert "data" not in response.json()

    async def test_of_more_than_the_limit_is_413(self, web: httpx2.AsyncClient) -> None:
        query = "{ __typename } #" + "x" * settings().request_limits.body_bytes
        response = await send(web, orjson.dumps({"query": query}))
        assert response.status_code == 413

    async def test_that_arrives_in_pieces_is_413_too(self, web: httpx2.AsyncClient) -> None:
        async def pieces() -> Any:
            for _ in range(30):
                yield b" " * 10_000

        response = await web.post("/graphql", content=pieces(), headers={"content-type": "application/json"})
        assert response.status_code == 413

    @pytest.mark.parametrize(
        "kind",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/graphql",
            "",
        ],
    )
    async def test_that_a_form_could_send_is_refused(self, web: httpx2.AsyncClient, kind: str) -> None:
        body = orjson.dumps({"query": PROVIDERS})
        response = await web.post("/graphql", content=body, headers={"content-type": kind} if kind else {})
        assert (response.status_code, code_of(response)) == (415, "BAD_REQUEST")

    async def test_may_name_its_charset(self, web: httpx2.AsyncClient) -> None:
        response = await send(web, orjson.dumps({"query": PROVIDERS}), content_type="application/json; charset=utf-8")
        assert response.status_code == 200


class TestAnAnswer:
    @pytest.mark.parametrize("accept", [MODERN, "application/json"])
    async def test_comes_in_the_media_type_that_was_asked_for(self, web: httpx2.AsyncClient, accept: str) -> None:
        response = await send(web, orjson.dumps({"query": PROVIDERS}), accept=accept)
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        assert response.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize(
        "query", ["{", "{ nothing }", "query ($x: Int!) { products(first: $x) { edges { cursor } } }"]
    )
    async def test_to_a_mistaken_document_is_400_for_modern_clients(self, web: httpx2.AsyncClient, query: str) -> None:
        modern = await send(web, orjson.dumps({"query": query}), accept=MODERN)
        older = await send(web, orjson.dumps({"query": query}), accept="application/json")
        assert (modern.status_code, older.status_code) == (400, 200)
        assert "data" not in modern.json()
        assert code_of(modern) == code_of(older) == "BAD_REQUEST"

    async def test_to_one_of_two_operations_is_that_ones(self, web: httpx2.AsyncClient) -> None:
        body = {"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"}
        assert (await send(web, orjson.dumps(body))).json()["data"] == {"b": "Query"}
        for name in (None, "C", ""):
            response = await send(web, orjson.dumps(body | {"operationName": name}), accept=MODERN)
            assert response.status_code == 400
            assert code_of(response) == "BAD_REQUEST"

    async def test_tells_what_it_cost(self, web: httpx2.AsyncClient) -> None:
        response = await send(web, orjson.dumps({"query": PROVIDERS}))
        assert response.json()["extensions"] == {"cost": {"requested": 2, "limit": 2_500}}

    async def test_to_a_post_is_kept_by_nobody(self, web: httpx2.AsyncClient) -> None:
        assert (await send(web, orjson.dumps({"query": PROVIDERS}))).headers["cache-control"] == "no-store"


class TestByGet:
    async def test_a_mutation_is_refused(self, web: httpx2.AsyncClient) -> None:
        response = await web.get("/graphql", params={"query": "mutation { signOut { __typename } }"})
        assert response.status_code in {400, 405}
        assert "data" not in response.json()

    async def test_a_subscription_is_refused(self, web: httpx2.AsyncClient) -> None:
        response = await web.get("/graphql", params={"query": "subscription { scoreChanged { viewer { id } } }"})
        assert response.status_code in {400, 401, 405}

    @pytest.mark.parametrize("variables", ["{", "[]", "1", '"x"'])
    async def test_bad_variables_are_400(self, web: httpx2.AsyncClient, variables: str) -> None:
        response = await web.get("/graphql", params={"query": PROVIDERS, "variables": variables})
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")

    async def test_an_answer_may_be_asked_for_by_its_tag(self, web: httpx2.AsyncClient) -> None:
        first = await web.get("/graphql", params={"query": PROVIDERS})
        assert first.headers["cache-control"] == "private, no-cache"
        assert "Authorization" in first.headers["vary"]
        again = await web.get("/graphql", params={"query": PROVIDERS}, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = await web.get("/graphql", params={"query": PROVIDERS}, headers={"if-none-match": '"other"'})
        assert other.status_code == 200

    @pytest.mark.parametrize(
        "asked", ["W/{tag}", "*", '"other", {tag}', 'W/"a,b" , W/{tag}', '{tag}, "other"', "W/{tag},W/{tag}"]
    )
    async def test_a_tag_is_compared_weakly_and_found_in_a_list(self, web: httpx2.AsyncClient, asked: str) -> None:
        tag = (await web.get("/graphql", params={"query": PROVIDERS})).headers["etag"]
        again = await web.get("/graphql", params={"query": PROVIDERS}, headers={"if-none-match": asked.format(tag=tag)})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["cache-control"] == "private, no-cache"
        assert "content-length" not in again.headers

    async def test_tags_may_come_on_two_lines(self, web: httpx2.AsyncClient) -> None:
        tag = (await web.get("/graphql", params={"query": PROVIDERS})).headers["etag"]
        lines = [("if-none-match", '"other"'), ("if-none-match", f"W/{tag}")]
        assert (await web.get("/graphql", params={"query": PROVIDERS}, headers=lines)).status_code == 304

    @pytest.mark.parametrize("asked", ["W/", '""', "x", "{bare}", "w/{tag}", '"', ",,,", "**", 'W/"*"'])
    async def test_another_tag_brings_the_answer(self, web: httpx2.AsyncClient, asked: str) -> None:
        tag = (await web.get("/graphql", params={"query": PROVIDERS})).headers["etag"]
        told = asked.format(tag=tag, bare=tag.strip('"'))
        response = await web.get("/graphql", params={"query": PROVIDERS}, headers={"if-none-match": told})
        assert response.status_code == 200
        assert response.json()["data"]["accountProviders"]

    async def test_two_languages_have_two_tags(self, web: httpx2.AsyncClient) -> None:
        query = "{ accountProviders { name reads } }"
        tags = {
            (await web.get("/graphql", params={"query": query}, headers={"accept-language": language})).headers["etag"]
            for language in ("en", "zh-CN")
        }
        assert len(tags) == 2

    async def test_production_answers_hashed_documents_only(
        self, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings(), "plain_get", False)
        plain = await web.get("/graphql", params={"query": PROVIDERS})
        assert (plain.status_code, code_of(plain)) == (400, "BAD_REQUEST")
        hashed = await web.get("/graphql", params={"query": PROVIDERS, "extensions": persisted(PROVIDERS)})
        assert hashed.status_code == 200

    @pytest.mark.parametrize(
        "extensions",
        [
            "null",
            "{}",
            "[]",
            "1",
            '"persistedQuery"',
            "{",
            "",
            '{"persistedQuery": null}',
            '{"persistedQuery": {}}',
            '{"persistedQuery": []}',
            '{"persistedQuery": true}',
            '{"persistedQuery": "HASH"}',
            '{"persistedQuery": {"version": 1}}',
            '{"persistedQuery": {"version": 1, "sha256Hash": null}}',
            '{"persistedQuery": {"version": 1, "sha256Hash": ["HASH"]}}',
            '{"persistedQuery": {"version": true, "sha256Hash": "HASH"}}',
            '{"persistedQuery": {"version": "1", "sha256Hash": "HASH"}}',
            '{"persistedQuery": {"version": 1, "sha256hash": "HASH"}}',
            '{"persistedquery": {"version": 1, "sha256Hash": "HASH"}}',
            '{"persistedQuery": {"version": 1, "sha256Hash": "HASH"}, "persistedQuery": null}',
            '{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "HASH"}}}',
        ],
    )
    async def test_nothing_else_passes_for_a_hash(
        self, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, extensions: str
    ) -> None:
        monkeypatch.setattr(settings(), "plain_get", False)
        told = extensions.replace("HASH", hashlib.sha256(PROVIDERS.encode()).hexdigest())
        response = await web.get("/graphql", params={"query": PROVIDERS, "extensions": told})
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
        assert "data" not in response.json()

    @pytest.mark.parametrize("length", [1_000, 150_000])
    async def test_an_operation_of_a_huge_name_is_none(self, web: httpx2.AsyncClient, length: int) -> None:
        body = {"query": "query A { __typename }", "operationName": "A" * length}
        response = await send(web, orjson.dumps(body), accept=MODERN)
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
        assert len(response.content) < 500
        named = await send(web, orjson.dumps({"query": f"query {'A' * length} {{ __typename }}"}), accept=MODERN)
        assert named.status_code == (200 if length == 1_000 else 400)

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
    async def test_other_methods_are_told_which(self, web: httpx2.AsyncClient, method: str) -> None:
        response = await web.request(method, "/graphql", json={"query": PROVIDERS})
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, POST"


def persisted(query: str, sha256: str | None = None) -> str:
    wanted = sha256 or hashlib.sha256(query.encode()).hexdigest()
    return orjson.dumps({"persistedQuery": {"version": 1, "sha256Hash": wanted}}).decode()


class TestPersistedQueries:
    async def test_are_missed_then_taught_then_known(self, web: httpx2.AsyncClient) -> None:
        query = f"{{ accountProviders {{ key }} }} # {id(self)}"
        extensions = persisted(query)
        missed = await web.get("/graphql", params={"extensions": extensions})
        assert (missed.status_code, code_of(missed)) == (200, "PERSISTED_QUERY_NOT_FOUND")
        assert missed.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert missed.headers["cache-control"] == "no-store"
        taught = await send(web, orjson.dumps({"query": query, "extensions": orjson.loads(extensions)}))
        assert taught.status_code == 200
        known = await web.get("/graphql", params={"extensions": extensions})
        assert known.json()["data"] == taught.json()["data"]
        posted = await send(web, orjson.dumps({"extensions": orjson.loads(extensions)}))
        assert posted.json()["data"] == taught.json()["data"]
        sha256 = hashlib.sha256(query.encode()).hexdigest()
        by_id = await send(web, orjson.dumps({"documentId": f"sha256:{sha256}"}))
        assert by_id.json()["data"] == taught.json()["data"]

    async def test_are_never_another_document(self, web: httpx2.AsyncClient) -> None:
        other = hashlib.sha256(b"{ other }").hexdigest()
        body = {"query": PROVIDERS, "extensions": orjson.loads(persisted("", other))}
        response = await send(web, orjson.dumps(body))
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
        missed = await web.get("/graphql", params={"extensions": persisted("", other)})
        assert code_of(missed) == "PERSISTED_QUERY_NOT_FOUND"

    @pytest.mark.parametrize(
        "extensions",
        [
            {"persistedQuery": {}},
            {"persistedQuery": 1},
            {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}},
            {"persistedQuery": {"version": 1, "sha256Hash": "short"}},
            {"persistedQuery": {"version": 1}},
        ],
    )
    async def test_of_another_shape_are_400(self, web: httpx2.AsyncClient, extensions: Any) -> None:
        response = await send(web, orjson.dumps({"extensions": extensions}))
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")

    async def test_keep_no_secrets(self, web: httpx2.AsyncClient) -> None:
        response = await send(web, orjson.dumps({"documentId": "md5:123"}))
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


class TestTheBrowser:
    async def test_another_site_may_not_read_us(self, web: httpx2.AsyncClient) -> None:
        response = await send(web, orjson.dumps({"query": PROVIDERS}), origin="https://evil.example")
        assert "access-control-allow-origin" not in response.headers
        preflight = await web.options(
            "/graphql", headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
        )
        assert preflight.status_code == 405
        assert "access-control-allow-origin" not in preflight.headers

    async def test_the_page_for_trying_is_there_on_the_embedded_default(self, web: httpx2.AsyncClient) -> None:
        page = await web.get("/graphql", headers={"accept": "text/html"})
        assert page.status_code == 200
        assert "graphiql" in page.text.lower()


@pytest.mark.parametrize("operation", [name for name in operations("app") if name in {"Home", "Products"}])
async def test_a_document_may_be_asked_for_by_its_hash_alone(member: Phone, operation: str) -> None:
    query = operations("app")[operation]
    headers = {"authorization": f"Bearer {member.token}", "accept-language": "en"}
    await member.http.get("/graphql", params={"query": query, "extensions": persisted(query)}, headers=headers)
    answer = await member.http.get("/graphql", params={"extensions": persisted(query)}, headers=headers)
    assert answer.json()["data"] == await member.ask(query)
