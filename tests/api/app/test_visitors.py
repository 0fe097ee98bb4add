"""Who is not signed in: may look around, may sign in, and is told 401 for everything else before it runs."""

from typing import Any

import pytest

from api.app.schema import schema
from api.app.visitors import open_to_visitors
from tests.api.doors import operations
from tests.applying import wish
from tests.phones import Phone, new_key, new_number

CLOSED: dict[str, Any] = {
    "SignOut": {},
    "UpdateProfile": {"input": {}},
    "StartAccountLink": {"input": {"provider": "wechat", "redirectUri": "longan://linked"}},
    "CompleteAccountLink": {"input": {"callbackUrl": "longan://linked?state=x"}},
    "UnlinkAccount": {"input": {"linkedAccountId": "x"}},
    "Apply": {"input": wish()},
    "EndDevice": {"input": {"deviceId": "x"}},
    "WithdrawApplication": {"input": {"applicationId": "x"}},
}


@pytest.mark.parametrize("operation", CLOSED)
async def test_nobody_is_told_to_sign_in(phone: Phone, operation: str) -> None:
    response = await phone.post(operations("app")[operation], CLOSED[operation])
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert response.headers["www-authenticate"] == 'Bearer realm="longan"'
    assert "data" not in response.json()


@pytest.mark.parametrize(
    "query",
    [
        "mutation { ...Out } fragment Out on Mutation { signOut { __typename } }",
        "mutation { ... on Mutation { out: signOut { __typename } } }",
        "mutation Wanted { signOut { __typename } } query Other { viewer { id } }",
    ],
)
async def test_no_disguise_lets_nobody_in(phone: Phone, query: str) -> None:
    body = {"query": query, "operationName": "Wanted" if "Wanted" in query else None}
    assert (await phone.http.post("/graphql", json=body)).status_code == 401


@pytest.mark.parametrize("operation", ["Products", "AccountProviders"])
async def test_everybody_may_look_around(phone: Phone, operation: str) -> None:
    assert await phone.send(operation)


async def test_a_visitor_has_no_viewer(phone: Phone) -> None:
    assert (await phone.send("Home")) is None


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
async def test_a_token_that_is_nobodys_opens_nothing(phone: Phone, token: str) -> None:
    response = await phone.post("{ viewer { id } }", Authorization=f"Bearer {token}")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_an_app_that_shows_an_old_token_may_still_sign_in(phone: Phone) -> None:
    phone.session = {"accessToken": "nonsense"}
    assert (await phone.do("RequestPhoneCode", phone=new_number()))["__typename"] == "Challenge"
    refused = await phone.do("RefreshSession", refreshToken="nonsense", idempotencyKey=new_key())
    assert refused["code"] == "SESSION_ENDED"


def test_what_is_open_is_written_down_here_too() -> None:
    said = {"requestPhoneCode", "signIn", "refreshSession", "viewer", "node", "accountProviders", "products", "plans"}
    said |= {"occupations", "regions", "nodes", "answerSecondFactor", "stopPhoneChange", "reportRecycledNumber"}
    assert said | {"__typename", "__schema", "__type"} == open_to_visitors(schema())
