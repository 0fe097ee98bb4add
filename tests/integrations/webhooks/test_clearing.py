"""However much waits for one webhook: what becomes of all of it is done some at a time, and to the end."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from domain.actors import PartnerActor
from domain.applications.applications import SUBMITTED
from infra.database import transaction
from integrations.webhooks import clearing, registering
from integrations.webhooks.deliveries import WebhookDelivery
from integrations.webhooks.endpoints import WebhookStatus
from tests.api.people import Shop, apply_at
from tests.clocks import Clock
from tests.integrations.webhooks.hooks import Hook, deliveries_of, happen, listen
from tests.working import work_off


@pytest.fixture
async def waited_for(shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A webhook that five deliveries wait for, all of them tried and put off."""
    monkeypatch.setattr(clearing, "BATCH", 2)
    endpoint, _ = await listen(shop, server.url)
    for _ in range(5):
        await happen(await apply_at(shop), SUBMITTED)
    async with transaction() as db:
        tried = update(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint)
        later = {
            "tries": 3,
            "first_tried_at": WebhookDelivery.created_at,
            "next_at": WebhookDelivery.next_at + timedelta(days=1),
        }
        await db.execute(tried.values(**later))
    return endpoint


async def test_a_webhook_that_is_live_again_gets_all_of_it_at_once(shop: Shop, waited_for: UUID, clock: Clock) -> None:
    await become(shop, waited_for, WebhookStatus.LIVE)
    assert [each.tries for each in await deliveries_of(waited_for)] == [0, 0, 3, 3, 3]
    assert await work_off(waited_for) == ["restart_webhook"] * 2
    now = await clock.now()
    every = await deliveries_of(waited_for)
    assert [(each.tries, each.first_tried_at, each.next_at <= now) for each in every] == [(0, None, True)] * 5


async def test_whoever_says_it_again_and_again_has_it_gone_through_once(shop: Shop, waited_for: UUID) -> None:
    for _ in range(4):
        await become(shop, waited_for, WebhookStatus.LIVE)
    assert await work_off(waited_for) == ["restart_webhook"] * 2
    assert [each.tries for each in await deliveries_of(waited_for)] == [0] * 5


async def test_nothing_more_is_done_for_one_that_was_paused_meanwhile(shop: Shop, waited_for: UUID) -> None:
    await become(shop, waited_for, WebhookStatus.LIVE)
    await become(shop, waited_for, WebhookStatus.PAUSED)
    assert await work_off(waited_for) == ["restart_webhook"]
    assert [each.tries for each in await deliveries_of(waited_for)] == [0, 0, 3, 3, 3]


async def test_for_a_webhook_that_is_deleted_nothing_waits_any_more(shop: Shop, waited_for: UUID) -> None:
    async with transaction() as db:
        await registering.delete(db, PartnerActor(shop.partner.id, "client"), waited_for)
    assert [each.state for each in await deliveries_of(waited_for)] == ["FAILED"] * 2 + ["WAITING"] * 3
    assert await work_off(waited_for) == ["give_up_for_webhook"] * 2
    assert [each.state for each in await deliveries_of(waited_for)] == ["FAILED"] * 5


async def become(shop: Shop, endpoint: UUID, status: WebhookStatus) -> None:
    actor = PartnerActor(shop.partner.id, "client")
    async with transaction() as db:
        await registering.update(db, actor, endpoint, url=None, unsafe=None, event_types=None, status=status)
