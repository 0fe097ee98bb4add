"""Finding many things again by their permanent ids: in their order, each kind in one go, and never what is somebody else's."""

from typing import Any

import httpx2
import pytest
from graphql import OperationDefinitionNode, parse
from sqlalchemy import select

from api.graphql.limits import cost_of
from domain.actors import Role
from domain.applications.applications import ApplicationStatus
from domain.market import products
from infra.database import reading
from infra.ids import global_id
from membership.benefits import Benefit
from tests.api.doors import Client
from tests.api.people import apply_at, open_shop, shown_id, staff_token
from tests.nothing import NOBODYS
from tests.phones import NewPhone, Phone
from tests.statements import statements

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
OFFERED = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Product { id partner { name } } } }"
ODD = ["", "nonsense", "é", "VXNlcg", "A" * 5000, global_id("Nothing", NOBODYS), global_id("Product", NOBODYS)]


async def kinds(person: Phone | Client, ids: list[str]) -> list[Any]:
    found = (await person.ask(NODES, ids=ids))["nodes"]
    assert [node and node["id"] for node in found] == [
        id if node else None for id, node in zip(ids, found, strict=True)
    ]
    return [node and node["__typename"] for node in found]


async def published(many: int) -> list[str]:
    async with reading() as db:
        rows = await db.execute(products.published().limit(many))
        return [global_id("Product", row.id) for row in rows.scalars()]


class TestInTheApp:
    async def test_each_stands_where_its_id_stood_and_what_never_was_is_null(self, regular: Phone) -> None:
        home = await regular.send("Home")
        mine = [
            home["matches"]["edges"][0]["node"]["id"],
            home["id"],
            home["linkedAccounts"][0]["id"],
            home["membership"]["benefits"][0]["id"],
            home["score"]["id"],
        ]
        (product,) = await published(1)
        names = ["Match", "User", "LinkedAccount", "Benefit", "Score"]
        assert await kinds(regular, [*mine, product, home["id"], *ODD]) == [
            *names,
            "Product",
            "User",
            *[None] * len(ODD),
        ]
        assert await kinds(regular, []) == []

    async def test_what_is_mine_is_null_to_others(self, regular: Phone, new_phone: NewPhone) -> None:
        home = await regular.send("Home")
        (product,) = await published(1)
        asked = [home["id"], product, home["score"]["id"], home["linkedAccounts"][0]["id"]]
        stranger = await new_phone()
        assert await kinds(stranger, asked) == [None, "Product", None, None]
        await stranger.sign_in()
        assert await kinds(stranger, asked) == [None, "Product", None, None]

    async def test_a_hundred_are_found_and_more_are_refused(self, regular: Phone) -> None:
        ids = (await published(50) + ["nonsense"] * 100)[:101]
        assert (await kinds(regular, ids[:100]))[0] == "Product"
        assert await regular.error(NODES, ids=ids) == (200, "BAD_REQUEST")

    async def test_twenty_take_as_many_statements_as_one(self, http: httpx2.AsyncClient) -> None:
        visitor, sent = Phone(http), []
        for many in (2, 1, 20):
            with statements() as listened:
                answer = await visitor.ask(OFFERED, ids=await published(many))
            assert len([node for node in answer["nodes"] if node["partner"]["name"]]) == many
            sent.append([each for each in listened if "FROM products" in each or "FROM partners" in each])
        # One to choose the ids here, one of products, and at first one of partners.
        assert [len(each) for each in sent] == [3, 2, 2]

    @pytest.mark.parametrize("written", ['["a", "b", "c"]', "$ids", '["a", $x, "c"]'])
    def test_they_cost_as_many_times_as_they_are(self, written: str) -> None:
        query = f"query ($ids: [ID!]!, $x: ID!) {{ nodes(ids: {written}) {{ id ... on Product {{ title }} }} }}"
        (operation,) = parse(query).definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert cost_of(operation, {}, {"ids": ["a", "b", "c"], "x": "b"}) == 1 + 3 * 2


class TestAtTheClosedDoors:
    async def test_a_partner_finds_its_own(self, http: httpx2.AsyncClient) -> None:
        shop, other = await open_shop(), await open_shop()
        mine, others = await apply_at(shop), await apply_at(other)
        asked = [shown_id(others), shown_id(mine), global_id("Product", shop.product.id)]
        asked += [global_id("Product", other.product.id), *ODD]
        client = Client(http, "partner", shop.token)
        assert await kinds(client, asked) == [None, "Application", "Product", None, *[None] * len(ODD)]

    async def test_staff_find_what_their_role_may_see(self, http: httpx2.AsyncClient) -> None:
        shop = await open_shop()
        application = await apply_at(shop, status=ApplicationStatus.IN_REVIEW)
        async with reading() as db:
            benefit = (await db.execute(select(Benefit.id).limit(1))).scalar_one()
        asked = [shown_id(application), global_id("Product", shop.product.id), global_id("Benefit", benefit), *ODD]
        nothing = [None] * len(ODD)
        risk = Client(http, "console", await staff_token(Role.RISK))
        viewer = Client(http, "console", await staff_token(Role.VIEWER))
        assert await kinds(risk, asked) == ["Application", "Product", "Benefit", *nothing]
        assert await kinds(viewer, asked) == [None, "Product", "Benefit", *nothing]
