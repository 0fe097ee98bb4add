"""Each door knows its own: another audience's token opens nothing, and nothing is said to nobody."""

import httpx2
import pytest

from domain.actors import Role
from domain.people import sessions
from infra.database import transaction
from tests.api.doors import Client
from tests.api.people import open_shop, somebody, staff_token

CLOSED = ("partner", "console")


async def app_token() -> str:
    async with transaction() as db:
        user = await somebody(db)
        return (await sessions.begin(db, user.id, "phone")).access_token


async def partner_token() -> str:
    return (await open_shop()).token


async def console_token() -> str:
    return await staff_token(Role.RISK)


TOKENS = {"app": app_token, "partner": partner_token, "console": console_token}


@pytest.mark.parametrize("door", CLOSED)
@pytest.mark.parametrize("audience", list(TOKENS))
async def test_a_token_opens_its_own_door_alone(http: httpx2.AsyncClient, door: str, audience: str) -> None:
    client = Client(http, door, await TOKENS[audience]())
    if door == audience:
        assert await client.ask("{ __typename }") == {"__typename": "Query"}
    else:
        assert await client.error_code("{ __typename }") == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("audience", CLOSED)
async def test_the_apps_door_is_shut_to_the_others(http: httpx2.AsyncClient, audience: str) -> None:
    headers = {"Authorization": f"Bearer {await TOKENS[audience]()}"}
    response = await http.post("/graphql", json={"query": "{ viewer { id } }"}, headers=headers)
    assert response.status_code == 401


@pytest.mark.parametrize("door", CLOSED)
class TestNobody:
    @pytest.mark.parametrize("token", [None, "", "nonsense", "ÿ"])
    async def test_nobody_is_told_anything(self, http: httpx2.AsyncClient, door: str, token: str | None) -> None:
        headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode("latin-1"))]
        response = await http.post(
            f"/{door}/graphql", json={"query": "{ __schema { types { name } } }"}, headers=headers
        )
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        why = "" if token is None else ', error="invalid_token"'
        assert response.headers["www-authenticate"] == f'Bearer realm="longan"{why}'
        assert response.headers["cache-control"] == "no-store"

    async def test_another_scheme_is_none_of_ours(self, http: httpx2.AsyncClient, door: str) -> None:
        headers = {"Authorization": f"Basic {await TOKENS[door]()}"}
        response = await http.post(f"/{door}/graphql", json={"query": "{ __typename }"}, headers=headers)
        assert response.status_code == 401


@pytest.mark.parametrize("door", CLOSED)
class TestManners:
    async def test_only_by_post(self, http: httpx2.AsyncClient, door: str) -> None:
        headers = {"Authorization": f"Bearer {await TOKENS[door]()}"}
        response = await http.get(f"/{door}/graphql", params={"query": "{ __typename }"}, headers=headers)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")

    async def test_nothing_is_kept_on_the_way(self, http: httpx2.AsyncClient, door: str) -> None:
        response = await Client(http, door, await TOKENS[door]()).post("{ __typename }")
        assert response.headers["cache-control"] == "no-store"

    async def test_no_door_knows_anothers_operations(self, http: httpx2.AsyncClient, door: str) -> None:
        client = Client(http, door, await TOKENS[door]())
        for operation in ("{ viewer { id } }", "{ tiers { code } }", "{ applications { edges { cursor } } }"):
            answer = (await client.post(operation)).json()
            own = {"partner": "applications", "console": "tiers"}[door]
            assert ("errors" not in answer) == (own in operation)
