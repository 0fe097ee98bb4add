"""Every role at the console sees each product's funnel, to the person."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from domain.actors import Role
from domain.matching.sweeps import group_costs
from domain.matching.sweeps.group_costs import Spending
from domain.matching.sweeps.sweeps import Done
from infra.database import transaction
from infra.ids import global_id
from tests.api import reaching
from tests.api.doors import Client
from tests.api.offering import close
from tests.api.people import Shop, open_shop, staff_token
from tests.statements import statements

PRODUCTS = """
    query ($first: Int, $after: String, $kind: ProductKind) { products(first: $first, after: $after, kind: $kind) {
        pageInfo { hasNextPage endCursor }
        edges { node { id sku title kind status version partnerName reach(days: 7) {
            people eligible shown opened applied approved declined accepted against { code people } } } } } }"""


@pytest.fixture
async def swept(monkeypatch: pytest.MonkeyPatch) -> Done:
    return await reaching.swept(monkeypatch)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = await open_shop()
    yield shop
    await close(shop)


async def all_products(client: Client, **asked: Any) -> list[Any]:
    """Page by page."""
    found: list[Any] = []
    after = None
    while True:
        told = (await client.ask(PRODUCTS, first=100, after=after, **asked))["products"]
        found += [edge["node"] for edge in told["edges"]]
        after = told["pageInfo"]["endCursor"]
        if not told["pageInfo"]["hasNextPage"]:
            return found


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_sees_every_count(http: httpx2.AsyncClient, shop: Shop, swept: Done, role: Role) -> None:
    await reaching.reached(swept, shop.product.id, eligible=7, against={"AGE_OUTSIDE": 2, "GRADE_TOO_LOW": 3})
    await reaching.happened(shop.product.id, shown=5, opened=4, applied=3, approved=1, declined=1, accepted=1)
    found = await all_products(Client(http, "console", await staff_token(role)), kind="LOAN")
    mine = global_id("Product", shop.product.id)
    assert [product for product in found if product["id"] == mine] == [
        {
            "id": mine,
            "sku": "loan",
            "title": "A loan",
            "kind": "LOAN",
            "status": "PUBLISHED",
            "version": 1,
            "partnerName": "Shop",
            "reach": {
                "people": 12,
                "eligible": 7,
                "shown": 5,
                "opened": 4,
                "applied": 3,
                "approved": 1,
                "declined": 1,
                "accepted": 1,
                "against": [{"code": "GRADE_TOO_LOW", "people": 3}, {"code": "AGE_OUTSIDE", "people": 2}],
            },
        }
    ]
    assert {product["kind"] for product in found} == {"LOAN"}


async def test_a_page_costs_the_same_however_long_it_is(http: httpx2.AsyncClient, swept: Done) -> None:
    client, sent = Client(http, "console", await staff_token(Role.VIEWER)), []
    await client.ask(PRODUCTS, first=1)  # what a process asks for once, and then knows
    for first in (1, 50):
        with statements() as each:
            await client.ask(PRODUCTS, first=first)
        sent.append(len(each))
    assert sent[0] == sent[1]


async def test_nobody_else_sees_them(http: httpx2.AsyncClient, shop: Shop) -> None:
    assert (await Client(http, "console", shop.token).error_code(PRODUCTS))[1] == "UNAUTHENTICATED"
    assert (await Client(http, "console", None).error_code(PRODUCTS))[1] == "UNAUTHENTICATED"


GROUP_COSTS = "{ groupCosts { column group people annualCost overpaid overpaidAtLeast overpaidAtMost isConcern } }"


async def test_what_groups_pay_is_told_of_the_last_sweep(http: httpx2.AsyncClient, swept: Done) -> None:
    client = Client(http, "console", await staff_token(Role.VIEWER))
    assert await client.ask(GROUP_COSTS) == {"groupCosts": []}
    of_one = [(replace(reaching.PEOPLE[0], age=30, region=None, occupation=None), Spending(5, 0.1234567, 0.02))]
    async with transaction() as db:
        await group_costs.add(db, swept.id, 0, of_one * 20)
    told = {"people": 20, "annualCost": "0.12346", "overpaid": "0.02000", "isConcern": False}
    told |= {"overpaidAtLeast": "0.02000", "overpaidAtMost": "0.02000"}
    assert (await client.ask(GROUP_COSTS))["groupCosts"] == [
        {"column": "age", "group": "25-34", **told},
        {"column": "region", "group": "untold", **told},
        {"column": "occupation", "group": "untold", **told},
    ]
    assert (await Client(http, "console", None).error_code(GROUP_COSTS))[1] == "UNAUTHENTICATED"
