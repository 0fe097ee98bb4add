"""A partner asks how far its products reach, and what another rule would change; it learns nothing of the few."""

from typing import Any

import pytest
from sqlalchemy import update

from domain.matching.sweeps.sweeps import Done
from domain.people.partners import PartnerClient
from domain.permissions import Scope
from infra.database import transaction
from tests.api import reaching
from tests.api.doors import Client
from tests.api.offering import LOAN, upsert
from tests.api.people import Shop, apply_at, shown_id
from tests.statements import statements

REACH = """
    query ($days: Int!) { products { edges { node { sku reach(days: $days) {
        people eligible eligibleAsOf simulated shown opened applied approved declined accepted
        against { code message people } } } } } }"""
REHEARSE = """
    query ($input: RehearseProductInput!) { rehearseProduct(input: $input) { __typename
        ... on Rehearsal { snapshot simulated asOf people eligibleBefore eligibleAfter gained lost against { code people } }
        ... on Refused { code message field } } }"""


@pytest.fixture
async def swept(monkeypatch: pytest.MonkeyPatch) -> Done:
    return await reaching.swept(monkeypatch)


async def reach(client: Client, days: int = 30) -> Any:
    (edge,) = (await client.ask(REACH, days=days))["products"]["edges"]
    return edge["node"]["reach"]


async def test_it_is_told_to_the_ten_and_nothing_of_the_few(client: Client, shop: Shop, swept: Done) -> None:
    await reaching.reached(swept, shop.product.id, eligible=434, against={"AGE_OUTSIDE": 277, "GRADE_TOO_LOW": 19})
    await reaching.happened(shop.product.id, shown=105, opened=19, applied=3, approved=2, declined=1, accepted=1)
    assert await reach(client) == {
        "people": 730,
        "eligible": 430,
        "eligibleAsOf": "2026-11-22T01:02:03+00:00",
        "simulated": True,
        "shown": 100,
        "opened": None,
        "applied": 3,
        "approved": 2,
        "declined": 1,
        "accepted": 1,
        "against": [
            {"code": "AGE_OUTSIDE", "message": "younger or older than the product is for", "people": 270},
        ],
    }


async def test_a_client_that_only_answers_applications_is_not_told(client: Client, shop: Shop) -> None:
    applied = await apply_at(shop)
    async with transaction() as db:
        own = PartnerClient.partner_id == shop.partner.id
        await db.execute(update(PartnerClient).where(own).values(scopes=[Scope.APPLICATIONS]))
    told = (await client.post("{ applications { nodes { id product { sku reach { shown } } } } }")).json()
    (error,) = told["errors"]
    missing = "This asks for the scope products, which this token has not."
    assert (error["extensions"]["code"], error["message"]) == ("FORBIDDEN", missing)
    assert told["data"]["applications"]["nodes"] == [
        {"id": shown_id(applied), "product": {"sku": "loan", "reach": None}}
    ]


async def test_before_a_sweep_nothing_is_known(client: Client, shop: Shop, swept: Done) -> None:
    told = await reach(client)
    assert (told["people"], told["eligible"], told["eligibleAsOf"], told["simulated"]) == (None, None, None, False)
    assert (told["shown"], told["applied"]) == (None, 0)


@pytest.mark.parametrize("days", [0, 366])
async def test_more_than_a_year_is_a_bad_request(client: Client, days: int) -> None:
    assert (await client.error_code(REACH, days=days))[1] == "BAD_REQUEST"


async def test_many_products_are_read_together(client: Client, shop: Shop, swept: Done) -> None:
    async def count() -> int:
        with statements() as sent:
            await client.ask(REACH, days=30)
        return len(sent)

    alone = await count()
    for number in range(4):
        await upsert(client, **LOAN | {"sku": f"more-{number}"})
    assert await count() == alone


async def test_a_change_is_rehearsed(client: Client, shop: Shop, swept: Done) -> None:
    rules = {"ageMax": 25}
    told = (await client.ask(REHEARSE, input={"sku": "loan", "rules": rules}))["rehearseProduct"]
    assert told["__typename"] == "Rehearsal" and told["asOf"] == "2026-11-22T01:02:03+00:00"
    assert (told["snapshot"], told["simulated"]) == (str(swept.id), True)
    assert (told["people"], told["gained"]) == (150, None)
    assert told["eligibleBefore"] > told["eligibleAfter"] >= 20 and told["lost"] >= 20
    assert told["against"][0]["code"] == "AGE_OUTSIDE"


async def test_what_could_not_be_offered_is_refused(client: Client, shop: Shop, swept: Done) -> None:
    told = (await client.ask(REHEARSE, input={"sku": "loan", "rules": {"ageMax": 17}}))["rehearseProduct"]
    assert told == {
        "__typename": "Refused",
        "code": "INVALID",
        "message": "Enter an age from 18 to 120.",
        "field": ["input", "rules", "ageMax"],
    }
    (edge,) = (await client.ask("{ products { edges { node { version rules { ageMax } } } } }"))["products"]["edges"]
    assert edge["node"] == {"version": 1, "rules": {"ageMax": None}}
