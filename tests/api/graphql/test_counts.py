"""`totalCount`: right over all pages, asked for by one statement, and only where somebody asks."""

from typing import Any

import httpx2
import pytest
from graphql import GraphQLObjectType

from domain.actors import Role
from domain.applications.applications import ApplicationStatus
from infra import paging
from tests.api.doors import Client, served_schemas
from tests.api.people import Shop, apply_at, open_shop, staff_token
from tests.applying import apply
from tests.phones import Phone
from tests.statements import statements

COUNTED = {
    "app": {"AgreementConnection", "ApplicationConnection", "MatchConnection", "ProductConnection"},
    "partner": {"ProductConnection"},  # a feed of changes has no end that could be counted
    "console": {
        "BenefitConnection",
        "CampaignConnection",
        "ClaimConnection",
        "DisputeConnection",
        "ProductConnection",
        "ReviewConnection",
    },
}


@pytest.mark.parametrize("audience", COUNTED)
def test_what_is_not_cheap_to_count_has_no_such_field(audience: str) -> None:
    types = [each for each in served_schemas()[audience].type_map.values() if isinstance(each, GraphQLObjectType)]
    assert {each.name for each in types if "totalCount" in each.fields} == COUNTED[audience]


async def test_a_person_counts_what_they_applied_for(shopper: Phone) -> None:
    asked = "{ viewer { applications(first: 1) { totalCount nodes { id } } matches(first: 2) { totalCount } } }"
    for many in (0, 1, 2):
        viewer = (await shopper.ask(asked))["viewer"]
        assert viewer["applications"]["totalCount"] == many
        await apply(shopper, amount=f"{2000 + 100 * many}.00")
    every = "{ viewer { matches(first: 100) { totalCount nodes { id } } } }"
    matches = (await shopper.ask(every))["viewer"]["matches"]
    assert matches["totalCount"] == viewer["matches"]["totalCount"]
    assert len(matches["nodes"]) == min(matches["totalCount"], 100)


async def ask_shop(http: httpx2.AsyncClient, shop: Shop, fields: str) -> tuple[Any, list[str]]:
    with statements() as sent:
        answer = await Client(http, "partner", shop.token).ask(f"{{ products(first: 0) {{ {fields} }} }}")
    return answer["products"], [each for each in sent if "FROM products" in each]


async def test_one_statement_counts_and_only_when_it_is_asked_for(http: httpx2.AsyncClient) -> None:
    shop = await open_shop()
    page, sent = await ask_shop(http, shop, "totalCount")
    assert (page["totalCount"], len(sent), "count(*)" in sent[-1]) == (1, 2, True)
    page, sent = await ask_shop(http, shop, "nodes { id }")
    assert (page["nodes"], len(sent), "count(*)" in sent[-1]) == ([], 1, False)


async def test_staff_count_the_queue(http: httpx2.AsyncClient) -> None:
    staff = Client(http, "console", await staff_token(Role.RISK))
    asked = "{ reviewQueue(first: 0) { totalCount } products(first: 0) { totalCount } }"
    before = await staff.ask(asked)
    await apply_at(await open_shop(), status=ApplicationStatus.IN_REVIEW)
    after = await staff.ask(asked)
    assert [after[name]["totalCount"] - before[name]["totalCount"] for name in after] == [1, 1]


async def test_nobody_counts_for_ever(http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = await open_shop()
    monkeypatch.setattr(paging, "COUNT_MAX", 0)
    monkeypatch.setattr("api.graphql.connections.COUNT_MAX", 0)
    page, sent = await ask_shop(http, shop, "totalCount")
    assert page["totalCount"] is None
    assert "LIMIT" in sent[-1]


async def test_no_list_is_read_backwards(phone: Phone) -> None:
    for argument in ("last: 5", 'before: "x"'):
        response = await phone.post(f"{{ products({argument}) {{ nodes {{ id }} }} }}")
        (error,) = response.json()["errors"]
        name = argument.split(":")[0]
        assert error["message"] == f"Unknown argument '{name}' on field 'Query.products'."
        assert error["extensions"]["code"] == "BAD_REQUEST"
