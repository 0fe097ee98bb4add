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


async def somebody_with_a_score() -> str:
    """The token of a grown person who linked an account."""
    async with transaction() as db:
        user = await somebody(db)
        session = await sessions.begin(db, user.id, "phone")
        await profiles.update(db, UserActor(user.id, session.id), {"birth_date": date(1990, 5, 1)})
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
