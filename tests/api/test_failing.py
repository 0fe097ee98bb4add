"""A house without its database, asked at every door with a token in hand: each answers in its own shape, and soon."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from infra import database
from tests.api.test_closed_doors import TOKENS
from tests.logs import Lines
from tests.sockets import socket

FORM = {"content-type": "application/x-www-form-urlencoded"}
CREDENTIALS = "grant_type=client_credentials&client_id=a&client_secret=b"
PROOFS = {"email": "a@example.com", "password": "b", "totp": "123456"}
SORRY = "This is not available just now. Please try again in a moment."


class Away(Exception):
    pass


def away() -> None:
    raise ConnectionRefusedError("nobody listens there")


def broken() -> None:
    raise Away("a person's words")


@pytest.fixture
async def tokens(longan: None, monkeypatch: pytest.MonkeyPatch, lines: Lines) -> AsyncIterator[dict[str, str]]:
    """One of each audience; then the database goes away."""
    made = {audience: await make() for audience, make in TOKENS.items()}
    monkeypatch.setattr(database, "_session", away)
    mark = lines.mark()
    yield made
    assert "operation.failed" not in lines.since(mark)


@pytest.mark.usefixtures("tokens")
class TestTheDatabaseIsAway:
    @pytest.mark.parametrize(
        ("door", "audience"), [("/graphql", "app"), ("/partner/graphql", "partner"), ("/console/graphql", "console")]
    )
    async def test_a_door_says_unavailable(
        self, web: httpx2.AsyncClient, door: str, audience: str, tokens: dict[str, str]
    ) -> None:
        headers = {"authorization": f"Bearer {tokens[audience]}"}
        query = "{ viewer { id } }" if audience == "app" else "{ __typename }"
        response = await web.post(door, json={"query": query}, headers=headers)
        (error,) = response.json()["errors"]
        assert (response.status_code, error["message"], error["extensions"]["code"]) == (503, SORRY, "UNAVAILABLE")
        assert error["extensions"]["requestId"] == response.headers["x-request-id"]

    async def test_what_needs_nobody_is_answered_to_a_visitor(self, web: httpx2.AsyncClient) -> None:
        assert (await web.post("/graphql", json={"query": "{ __typename }"})).json()["data"] == {"__typename": "Query"}

    async def test_a_socket_says_try_again(self, tokens: dict[str, str]) -> None:
        async with socket() as line:
            await line.say(type="connection_init", payload={"authorization": f"Bearer {tokens['app']}"})
            assert await line.closed_with() == 1013

    async def test_a_page_says_so(self, web: httpx2.AsyncClient) -> None:
        for path in ("/console/sign-in", "/console/tiers", "/console"):
            response = await web.get(path, headers={"accept-language": "en", "cookie": "longan_console=x"})
            assert response.status_code == 503
            assert SORRY in response.text
            assert response.headers["content-security-policy"].startswith("default-src 'none'")
            assert response.headers["cache-control"] == "no-store"

    async def test_signing_in_at_the_console_says_so(self, web: httpx2.AsyncClient) -> None:
        for response in (
            await web.post("/console/session", json=PROOFS, headers={"accept-language": "en"}),
            await web.delete("/console/session", headers={"authorization": "Bearer x"}),
        ):
            said = {"code": "UNAVAILABLE", "message": SORRY, "requestId": response.headers["x-request-id"]}
            assert (response.status_code, response.json()) == (503, {"error": said})

    async def test_the_token_endpoint_says_so(self, web: httpx2.AsyncClient) -> None:
        response = await web.post("/oauth/token", content=CREDENTIALS, headers=FORM)
        assert response.status_code == 503
        assert response.json() == {"error": "temporarily_unavailable", "error_description": SORRY}
        assert response.headers["cache-control"] == "no-store"


async def test_a_bug_is_told_in_the_same_shapes(
    web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(database, "_session", broken)
    mark = lines.mark()
    page = await web.get("/console/sign-in", headers={"accept-language": "zh"})
    session = await web.post("/console/session", json=PROOFS)
    token = await web.post("/oauth/token", content=CREDENTIALS, headers=FORM)
    assert (page.status_code, session.status_code, token.status_code) == (500, 500, 500)
    assert "我们这边出了点问题。" in page.text
    assert session.json()["error"]["code"] == "INTERNAL"
    assert token.json()["error"] == "server_error"
    logged = lines.since(mark)
    assert logged.count("operation.failed") == 3
    for text in (page.text, session.text, token.text, logged):
        assert "a person's words" not in text
