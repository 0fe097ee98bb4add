"""A test client lets things happen in its own world, through the verbs by which they happen to everybody."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import delete, func, select, update

from domain.agreements import deposits
from domain.agreements.agreements import Agreement
from domain.applications.applications import Application
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product
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
from tests.api.offering import RENTAL, upsert, yuan
from tests.api.people import Shop, open_shop
from tests.phones import uuid_of
from tests.working import work_off

AGREEMENT = """query Agreement($id: ID!) { node(id: $id) { ... on Agreement {
  status overdueDays outstanding { amount } product { sku } drawDowns { status amount { amount } } } } }"""
APPLICATION = """query Application($id: ID!) { node(id: $id) { ... on Application {
  status grade decision { outcome } offer { id } } } }"""


pytestmark = pytest.mark.usefixtures("steady_scorer")


@pytest.fixture
async def shop() -> Shop:
    return await open_shop(is_test=True)


async def simulate(client: Client, event: str, key: str = "", **ids: Any) -> dict[str, Any]:
    told = {"event": event, "idempotencyKey": key or str(uuid4()), **ids}
    answer: dict[str, Any] = (await client.send("Simulate", input=told))["simulate"]
    return answer


async def happened(client: Client, event: str, **ids: Any) -> str:
    answer = await simulate(client, event, **ids)
    assert answer["__typename"] == "Simulated", answer
    return str(answer["id"])


def product_of(shop: Shop) -> str:
    return global_id("Product", shop.product.id)


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


async def accepted(client: Client, product: str) -> str:
    """Somebody has this, approved by whoever decides about it."""
    application = await happened(client, "APPLICATION", productId=product)
    if (await client.ask(APPLICATION, id=application))["node"]["status"] != "APPROVED":
        await happened(client, "DECISION", applicationId=application)
    return await happened(client, "ACCEPTANCE", applicationId=application)


async def stands(client: Client, agreement: str) -> tuple[str, Decimal]:
    seen = (await client.ask(AGREEMENT, id=agreement))["node"]
    return seen["status"], Decimal(seen["outstanding"]["amount"])


async def test_a_loan_is_repaid_to_its_last_cent(client: Client, shop: Shop) -> None:
    agreement = await accepted(client, product_of(shop))
    _, owed = await stands(client, agreement)
    assert await happened(client, "PAYMENT", agreementId=agreement) == agreement
    status, rest = await stands(client, agreement)
    assert status == "ACTIVE" and 0 < rest < owed
    await happened(client, "PAYMENT", agreementId=agreement, amount={"amount": str(rest), "currency": "CNY"})
    assert await stands(client, agreement) == ("SETTLED", Decimal(0))
    again = await simulate(client, "PAYMENT", agreementId=agreement)
    assert (again["code"], again["field"]) == ("NOT_OPEN", ["input", "agreementId"])
    await work_off(await owner_of(agreement))  # and no cashier is asked for what was paid
    report = """query ($on: Date!) { settlementReport(on: $on) { lines { kind amount { amount } agreementId } } }"""
    async with reading() as db:
        today = (await clock.today(db)).isoformat()
    lines = (await client.ask(report, on=today))["settlementReport"]["lines"]
    assert sum(Decimal(line["amount"]["amount"]) for line in lines if line["kind"] == "RECEIVED") == owed
    assert {line["agreementId"] for line in lines} == {agreement}


async def test_a_lease_is_lived_from_its_deposit_to_a_claim_on_it(client: Client) -> None:
    terms: dict[str, Any] = {"deposit": yuan("5000.00"), "status": "PUBLISHED", "decision": "PARTNER"}
    agreement = await accepted(client, (await upsert(client, **RENTAL, **terms))["id"])
    assert await stands(client, agreement) == ("ACTIVE", Decimal(2500))
    await happened(client, "PAYMENT", agreementId=agreement)
    assert await stands(client, agreement) == ("ACTIVE", Decimal(0))
    assert await happened(client, "NOTICE", agreementId=agreement) == agreement
    claim = {"amount": yuan("300"), "reason": "A broken window", "agreementId": agreement}
    claimed = (await client.send("ClaimDamage", input={**claim, "idempotencyKey": str(uuid4())}))["claimDamage"]
    assert claimed["__typename"] == "Agreement", claimed
    early = await simulate(client, "CLAIM_DECISION", agreementId=agreement, amount=yuan("300.01"))
    assert (early["code"], early["field"]) == ("INVALID", ["input", "amount"])
    assert await happened(client, "DISPUTE", agreementId=agreement) == agreement
    assert await happened(client, "CLAIM_DECISION", agreementId=agreement, amount=yuan("120")) == agreement
    again = await simulate(client, "CLAIM_DECISION", agreementId=agreement)
    assert (again["code"], again["field"]) == ("NOT_OPEN", ["input", "agreementId"])
    async with reading() as db:
        deposit = await deposits.find(db, await owner_of(agreement), uuid_of(agreement))
        assert deposit is not None and deposit.kept == 120_00
    late = await happened(client, "LATE_PAYMENT", agreementId=agreement)
    seen = (await client.ask(AGREEMENT, id=late))["node"]
    assert (seen["status"], seen["overdueDays"]) == ("OVERDUE", 1)
    await work_off(await owner_of(agreement))


async def test_an_agreement_is_late_and_another_defaults(client: Client, shop: Shop) -> None:
    late = await happened(client, "LATE_PAYMENT", productId=product_of(shop))
    seen = (await client.ask(AGREEMENT, id=late))["node"]
    assert (seen["status"], seen["overdueDays"]) == ("OVERDUE", 1)
    worse = await happened(client, "DEFAULT", agreementId=late)
    assert worse != late
    seen = (await client.ask(AGREEMENT, id=worse))["node"]
    assert (seen["status"], seen["overdueDays"]) == ("OVERDUE", 91)
    async with reading() as db:
        told = await db.get_one(Agreement, (await owner_of(worse), uuid_of(worse)))
        assert told.bucket == 91
    await work_off(told.user_id)


async def owner_of(agreement: str) -> UUID:
    async with reading() as db:
        its = select(Agreement.user_id).where(Agreement.id == uuid_of(agreement))
        return (await db.execute(its)).scalar_one()


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


@pytest.mark.parametrize("kind", [ProductKind.ELECTRONICS, ProductKind.AESTHETICS])
async def test_goods_and_treatments_are_late_too(client: Client, shop: Shop, kind: ProductKind) -> None:
    async with transaction() as db:
        other = Product(
            id=new_id(),
            partner_id=shop.partner.id,
            sku=kind.value,
            kind=kind,
            title="Another",
            amount_min=100_000,
            amount_max=1_000_000,
            currency="CNY",
            term_months=[6, 12],
            annual_rate=shop.product.annual_rate,
            decision=DecisionMode.INSTANT,
        )
        db.add(other)
    late = await happened(client, "LATE_PAYMENT", productId=global_id("Product", other.id))
    seen = (await client.ask(AGREEMENT, id=late))["node"]
    assert (seen["status"], seen["overdueDays"], seen["product"]["sku"]) == ("OVERDUE", 1, kind.value)
    if kind is ProductKind.ELECTRONICS:
        goods = await accepted(client, global_id("Product", other.id))
        await happened(client, "PAYMENT", agreementId=goods)
        await happened(client, "RETURN", agreementId=goods)
        assert (await stands(client, goods))[0] == "RETURNING"
        answer = {"agreementId": goods, "idempotencyKey": str(uuid4())}
        assert (await client.send("ConfirmReturn", input=answer))["confirmReturn"]["status"] == "UNWOUND"
        await work_off(await owner_of(goods))  # what was paid goes back by who took it
        assert await stands(client, goods) == ("UNWOUND", Decimal(0))
