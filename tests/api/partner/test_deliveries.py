"""A partner sees each delivery with its attempts, has one sent again, and sees nothing of another's."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text, update

from domain.applications.applications import APPROVED, SUBMITTED, WITHDRAWN
from domain.consent import consents
from domain.consent.consents import ConsentScope, Purpose
from domain.redeemed import REDEEMED
from infra import outbox
from infra.database import transaction
from infra.ids import global_id, new_id
from infra.settings import settings
from integrations.webhooks.endpoints import WebhookEndpoint
from tests.api.doors import Client
from tests.api.offering import close
from tests.api.partner.webhooks import delete
from tests.api.partner.webhooks import update as change
from tests.api.people import Shop, apply_at, open_shop, somebody
from tests.integrations.webhooks.hooks import OK, Hook, answering, happen, hook, listen, send, send_all
from tests.integrations.webhooks.test_hostile import status
from tests.statements import statements
from tests.working import work_off

MORE = """
query ($first: Int, $endpoint: ID, $status: DeliveryStatus) {
  webhookDeliveries(first: $first, webhookEndpointId: $endpoint, status: $status) { nodes {
    id eventId eventType applicationId status attempts lastError nextAttemptAt endpoint { id }
    attemptLog { number outcome status } } } }
"""


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hook]:
    async with hook() as server:
        monkeypatch.setattr(settings(), "webhook_allow", [server.authority])
        yield server
    async with transaction() as db:
        await db.execute(update(WebhookEndpoint).values(deleted_at=text("coalesce(deleted_at, longan_now())")))


async def listed(client: Client, **asked: Any) -> Any:
    return (await client.ask(MORE, **asked))["webhookDeliveries"]["nodes"]


async def replay(client: Client, id: str) -> Any:
    return (await client.send("ReplayDelivery", input={"deliveryId": id}))["replayDelivery"]


def shown(id: UUID) -> str:
    return global_id("WebhookEndpoint", id)


async def test_a_delivery_is_seen_on_its_way_and_where_it_arrived(client: Client, shop: Shop, server: Hook) -> None:
    endpoint, _ = await listen(shop, server.url)
    application = await apply_at(shop)
    (event,) = await happen(application, SUBMITTED)
    (waiting,) = await listed(client)
    assert waiting == {
        "id": waiting["id"],
        "eventId": global_id("Event", event.id),
        "eventType": "APPLICATION_SUBMITTED",
        "applicationId": global_id("Application", application.id),
        "status": "PENDING",
        "attempts": 0,
        "lastError": None,
        "nextAttemptAt": waiting["nextAttemptAt"],
        "endpoint": {"id": shown(endpoint)},
        "attemptLog": [],
    }
    server.behave = status("503 Busy")
    await send()
    (failed,) = await listed(client)
    assert (failed["status"], failed["attempts"], failed["lastError"]) == (
        "PENDING",
        1,
        "Your server answered 503: it was busy or away.",
    )
    assert failed["nextAttemptAt"] > waiting["nextAttemptAt"]
    server.behave = answering(OK)
    assert (await replay(client, waiting["id"]))["status"] == "PENDING"
    await send()
    (there,) = await listed(client)
    assert (there["status"], there["lastError"], there["nextAttemptAt"]) == ("DELIVERED", None, None)
    assert there["attemptLog"] == [
        {"number": 1, "outcome": "UNAVAILABLE", "status": 503},
        {"number": 2, "outcome": "DELIVERED", "status": 200},
    ]


async def test_a_replay_brings_the_same_ids_and_bytes(client: Client, shop: Shop, server: Hook) -> None:
    await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)
    await send()
    (delivery,) = await listed(client)
    assert await replay(client, delivery["id"]) == {
        "__typename": "WebhookDelivery",
        "id": delivery["id"],
        "status": "PENDING",
    }
    assert len(await send()) == 1
    first, second = server.posted
    assert (first.id, first.body) == (second.id, second.body)
    assert first.id == delivery["eventId"] and first.told["deliveryId"] == delivery["id"]


async def test_what_waits_for_a_paused_webhook_is_paused_and_goes_when_it_is_live(
    client: Client, shop: Shop, server: Hook
) -> None:
    endpoint, _ = await listen(shop, server.url)
    await change(client, shown(endpoint), status="PAUSED")
    await happen(await apply_at(shop), SUBMITTED, APPROVED)
    assert [each["status"] for each in await listed(client, status="PAUSED")] == ["PAUSED"] * 2
    assert (await listed(client, status="PENDING"), await send_all(), server.posted) == ([], [], [])
    await change(client, shown(endpoint), status="LIVE")
    await send_all()
    assert [each.told["type"] for each in server.posted] == ["application.submitted", "application.decided"]
    assert [each["status"] for each in await listed(client, status="DELIVERED")] == ["DELIVERED"] * 2


async def test_a_new_address_gets_what_waits(client: Client, shop: Shop, server: Hook) -> None:
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)
    server.behave = status("503 Busy")
    await send()
    server.behave = answering(OK)
    await change(client, shown(endpoint), url=server.url.replace("hooks", "new"))
    await send()
    assert [each.path for each in server.posted] == ["/hooks", "/new"]


async def test_of_a_deleted_webhook_nothing_waits_and_nothing_is_sent_again(
    client: Client, shop: Shop, server: Hook
) -> None:
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)
    await delete(client, shown(endpoint))
    (delivery,) = await listed(client)
    assert (delivery["status"], delivery["nextAttemptAt"]) == ("FAILED", None)
    refused = await replay(client, delivery["id"])
    assert (refused["code"], refused["message"]) == ("NOT_OPEN", "The webhook of this delivery was deleted.")
    await happen(await apply_at(shop), SUBMITTED)
    assert (await send_all(), len(await listed(client))) == ([], 1)


async def test_it_names_what_it_is_about_and_nothing_else(client: Client, shop: Shop) -> None:
    await listen(shop, "https://203.0.114.7/longan")
    application = await apply_at(shop, share=(ConsentScope.SCORE_CHECK,))
    redemption = new_id()
    async with transaction() as db:
        user = await somebody(db)
        scopes = [ConsentScope.SCORE_CHECK]
        consent = await consents.give(db, user.id, shop.partner.id, Purpose.LENDING, scopes, lasts=timedelta(days=1))
        by = str(shop.partner.id)
        await outbox.announce(db, REDEEMED, user_id=user.id, subject_id=redemption, partner_id=by)
    await work_off(user.id)
    await work_off(application.user_id)
    asked = "{ webhookDeliveries { nodes { eventType applicationId consentId redemptionId } } }"
    nodes = (await client.ask(asked))["webhookDeliveries"]["nodes"]
    assert sorted([*map(str, each.values())] for each in nodes) == [
        ["BENEFIT_REDEEMED", "None", "None", global_id("Redemption", redemption)],
        ["CONSENT_GRANTED", "None", global_id("Consent", consent.id), "None"],
        ["CONSENT_GRANTED", global_id("Application", application.id), "None", "None"],
    ]


async def test_another_partner_finds_none_of_it(
    client: Client, http: httpx2.AsyncClient, shop: Shop, server: Hook
) -> None:
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)
    (delivery,) = await listed(client)
    other = await open_shop()
    stranger = Client(http, "partner", other.token)
    assert [await listed(stranger), await listed(stranger, endpoint=shown(endpoint))] == [[], []]
    assert (await replay(stranger, delivery["id"]))["code"] == "NOT_FOUND"
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert [(await each.ask(node, id=delivery["id"]))["node"] for each in (stranger, client)] == [
        None,
        {"id": delivery["id"]},
    ]
    await close(other)


async def test_the_list_is_newest_first_and_costs_the_same_however_long(
    client: Client, shop: Shop, server: Hook
) -> None:
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED, APPROVED, WITHDRAWN)
    await send_all()
    told = [each["eventType"] for each in await listed(client, endpoint=shown(endpoint))]
    assert told == ["APPLICATION_WITHDRAWN", "APPLICATION_DECIDED", "APPLICATION_SUBMITTED"]
    counts = []
    for first in (1, 3):
        with statements() as sent:
            assert len(await listed(client, first=first)) == first
        counts.append(sum("webhook" in each for each in sent))
    assert counts == [4, 4], "deliveries, what they are about, their webhooks, their attempts"
    page = await client.send("WebhookDeliveries", first=2)
    assert page["webhookDeliveries"]["pageInfo"]["hasNextPage"] is True
