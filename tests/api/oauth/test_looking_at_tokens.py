"""Introspection (RFC 7662) and revocation (RFC 7009): of one's own tokens, and of nobody else's."""

from dataclasses import dataclass
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from domain.credit.grades import Grade
from domain.people import partner_tokens, partners
from domain.people.partners import PartnerClient
from domain.people.revoked_tokens import RevokedToken
from infra import pruning
from infra.database import reading, transaction
from infra.ids import new_id
from infra.settings import settings
from tests.api.doors import Client
from tests.api.oauth.sharing import Visitor, exchange, open_website, refresh, somebody_with
from tests.api.people import open_shop
from tests.clocks import Clock

KNOWS = "{ __typename }"


@dataclass(frozen=True)
class Server:
    """A partner's own, with its secret and a token."""

    http: httpx2.AsyncClient
    client_id: str
    secret: str
    token: str

    async def post(self, path: str, **form: str) -> httpx2.Response:
        return await self.http.post(f"/oauth/{path}", data=form, auth=(self.client_id, self.secret))

    async def is_active(self, token: str) -> bool:
        response = await self.post("introspect", token=token)
        assert response.status_code == 200 and response.headers["cache-control"] == "no-store"
        told = response.json()
        assert told["active"] or told == {"active": False}
        return bool(told["active"])


async def open_server(http: httpx2.AsyncClient) -> Server:
    shop, client_id = await open_shop(), f"server-{new_id()}"
    async with transaction() as db:
        secret = await partners.issue_client(db, shop.partner, client_id)
        client = await db.get_one(PartnerClient, client_id)
        client.scopes = ["products", "scores"]
        return Server(http, client_id, secret, await partner_tokens.issue(db, client, scopes=["scores"]))


@pytest.fixture
async def server(http: httpx2.AsyncClient) -> Server:
    return await open_server(http)


@pytest.fixture
async def stranger(http: httpx2.AsyncClient) -> Server:
    return await open_server(http)


def told_by(token: str) -> partner_tokens.PartnerToken:
    told = partner_tokens.read(token)
    assert told is not None
    return told


async def revoked() -> set[UUID]:
    async with reading() as db:
        return set((await db.execute(select(RevokedToken.id))).scalars())


class TestIntrospection:
    @pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "nonsense"])
    async def test_ones_own_token_tells_all_that_it_carries(self, server: Server, hint: str) -> None:
        told, carried = (
            (await server.post("introspect", token=server.token, token_type_hint=hint)).json(),
            told_by(server.token),
        )
        issuer = (await server.http.get("/.well-known/oauth-authorization-server")).json()["issuer"]
        assert told == {
            "active": True,
            "token_use": "access_token",
            "scope": "scores",
            "client_id": server.client_id,
            "sub": server.client_id,
            "token_type": "Bearer",
            "iat": carried.issued_at,
            "exp": carried.issued_at + 3600,
            "aud": "longan:partner",
            "iss": issuer,
            "jti": str(carried.id),
        }

    async def test_the_scope_is_what_the_client_still_has(self, server: Server) -> None:
        async with transaction() as db:
            (await db.get_one(PartnerClient, server.client_id)).scopes = ["products"]
        assert (await server.post("introspect", token=server.token)).json()["scope"] == ""

    async def test_anothers_token_and_noise_are_alike(self, server: Server, stranger: Server) -> None:
        answers = [await stranger.post("introspect", token=text) for text in (server.token, "noise", "a.b.c")]
        assert {(answer.status_code, answer.content) for answer in answers} == {(200, b'{"active":false}')}

    async def test_one_that_is_over_is_not_active(self, server: Server, clock: Clock) -> None:
        await clock.forward(minutes=59)
        assert await server.is_active(server.token)
        await clock.forward(minutes=1)
        assert not await server.is_active(server.token)

    async def test_without_a_token_or_a_client_nothing_is_told(self, server: Server) -> None:
        missing = await server.post("introspect")
        assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")
        nobody = await server.http.post("/oauth/introspect", data={"token": server.token})
        bearer = {"Authorization": f"Bearer {server.token}"}
        as_bearer = await server.http.post("/oauth/introspect", data={"token": server.token}, headers=bearer)
        for refused in (nobody, as_bearer):
            assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


