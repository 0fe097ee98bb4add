"""Whoever has the test client that the command line issues is a test client."""

import httpx2

from tests.api.cli.test_staff import told
from tests.api.people import open_shop
from tests.commands import longan


async def test_a_test_client_says_that_it_is_one(http: httpx2.AsyncClient) -> None:
    shop = await open_shop()
    code, output = await longan("clients", "test", shop.partner.code)
    assert code == 0, output
    client = (told(output, "client"), told(output, "secret"))
    granted = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
    headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}
    answer = await http.post("/partner/graphql", json={"query": "{ me { name isTest } }"}, headers=headers)
    assert answer.json()["data"]["me"] == {"name": "Shop", "isTest": True}
    assert await longan("clients", "end", client[0]) == (0, f"{client[0]} is no client any more\n")
    over = await http.post("/partner/graphql", json={"query": "{ me { name isTest } }"}, headers=headers)
    unproven = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
    assert (over.status_code, unproven.status_code, unproven.json()["error"]) == (401, 401, "invalid_client")
    again, _ = await longan("clients", "test", shop.partner.code)
    assert again == 0


async def test_there_is_none_of_a_partner_that_is_not_there() -> None:
    code, output = await longan("clients", "test", "nobody")
    assert (code, output.strip()) == (1, "Not done: there is no partner nobody.")
