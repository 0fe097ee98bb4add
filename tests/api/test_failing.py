"""A house without its database, asked at every door with a token in hand: each answers in its own shape, and soon."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx2
import pytest

from infra import database
from infra.settings import settings
from tests import sockets
from tests.api.test_closed_doors import TOKENS
from tests.logs import Lines
from tests.statements import statements

FORM = {"content-type": "application/x-www-form-urlencoded"}
CREDENTIALS = "grant_type=client_credentials&client_id=a&client_secret=b"
PROOFS = {"email": "a@example.com", "password": "b", "totp": "123456"}
KEPT = {"query": "{ products(first: 2) { nodes { title partner { name } } } }"}
SORRY = "This is not available just now. Please try again in a moment."


class Broken(Exception):
    pass


def broken() -> None:
    raise Broken("a person's words")


@asynccontextmanager
async def away() -> AsyncIterator[None]:
    """No connection is left, and nobody listens where others would be made: for transactions, reads and questions alike."""
    try:
        with socket_of_nobody() as port, pytest.MonkeyPatch.context() as patch:
            await database.close_engine()
            patch.setattr(settings(), "database_url", f"postgresql://longan@127.0.0.1:{port}/longan")
            yield
    finally:
        await database.close_engine()


@contextmanager
def socket_of_nobody() -> Iterator[int]:
    """A port that is taken, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
async def tokens(longan: None, lines: Lines) -> AsyncIterator[dict[str, str]]:
    """One of each audience; then the database goes away."""
    made = {audience: await make() for audience, make in TOKENS.items()}
    async with away():
        mark = lines.mark()
        yield made
        assert "operation.failed" not in lines.since(mark)


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.usefixtures("tokens")
class TestTheDatabaseIsAway:
    @pytest.mark.parametrize(
        ("door", "audience"), [("/graphql", "app"), ("/partner/graphql", "partner"), ("/console/graphql", "console")]
    )
    async def test_a_door_says_unavailable(
        self, web: httpx2.AsyncClient, door: str, audience: str, tokens: dict[str, str]
    ) -> None:
        query = "{ viewer { id } }" if audience == "app" else "{ __typename }"
        is_unavailable(await web.post(door, json={"query": query}, headers=bearing(tokens[audience])))

    async def test_what_needs_nobody_is_answered_to_a_visitor(self, web: httpx2.AsyncClient) -> None:
        assert (await web.post("/graphql", json={"query": "{ __typename }"})).json()["data"] == {"__typename": "Query"}

    async def test_a_socket_says_try_again(self, tokens: dict[str, str]) -> None:
        async with sockets.socket() as line:
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


@pytest.mark.usefixtures("longan")
@pytest.mark.parametrize(("is_signed_in", "status"), [(False, 200), (True, 503)])  # of a visitor a field has failed
async def test_what_is_kept_is_told_to_nobody_while_it_may_be_wrong(
    http: httpx2.AsyncClient, is_signed_in: bool, status: int
) -> None:
    headers = bearing(await TOKENS["app"]()) if is_signed_in else {}
    for _ in range(3):  # a session's first use is written down
        with statements() as sent:
            assert (
                len((await http.post("/graphql", json=KEPT, headers=headers)).json()["data"]["products"]["nodes"]) == 2
            )
    assert len(sent) == 1, "the look at what is true now; or nothing was kept"
    async with away():
        response = await http.post("/graphql", json=KEPT, headers=headers)
    is_unavailable(response, status)
    assert response.json().get("data") in (None, {"products": None})


def is_unavailable(response: httpx2.Response, status: int = 503) -> None:
    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"], error["extensions"]["code"]) == (status, SORRY, "UNAVAILABLE")
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]


async def test_a_bug_is_told_in_the_same_shapes(
    web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    for opening in ("_session", "open_reads"):
        monkeypatch.setattr(database, opening, broken)
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
