"""A person applies in the app, the partner answers at its door, and the app hears of it."""

from datetime import date
from uuid import uuid4

import httpx2
import pytest

from domain.actors import UserActor
from domain.facts.accounts import LinkedAccount
from domain.people import profiles, sessions
from infra import clock
from infra.database import transaction
from infra.ids import global_id
from tests.api.doors import Client, operations
from tests.api.people import open_shop, somebody

pytestmark = pytest.mark.usefixtures("steady_scorer")


async def somebody_with_a_score(**told: str) -> str:
    """The token of a grown person who linked an account."""
    async with transaction() as db:
        user = await somebody(db)
        session = await sessions.begin(db, user.id, "phone")
        await profiles.update(db, UserActor(user.id, session.id), {"birth_date": date(1990, 5, 1), **told})
        db.add(
            LinkedAccount(
                user_id=user.id,
                provider="wechat",
                subject_index=uuid4().bytes,
                display_name_sealed=None,
                tokens_sealed=None,
                scopes=[],
                linked_at=await clock.now(db),
            )
        )
        return session.access_token


async def test_the_partners_answer_reaches_the_person(http: httpx2.AsyncClient) -> None:
    shop, token = await open_shop(), await somebody_with_a_score()
    partner, headers = (
        Client(http, "partner", shop.token),
        {"Authorization": f"Bearer {token}", "Accept-Language": "en"},
    )

    async def app(operation: str, **variables: object) -> httpx2.Response:
        body = {"query": operations("app")[operation], "variables": variables}
        return await http.post("/graphql", json=body, headers=headers)

    wish = {
        "productId": global_id("Product", shop.product.id),
        "amount": {"amount": "5000.00", "currency": "CNY"},
        "termMonths": 12,
        "share": ["SCORE_CHECK"],
        "idempotencyKey": str(uuid4()),
    }
    applied = (await app("Apply", input=wish)).json()["data"]["apply"]
    assert applied["status"] == "SUBMITTED"

    (edge,) = (await partner.send("Applications", status="SUBMITTED"))["applications"]["edges"]
    assert edge["node"]["id"] == applied["id"]
    answer = {
        "applicationId": edge["node"]["id"],
        "outcome": "APPROVE",
        "terms": {"amount": {"amount": "4000", "currency": "CNY"}, "termMonths": 12, "annualRate": "0.1"},
        "idempotencyKey": str(uuid4()),
    }
    assert (await partner.send("DecideApplication", input=answer))["decideApplication"]["status"] == "APPROVED"

    heard = (await app("ApplicationById", id=applied["id"])).json()["data"]["node"]
    assert heard["status"] == "APPROVED"
    assert heard["offer"]["id"] is not None
    assert [entry["event"] for entry in heard["timeline"]] == ["application.submitted", "application.approved"]


async def test_what_the_partner_changed_holds_for_the_next_who_applies(http: httpx2.AsyncClient) -> None:
    shop, token = await open_shop(), await somebody_with_a_score(occupation="employee")
    partner, headers = (
        Client(http, "partner", shop.token),
        {"Authorization": f"Bearer {token}", "Accept-Language": "en"},
    )

    async def changed(**told: object) -> None:
        said = {"sku": "loan", "idempotencyKey": str(uuid4()), **told}
        assert (await partner.send("UpsertProduct", input=said))["upsertProduct"]["__typename"] == "Product"

    async def applied(amount: str = "5000.00", months: int = 12) -> tuple[str, str]:
        wish = {
            "productId": global_id("Product", shop.product.id),
            "amount": {"amount": amount, "currency": "CNY"},
            "termMonths": months,
            "share": [],
            "idempotencyKey": str(uuid4()),
        }
        body = {"query": operations("app")["Apply"], "variables": {"input": wish}}
        answer = (await http.post("/graphql", json=body, headers=headers)).json()["data"]["apply"]
        return answer.get("code", answer["__typename"]), answer.get("message", "")

    await changed(termMonths=[6, 18])
    assert await applied() == ("INVALID", "Choose a term of 6, 18 months.")
    await changed(amountMax={"amount": "4000", "currency": "CNY"})
    assert await applied(months=6) == ("INVALID", "Choose an amount from 1000.00 to 4000.00 CNY.")
    await changed(rules={"occupations": ["student"]})
    assert await applied("4000.00", 6) == ("NOT_ELIGIBLE", "This product is not offered for your occupation.")
    await changed(rules={"occupations": ["employee"]}, status="DRAFT")
    assert await applied("4000.00", 6) == ("NOT_FOUND", "We could not find this product.")
    await changed(status="PUBLISHED")
    assert await applied("4000.00", 6) == ("Application", "")
    await changed(status="RETIRED")
    (edge,) = (await partner.send("Applications"))["applications"]["edges"]
    assert (edge["node"]["status"], edge["node"]["product"]["sku"]) == ("SUBMITTED", "loan")
