"""The token endpoint: what RFC 6749 asks of it, and what no client gets past it."""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import httpx2
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from sqlalchemy import delete

from api.main import app
from api.oauth import clients
from domain.people import partners
from domain.people.partners import PartnerClient
from domain.permissions import Scope
from infra import hashing
from infra.database import transaction
from infra.setting_parts import Rate
from tests.api.doors import Client
from tests.api.people import open_shop

PATHS = ["/oauth/token", "/oauth/introspect", "/oauth/revoke"]
GRANT = {"grant_type": "client_credentials"}


@dataclass(frozen=True)
class Credentials:
    client_id: str
    secret: str

    @property
    def basic(self) -> dict[str, str]:
        return basic(self.client_id, self.secret)

    @property
    def form(self) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": self.secret}


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


@pytest.fixture(scope="module")
async def credentials() -> Credentials:
    shop = await open_shop()
    async with transaction() as db:
        client_id = f"client-{uuid4()}"
        return Credentials(client_id, await partners.issue_client(db, shop.partner, client_id))


async def ask(http: httpx2.AsyncClient, form: Any, headers: dict[str, str] | None = None) -> httpx2.Response:
    return await http.post("/oauth/token", data=form, headers=headers)


class TestGranting:
    async def test_by_http_basic(self, http: httpx2.AsyncClient, credentials: Credentials) -> None:
        response = await ask(http, GRANT, credentials.basic)
        told = response.json()
        assert response.status_code == 200
        assert (told["token_type"], told["expires_in"]) == ("Bearer", 3600)
        assert set(told) == {"access_token", "token_type", "expires_in", "scope"}
        assert told["scope"].split() == sorted(Scope)
        assert response.headers["cache-control"] == "no-store"

    async def test_in_the_body(self, http: httpx2.AsyncClient, credentials: Credentials) -> None:
        assert (await ask(http, {**GRANT, **credentials.form})).status_code == 200

    async def test_the_same_client_id_beside_basic(self, http: httpx2.AsyncClient, credentials: Credentials) -> None:
        form = {**GRANT, "client_id": credentials.client_id}
        assert (await ask(http, form, credentials.basic)).status_code == 200

    async def test_what_is_not_known_or_empty_is_left_out(
        self, http: httpx2.AsyncClient, credentials: Credentials
    ) -> None:
        form = {**GRANT, "scope": "", "audience": "anything"}
        assert (await ask(http, form, credentials.basic)).status_code == 200

    async def test_the_token_opens_the_partners_door(self, http: httpx2.AsyncClient, credentials: Credentials) -> None:
        token = (await ask(http, GRANT, credentials.basic)).json()["access_token"]
        assert (await Client(http, "partner", token).send("Applications")).keys() == {"applications"}

    async def test_a_token_for_some_of_the_scopes_does_no_more(
        self, http: httpx2.AsyncClient, credentials: Credentials
    ) -> None:
        told = (await ask(http, {**GRANT, "scope": "scores products products"}, credentials.basic)).json()
        assert told["scope"] == "products scores"
        mine = await Client(http, "partner", told["access_token"]).ask("{ me { scopes } }")
        assert mine["me"]["scopes"] == ["products", "scores"]

    async def test_a_scope_that_the_client_has_not_or_no_more_is_nobodys(
        self, http: httpx2.AsyncClient, credentials: Credentials
    ) -> None:
        token = (await ask(http, GRANT, credentials.basic)).json()["access_token"]
        async with transaction() as db:
            client = await db.get_one(PartnerClient, credentials.client_id)
            had, client.scopes = client.scopes, ["products"]
        refused = await ask(http, {**GRANT, "scope": "scores"}, credentials.basic)
        elsewhere = await ask(http, {**GRANT, "resource": "https://another.example/"}, credentials.basic)
        assert (elsewhere.status_code, elsewhere.json()["error"]) == (400, "invalid_target")
        assert (await ask(http, {**GRANT, "resource": "longan:partner"}, credentials.basic)).status_code == 200
        mine = await Client(http, "partner", token).ask("{ me { scopes } }")
        async with transaction() as db:
            (await db.get_one(PartnerClient, credentials.client_id)).scopes = had
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
        assert mine["me"]["scopes"] == ["products"]

    async def test_a_client_that_was_taken_back_is_out_at_once(self, http: httpx2.AsyncClient) -> None:
        shop = await open_shop()
        client = Client(http, "partner", shop.token)
        assert await client.send("Applications") is not None
        async with transaction() as db:
            await db.execute(delete(PartnerClient).where(PartnerClient.partner_id == shop.partner.id))
        assert await client.error_code("{ __typename }") == (401, "UNAUTHENTICATED")

    async def test_the_server_describes_itself(self, http: httpx2.AsyncClient) -> None:
        told = (await http.get("/.well-known/oauth-authorization-server")).json()
        assert told["token_endpoint"] == told["issuer"] + "/oauth/token"
        assert told["grant_types_supported"] == ["authorization_code", "client_credentials", "refresh_token"]
        assert told["scopes_supported"] == [*sorted(Scope), "offline_access"]
        assert (told["response_types_supported"], told["code_challenge_methods_supported"]) == (["code"], ["S256"])
        assert told["authorization_endpoint"] == told["issuer"] + "/oauth/authorize"
        assert told["authorization_response_iss_parameter_supported"] is True


