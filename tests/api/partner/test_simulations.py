"""A test client lets things happen in its own world, through the verbs by which they happen to everybody."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import delete, func, select, update

from domain.applications.applications import Application
from domain.notices.notices import Notice
from domain.notices.words import DEVICE_SIGNED_IN
from domain.people import sessions, stepping_up
from domain.people.sessions import Session
from domain.people.users import User
from infra import clock
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from integrations.simulated import people
from integrations.simulated.simulating import SimulatedEvent
from integrations.webhooks.deliveries import DeliveryState, WebhookDelivery
from tests.api.doors import Client
from tests.api.partner.simulating import (
    AGREEMENT,
    APPLICATION,
    happened,
    owner_of,
    product_of,
    simulate,
)
from tests.api.people import Shop, open_shop
from tests.phones import uuid_of
from tests.working import work_off

pytestmark = pytest.mark.usefixtures("steady_scorer")


GRANTED = """mutation ($input: SimulateInput!) { simulate(input: $input) {
  ... on Simulated { id consentToken } ... on Refusal { code field } } }"""


@pytest.fixture
async def shop() -> Shop:
    return await open_shop(is_test=True)


async def test_somebody_applies_is_approved_and_gets_it(client: Client, shop: Shop) -> None:
    application = await happened(client, "APPLICATION", productId=product_of(shop))
    seen = (await client.ask(APPLICATION, id=application))["node"]
    assert (seen["status"], seen["decision"], seen["offer"]) == ("SUBMITTED", None, None)
    assert await happened(client, "DECISION", applicationId=application) == application
    seen = (await client.ask(APPLICATION, id=application))["node"]
    assert (seen["status"], seen["decision"]["outcome"]) == ("APPROVED", "APPROVE")
    agreement = await happened(client, "ACCEPTANCE", applicationId=application)
    seen = (await client.ask(AGREEMENT, id=agreement))["node"]
    amount = seen["outstanding"]["amount"]
    assert seen == {
        "status": "ACTIVE",
        "overdueDays": 0,
        "outstanding": {"amount": amount},
        "product": {"sku": "loan"},
        "drawDowns": [{"status": "SETTLED", "amount": {"amount": amount}}],
    }
    assert "pay_out_at_sandbox" in await work_off(await owner_of(agreement))  # and nothing that follows of it fails
    assert (await client.ask(AGREEMENT, id=agreement))["node"] == seen


async def test_a_consent_that_is_asked_for_is_given_asked_by_and_taken_back(client: Client, shop: Shop) -> None:
    """The whole way of a till, and no other browser or phone is needed."""
    wanted = {"purpose": "SHOPPING", "scopes": ["SCORE_CHECK"], "days": 30, "idempotencyKey": str(uuid4())}
    request = (await client.send("RequestConsent", input=wanted))["requestConsent"]["id"]
    wish = {"event": "CONSENT_GRANTED", "consentRequestId": request, "idempotencyKey": str(uuid4())}
    given, again = [(await client.ask(GRANTED, input=wish))["simulate"] for _ in range(2)]
    assert given == again and given["consentToken"].startswith("lct_")
    other = await simulate(client, "CONSENT_GRANTED", consentRequestId=request)
    assert (other["code"], other["field"]) == ("NOT_OPEN", ["input", "consentRequestId"])
    asked = {"consentToken": given["consentToken"], "purpose": "SHOPPING", "atLeast": "D"}
    sent = [{**asked, "idempotencyKey": str(uuid4())} for _ in range(2)]
    told = (await client.send("CheckScore", input=sent[0]))["checkScore"]
    assert (told["answer"], told["charged"]) == ("YES", True)
    assert await happened(client, "CONSENT_REVOKED", consentId=given["id"]) == given["id"]
    assert (await client.send("CheckScore", input=sent[1]))["checkScore"]["code"] == "CONSENT_NOT_LIVE"


async def test_a_consent_is_taken_back(client: Client, shop: Shop) -> None:
    application = await happened(client, "APPLICATION", productId=product_of(shop))
    edges = (await client.ask("{ consents { edges { node { id status } } } }"))["consents"]["edges"]
    (given,) = [edge["node"] for edge in edges]
    assert given["status"] == "LIVE"
    assert await happened(client, "CONSENT_REVOKED", consentId=given["id"]) == given["id"]
    edges = (await client.ask("{ consents { edges { node { id status } } } }"))["consents"]["edges"]
    assert [edge["node"]["status"] for edge in edges] == ["REVOKED"]
    assert (await client.ask(APPLICATION, id=application))["node"]["grade"] is None


async def test_whoever_is_signed_in_nowhere_any_more_signs_in_again(client: Client, shop: Shop) -> None:
    application = await happened(client, "APPLICATION", productId=product_of(shop))
    async with transaction() as db:
        its = select(Application.user_id).where(Application.id == uuid_of(application))
        user_id = (await db.execute(its)).scalar_one()
        first = await people.actor_of(db, user_id)
        await sessions.end(db, await db.get_one(Session, (user_id, first.session_id)))
        second = await people.actor_of(db, user_id)
        assert second != first == replace(second, session_id=first.session_id)
        assert not await stepping_up.is_young(db, second)
        assert await people.actor_of(db, user_id) == second
        lapsed = update(Session).where(Session.user_id == user_id, Session.id == second.session_id)
        await db.execute(lapsed.values(expires_at=await clock.now(db)))
        assert (await people.actor_of(db, user_id)).session_id not in (first.session_id, second.session_id)
    await work_off(user_id)
    async with transaction() as db:
        told = select(Notice.code).where(Notice.user_id == user_id, Notice.code == DEVICE_SIGNED_IN.code)
        assert (await db.execute(told)).all() == [], "whoever never was has no new device"
        await db.execute(delete(Session).where(Session.user_id == user_id))
    if (await client.ask(APPLICATION, id=application))["node"]["status"] != "APPROVED":
        await happened(client, "DECISION", applicationId=application)
    await happened(client, "ACCEPTANCE", applicationId=application)
    await work_off(user_id)


async def test_a_delivery_fails_and_is_tried_again(client: Client, shop: Shop) -> None:
    made = await client.ask(
        """mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
             ... on WebhookEndpointCreated { endpoint { id } } ... on Refusal { code message } } }""",
        input={
            "url": "https://203.0.114.7/longan",
            "eventTypes": ["APPLICATION_SUBMITTED"],
            "idempotencyKey": str(uuid4()),
        },
    )
    endpoint = made["createWebhookEndpoint"]["endpoint"]["id"]
    nothing = await simulate(client, "DELIVERY_FAILURE", webhookEndpointId=endpoint)
    assert (nothing["code"], nothing["field"]) == ("NOT_OPEN", ["input", "webhookEndpointId"])
    application = await happened(client, "APPLICATION", productId=product_of(shop))
    await work_off(uuid_of(application))
    delivery = await happened(client, "DELIVERY_FAILURE", webhookEndpointId=endpoint)
    listed = "{ webhookDeliveries { edges { node { id status attempts lastError } } } }"
    (edge,) = (await client.ask(listed))["webhookDeliveries"]["edges"]
    assert edge["node"]["id"] == delivery
    assert (edge["node"]["status"], edge["node"]["attempts"]) == ("PENDING", 1)
    assert "503" in edge["node"]["lastError"]
    assert await happened(client, "DELIVERY_FAILURE", webhookEndpointId=endpoint) == delivery
    (edge,) = (await client.ask(listed))["webhookDeliveries"]["edges"]
    assert edge["node"]["attempts"] == 2
    long_ago = {"state": DeliveryState.DELIVERED, "first_tried_at": func.longan_now() - timedelta(days=9)}
    async with transaction() as db:
        await db.execute(update(WebhookDelivery).where(WebhookDelivery.id == uuid_of(delivery)).values(long_ago))
    assert await happened(client, "DELIVERY_FAILURE", webhookEndpointId=endpoint) == delivery
    (edge,) = (await client.ask(listed))["webhookDeliveries"]["edges"]
    assert (edge["node"]["status"], edge["node"]["attempts"]) == ("PENDING", 3), (
        "it is tried as after its first failure"
    )


async def test_the_same_wish_sent_again_happens_once(client: Client, shop: Shop) -> None:
    key = str(uuid4())
    answers = [await simulate(client, "APPLICATION", key, productId=product_of(shop)) for _ in range(2)]
    assert answers[0] == answers[1]
    async with reading() as db:
        mine = select(func.count()).where(Application.partner_id == shop.partner.id)
        assert await db.scalar(mine) == 1
    other = await simulate(client, "LATE_PAYMENT", key, productId=product_of(shop))
    assert other["code"] == "IDEMPOTENCY_MISMATCH"


NEEDS = {
    "APPLICATION": ("productId", "Product"),
    "DECISION": ("applicationId", "Application"),
    "ACCEPTANCE": ("applicationId", "Application"),
    "CONSENT_GRANTED": ("consentRequestId", "ConsentRequest"),
    "CONSENT_REVOKED": ("consentId", "Consent"),
    "PAYMENT": ("agreementId", "Agreement"),
    "NOTICE": ("agreementId", "Agreement"),
    "RETURN": ("agreementId", "Agreement"),
    "DISPUTE": ("agreementId", "Agreement"),
    "CLAIM_DECISION": ("agreementId", "Agreement"),
    "LATE_PAYMENT": ("agreementId", "Agreement"),
    "DEFAULT": ("agreementId", "Agreement"),
    "DELIVERY_FAILURE": ("webhookEndpointId", "WebhookEndpoint"),
}


def test_each_event_is_tried() -> None:
    assert {*NEEDS} == {event.value for event in SimulatedEvent}


@pytest.mark.parametrize("event", [*NEEDS])
async def test_what_is_not_named_or_not_theirs_is_refused_and_leaves_nothing_behind(client: Client, event: str) -> None:
    field, kind = NEEDS[event]
    unnamed = await simulate(client, event)
    assert (unnamed["code"], unnamed["field"]) == ("INVALID", ["input", field])
    foreign = await simulate(client, event, **{field: global_id(kind, new_id())})
    assert (foreign["code"], foreign["field"]) == ("NOT_FOUND", ["input", field])


async def test_nobody_else_can_simulate(http: httpx2.AsyncClient) -> None:
    live = await open_shop()
    answer = await simulate(Client(http, "partner", live.token), "APPLICATION", productId=product_of(live))
    assert answer["code"] == "NOT_ALLOWED"
    async with reading() as db:
        assert await db.scalar(select(func.count()).where(User.tests_for == live.partner.id)) == 0