class TestRevocation:
    async def test_ones_own_token_is_over_at_once_and_only_that_one(self, server: Server) -> None:
        async with transaction() as db:
            other = await partner_tokens.issue(db, await db.get_one(PartnerClient, server.client_id))
        client = Client(server.http, "partner", server.token)
        assert await client.ask(KNOWS)
        for _ in range(2):
            assert (await server.post("revoke", token=server.token)).status_code == 200
        assert await client.error_code(KNOWS) == (401, "UNAUTHENTICATED")
        assert [await server.is_active(each) for each in (server.token, other)] == [False, True]

    async def test_anothers_token_stays_good(self, server: Server, stranger: Server) -> None:
        before = await revoked()
        refused = await stranger.post("revoke", token=server.token)
        assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
        assert await server.is_active(server.token) and await revoked() == before

    @pytest.mark.parametrize("hint", ["", "access_token", "nonsense"])
    async def test_noise_is_as_the_client_wants_it(self, server: Server, hint: str) -> None:
        before = await revoked()
        assert (await server.post("revoke", token="noise", token_type_hint=hint)).status_code == 200
        assert await revoked() == before

    async def test_a_wrong_secret_revokes_nothing(self, server: Server) -> None:
        form = {"token": server.token}
        refused = await server.http.post("/oauth/revoke", data=form, auth=(server.client_id, "wrong"))
        assert refused.status_code == 401 and await server.is_active(server.token)

    async def test_what_is_over_by_itself_is_forgotten(self, server: Server, clock: Clock) -> None:
        await server.post("revoke", token=server.token)
        for minutes, is_kept in ((59, True), (1, False)):
            await clock.forward(minutes=minutes)
            async with transaction() as db:
                await pruning.one_batch(db, "prune_revoked_tokens")
            assert (told_by(server.token).id in await revoked()) is is_kept
        assert not await server.is_active(server.token)


class TestOfAPerson:
    """Tokens that came of one person's consent, on a partner's own website."""

    async def test_the_newest_refresh_token_is_its_clients_to_look_at(
        self, http: httpx2.AsyncClient, clock: Clock
    ) -> None:
        website, (_, number) = await open_website(), await somebody_with(Grade.B)
        visitor = Visitor()
        async with visitor.http:
            code = await visitor.share(website, number, scope="scores offline_access", days="100")
        first = (await exchange(http, website, code)).json()["refresh_token"]
        mine, other = Server(http, website.client_id, website.secret, ""), await open_server(http)
        renewed = (await refresh(http, website, first)).json()
        newest, at = renewed["refresh_token"], int((await clock.now()).timestamp())
        told = (await mine.post("introspect", token=newest, token_type_hint="refresh_token")).json()
        ends = told.pop("exp") - at
        assert told == {
            "active": True,
            "token_use": "refresh_token",
            "scope": "scores offline_access",
            "client_id": website.client_id,
            "sub": (await mine.post("introspect", token=renewed["access_token"])).json()["sub"],
            "iss": settings().public_url,
        }
        assert 90 * 86_400 - 60 <= ends <= 90 * 86_400
        assert [await each.is_active(token) for each, token in ((mine, first), (other, newest))] == [False, False]
        assert (await refresh(http, website, newest)).status_code == 200, "looking used nothing up"
        await clock.forward(days=91)
        assert not await mine.is_active(newest)

    async def test_a_refresh_token_that_was_revoked_ends_all_that_came_of_it(self, http: httpx2.AsyncClient) -> None:
        website, (_, number) = await open_website(), await somebody_with(Grade.B)
        visitor = Visitor()
        async with visitor.http:
            code = await visitor.share(website, number, scope="scores offline_access")
        given = (await exchange(http, website, code)).json()
        mine, other = Server(http, website.client_id, website.secret, ""), await open_server(http)
        told = (await mine.post("introspect", token=given["access_token"])).json()
        assert (told["active"], told["scope"]) == (True, "scores")
        assert told["sub"] not in (website.client_id, number)
        for revoker, token, status in ((other, given["refresh_token"], 400), (mine, "noise", 200)):
            assert (await revoker.post("revoke", token=token)).status_code == status
            assert await mine.is_active(given["access_token"]), "that was nobody's, or not theirs"
        assert (await mine.post("revoke", token=given["refresh_token"])).status_code == 200
        assert not await mine.is_active(given["access_token"])
        refused = await refresh(http, website, given["refresh_token"])
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