class TestBesideStrangers:
    async def test_a_client_of_before_has_a_line_and_counts_of_its_own(
        self, http: httpx2.AsyncClient, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert (await ask(http, GRANT, credentials.basic)).status_code == 200
        monkeypatch.setattr(clients, "PER_IP", Rate(times=1, seconds=71))
        nobody = basic(f"client-{uuid4()}", "wrong")
        assert [(await ask(http, GRANT, nobody)).status_code for _ in range(2)] == [401, 429]
        monkeypatch.setattr(hashing.strangers, "most", 0)
        assert (await ask(http, GRANT, basic(f"client-{uuid4()}", "wrong"))).status_code == 429
        assert (await ask(http, GRANT, credentials.basic)).status_code == 200

    async def test_a_wrong_secret_makes_nobody_known(
        self, http: httpx2.AsyncClient, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nobody = f"client-{uuid4()}"
        assert (await ask(http, GRANT, basic(nobody, "wrong"))).status_code == 401
        monkeypatch.setattr(hashing.strangers, "most", 0)
        assert (await ask(http, GRANT, basic(nobody, "wrong"))).status_code == 429


class TestRefusing:
    @pytest.mark.parametrize(
        ("form", "error"),
        [
            ({}, "invalid_request"),
            ({"grant_type": ""}, "invalid_request"),
            ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
            ({"grant_type": "authorization_code", "code": "a"}, "invalid_request"),
            ({"grant_type": "refresh_token", "refresh_token": "a"}, "invalid_grant"),
            ({"grant_type": "Client_Credentials"}, "unsupported_grant_type"),
            ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
            ({**GRANT, "audience": ["a", "b"]}, "invalid_request"),
            ({**GRANT, "client_secret": "x"}, "invalid_request"),
            ({**GRANT, "client_id": "another"}, "invalid_request"),
            ({**GRANT, "scope": "everything"}, "invalid_scope"),
            ({**GRANT, "scope": "scores everything"}, "invalid_scope"),
            ({**GRANT, "scope": "scores  products"}, "invalid_scope"),
            ({**GRANT, "scope": " scores"}, "invalid_scope"),
            ({**GRANT, "scope": "SCORES"}, "invalid_scope"),
            ({**GRANT, "scope": "scores,products"}, "invalid_scope"),
        ],
    )
    async def test_a_request_that_says_something_else(
        self, http: httpx2.AsyncClient, credentials: Credentials, form: Any, error: str
    ) -> None:
        response = await ask(http, form, credentials.basic)
        assert (response.status_code, response.json()["error"]) == (400, error)
        assert response.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
    async def test_a_body_that_is_no_form(
        self, http: httpx2.AsyncClient, credentials: Credentials, content_type: str
    ) -> None:
        headers = {**credentials.basic, "Content-Type": content_type}
        response = await http.post("/oauth/token", content=b"grant_type=client_credentials", headers=headers)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("body", [b"grant_type", b"&", b"grant_type=%ff", b"\xff\xfe", b"a=1&&b=2"])
    async def test_a_form_that_is_broken(self, http: httpx2.AsyncClient, credentials: Credentials, body: bytes) -> None:
        headers = {**credentials.basic, "Content-Type": "application/x-www-form-urlencoded"}
        response = await http.post("/oauth/token", content=body, headers=headers)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    async def test_an_unknown_client_and_a_wrong_secret_are_alike(
        self, http: httpx2.AsyncClient, credentials: Credentials
    ) -> None:
        wrong = await ask(http, GRANT, basic(credentials.client_id, "wrong"))
        unknown = await ask(http, GRANT, basic("nobody", "wrong"))
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.content == unknown.content and wrong.json()["error"] == "invalid_client"
        assert wrong.headers["www-authenticate"].startswith("Basic ")

    @pytest.mark.parametrize(
        "header",
        [
            "Basic",
            "Basic !!!",
            "Basic bm9jb2xvbg==",
            "Basic /////w==",
            "Bearer abc",
            "Basic " + "YQ" * 3000,
            "Basic ADp4",
        ],
    )
    async def test_an_authorization_that_is_broken(self, http: httpx2.AsyncClient, header: str) -> None:
        response = await ask(http, GRANT, {"Authorization": header})
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")

    @pytest.mark.parametrize("path", PATHS)
    async def test_nothing_is_told_in_the_address(
        self, http: httpx2.AsyncClient, credentials: Credentials, path: str
    ) -> None:
        """Not even beside what is right."""
        for told in (credentials.form, {"token": "x"}, {"grant_type": "client_credentials"}):
            response = await http.post(path, params=told, data={**GRANT, "token": "x"}, headers=credentials.basic)
            assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    async def test_a_token_in_the_address_of_a_door_is_nobodys(
        self, http: httpx2.AsyncClient, credentials: Credentials
    ) -> None:
        token = (await ask(http, GRANT, credentials.basic)).json()["access_token"]
        response = await http.post("/partner/graphql", params={"access_token": token}, json={"query": "{ __typename }"})
        assert response.status_code == 401

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    async def test_no_other_method(self, http: httpx2.AsyncClient, method: str, path: str) -> None:
        response = await http.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")

    async def test_a_body_that_is_too_long(self, http: httpx2.AsyncClient) -> None:
        assert (await ask(http, {"grant_type": "x" * 20_000})).status_code == 413

    async def test_too_many_from_one_place(
        self, http: httpx2.AsyncClient, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clients, "PER_CLIENT", Rate(times=2, seconds=60))
        one_more = basic(f"client-{uuid4()}", "x")
        answers = [(await ask(http, GRANT, one_more)).status_code for _ in range(3)]
        assert answers == [401, 401, 429]
        refused = await ask(http, GRANT, one_more)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert (await ask(http, GRANT, credentials.basic)).status_code == 200


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_client_that_others_wrote_gets_along(credentials: Credentials, method: str) -> None:
    transport = httpx2.ASGITransport(app=app)
    async with AsyncOAuth2Client(
        credentials.client_id,
        credentials.secret,
        token_endpoint_auth_method=method,
        token_endpoint="http://house/oauth/token",
        grant_type="client_credentials",
        transport=transport,
        base_url="http://house",
    ) as client:
        await client.fetch_token()
        answer = await client.post("/partner/graphql", json={"query": "{ __typename }"})
    assert answer.json()["data"] == {"__typename": "Query"}
