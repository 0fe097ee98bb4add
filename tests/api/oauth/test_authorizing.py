"""What a website may ask at the page of consent, and what it hears of what it may not."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from sqlalchemy import func, select

from api.oauth.authorizing import PUSHED, Back
from domain.people import redirects
from domain.sharing.share_requests import ShareRequest
from infra.database import reading
from infra.settings import settings
from tests.api.oauth.sharing import CALLBACK, Website, open_website, told
from tests.clocks import Clock


@pytest.fixture(scope="module")
async def website() -> Website:
    return await open_website(CALLBACK, "https://shop.example/other")


async def kept(website: Website) -> int:
    async with reading() as db:
        its = select(func.count()).where(ShareRequest.client_id == website.client_id)
        return (await db.execute(its)).scalar_one()


async def test_whoever_is_sent_here_gets_a_page_of_their_own(http: httpx2.AsyncClient, website: Website) -> None:
    first, second = [await http.get(website.url()) for _ in range(2)]
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] != second.headers["location"]
    (cookie,) = first.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=lax", f"Path={first.headers['location']}"} <= set(cookie.split("; "))
    page = await http.get(first.headers["location"])
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "script-src 'self'" in policy and "default-src 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "<script" not in page.text


@pytest.mark.parametrize(
    "other",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": "\0"},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": CALLBACK + "&more=1"},
        {"redirect_uri": CALLBACK.partition("?")[0]},
        {"redirect_uri": CALLBACK + "#"},
        {"redirect_uri": "https://shop.example/back/../other"},
        {"redirect_uri": "https://shop.example:443/back?from=longan"},
        {"redirect_uri": "https://SHOP.example/back?from=longan"},
        {"redirect_uri": "https://shop.example@evil.example/back?from=longan"},
        {"redirect_uri": "http://shop.example/back?from=longan"},
        {"redirect_uri": "https://shop.example.evil.example/back?from=longan"},
        {"redirect_uri": "https://shop.example/%62ack?from=longan"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    http: httpx2.AsyncClient, website: Website, other: dict[str, str | None]
) -> None:
    before = await kept(website)
    page = await http.get(website.url(**other))
    assert (page.status_code, page.headers.get("location")) == (400, None)
    assert "evil" not in page.text and "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert await kept(website) == before


@pytest.mark.parametrize("twice", [{"client_id": "other"}, {"redirect_uri": "https://shop.example/other"}])
async def test_two_clients_or_two_addresses_are_none(
    http: httpx2.AsyncClient, website: Website, twice: dict[str, str]
) -> None:
    for query in (f"{website.query()}&{urlencode(twice)}", f"{urlencode(twice)}&{website.query()}"):
        page = await http.get(f"/oauth/authorize?{query}")
        assert (page.status_code, page.headers.get("location")) == (400, None)


async def test_another_clients_address_is_nobodys_here(http: httpx2.AsyncClient, website: Website) -> None:
    other = await open_website("https://other.example/back")
    page = await http.get(website.url(redirect_uri="https://other.example/back"))
    assert page.status_code == 400
    assert (await http.get(other.url(redirect_uri="https://other.example/back"))).status_code == 303


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "products"}, "invalid_scope"),
        ({"scope": "scores  score_reports"}, "invalid_scope"),
        ({"scope": "offline_access"}, "invalid_scope"),
        ({"scope": "scores everything"}, "invalid_scope"),
        ({"purpose": "FUN"}, "invalid_request"),
        ({"days": "0"}, "invalid_request"),
        ({"days": "366"}, "invalid_request"),
        ({"days": "1.5"}, "invalid_request"),
        ({"request": "e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/"}, "request_uri_not_supported"),
        ({"prompt": "none"}, "interaction_required"),
        ({"resource": "https://shop.example/graphql"}, "invalid_target"),
    ],
)
async def test_a_known_website_hears_what_is_wrong(
    http: httpx2.AsyncClient, website: Website, other: dict[str, str | None], error: str
) -> None:
    before = await kept(website)
    said = told(await http.get(website.url(**other)))
    assert (said["error"], said["state"], said["iss"]) == (error, "of the shop's", settings().public_url)
    assert said["from"] == "longan" and "code" not in said
    assert await kept(website) == before


async def test_what_is_given_twice_is_refused(http: httpx2.AsyncClient, website: Website) -> None:
    said = told(await http.get(f"{website.url()}&code_challenge={'a' * 43}"))
    assert said["error"] == "invalid_request"
    said = told(await http.get(f"{website.url()}&state=other"))
    assert said["error"] == "invalid_request" and "state" not in said


async def test_a_state_that_cannot_be_kept_is_refused_and_not_told(http: httpx2.AsyncClient, website: Website) -> None:
    for state in ("s" * 1_001, "of the\0shop's"):
        said = told(await http.get(website.url(state=state)))
        assert said["error"] == "invalid_request" and "state" not in said


@pytest.mark.parametrize("uri", ["https://shop.example/back", "https://shop.example/back?", CALLBACK])
def test_what_is_told_reads_as_a_query_at_each_address(uri: str) -> None:
    said = dict(parse_qsl(urlsplit(Back(uri, None).address(code="given")).query))
    said.pop("from", None)
    assert said == {"code": "given", "iss": settings().public_url}


async def test_a_client_asks_for_no_more_than_it_may(http: httpx2.AsyncClient) -> None:
    website = await open_website(scopes=["scores"])
    assert told(await http.get(website.url(scope="scores score_reports")))["error"] == "invalid_scope"
    nothing = await open_website(scopes=["products"])
    assert told(await http.get(nothing.url()))["error"] == "invalid_scope"


async def test_what_is_no_query_or_endless_is_a_page(http: httpx2.AsyncClient, website: Website) -> None:
    for query in ("", "client_id", "a=%ff", website.query(state="s" * 4_000)):
        assert (await http.get(f"/oauth/authorize?{query}")).status_code == 400


@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example/back",
        "https://shop.example:8443/back?x=1",
        "http://127.0.0.1:3000/back",
        "http://[::1]:3000/back",
        "http://localhost/back",
    ],
)
def test_a_website_may_have(uri: str) -> None:
    assert redirects.is_fit(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "http://shop.example/back",
        "https:///back",
        "https://shop.example/back#",
        "https://a@shop.example/",
        "https://shop.example/a/../b",
        "https://shop.example/ b",
        "https://shöp.example/",
        "https://shop.example:port/",
        "https://*.shop.example/",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "longan://back",
        "/back",
        "https://shop.example/\nb",
        "https://shop.example\\@evil.example/",
        "https://shop.example/back?x=1&state=",
    ],
)
def test_a_website_may_not_have(uri: str) -> None:
    assert not redirects.is_fit(uri)


class TestPushing:
    async def test_what_was_pushed_is_asked_once(self, http: httpx2.AsyncClient, website: Website) -> None:
        query = await push(http, website)
        for twice in ("client_id=other", f"request_uri={PUSHED}A", f"request_uri={PUSHED}"):
            assert (await http.get(f"/oauth/authorize?{twice}&{query}")).status_code == 400
        in_pieces = f"{query[:-9]}&request_uri={query[-9:]}"
        assert (await http.get(f"/oauth/authorize?{in_pieces}")).status_code == 400
        ahead = (
            await http.head(f"/oauth/authorize?{query}"),
            await http.get(f"/oauth/authorize?{query}", headers={"Sec-Purpose": "prefetch;prerender"}),
        )
        assert [(each.status_code, each.headers.get("location")) for each in ahead] == [(200, None), (503, None)]
        sent = await http.get(f"/oauth/authorize?{query}")
        assert sent.status_code == 303 and "有效期至" in (await http.get(sent.headers["location"])).text
        again = await http.get(f"/oauth/authorize?{query}")
        assert (again.status_code, again.headers.get("location")) == (400, None)

    async def test_it_is_over_after_ninety_seconds(
        self, http: httpx2.AsyncClient, website: Website, clock: Clock
    ) -> None:
        query = await push(http, website)
        await clock.forward(seconds=90)
        assert (await http.get(f"/oauth/authorize?{query}")).status_code == 400

    async def test_it_is_its_own_clients(self, http: httpx2.AsyncClient, website: Website) -> None:
        other = await open_website()
        query = (await push(http, website)).replace(website.client_id, other.client_id)
        assert (await http.get(f"/oauth/authorize?{query}")).status_code == 400
        invented = urlencode({"client_id": website.client_id, "request_uri": PUSHED + "A" * 43})
        assert (await http.get(f"/oauth/authorize?{invented}")).status_code == 400

    @pytest.mark.parametrize(
        ("other", "error"),
        [
            ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"scope": "products"}, "invalid_scope"),
            ({"resource": "longan:app"}, "invalid_target"),
            ({"request_uri": PUSHED + "A"}, "invalid_request"),
        ],
    )
    async def test_what_is_wrong_is_said_at_once(
        self, http: httpx2.AsyncClient, website: Website, other: dict[str, str], error: str
    ) -> None:
        before = await kept(website)
        refused = await send(http, website, **other)
        assert (refused.status_code, refused.json()["error"]) == (400, error)
        assert await kept(website) == before

    async def test_what_is_too_long_is_said_to_be_that(self, http: httpx2.AsyncClient, website: Website) -> None:
        refused = (await send(http, website, state="码" * 1_000)).json()
        assert refused == {"error": "invalid_request", "error_description": "this is longer than 4000 characters"}

    async def test_nobody_else_pushes_for_a_client(self, http: httpx2.AsyncClient, website: Website) -> None:
        thief = replace(website, secret="wrong")
        refused = await send(http, thief)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def send(http: httpx2.AsyncClient, website: Website, **other: str) -> httpx2.Response:
    form = dict(parse_qsl(website.query(**{"resource": "longan:partner", **other})))
    return await http.post("/oauth/par", data=form, auth=(website.client_id, website.secret))


async def push(http: httpx2.AsyncClient, website: Website) -> str:
    """The query that a browser then brings."""
    response = await send(http, website)
    told = response.json()
    assert (response.status_code, told["expires_in"]) == (201, 90), told
    return urlencode({"client_id": website.client_id, "request_uri": told["request_uri"]})
