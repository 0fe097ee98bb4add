"""When to try again and when to stop: three days, longer each time, and a dead server is asked by one delivery alone."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from email.utils import formatdate
from itertools import pairwise
from time import time
from uuid import UUID

import pytest
from sqlalchemy import text, update

from domain.applications.applications import APPROVED, SUBMITTED
from infra.database import transaction
from infra.settings import settings
from integrations.webhooks import clearing, endpoints, settling, signing, taking
from integrations.webhooks.deliveries import AttemptOutcome, DeliveryState
from integrations.webhooks.endpoints import WebhookEndpoint, WebhookPauseReason, WebhookStatus
from integrations.webhooks.posting import WebhookAnswer
from integrations.webhooks.signing import WebhookSecret
from tests.api.offering import close
from tests.api.people import Shop, apply_at, open_shop
from tests.clocks import Clock
from tests.integrations.webhooks.hooks import (
    OK,
    Hook,
    answering,
    deliveries_of,
    endpoint_of,
    happen,
    hook,
    listen,
    send,
    send_all,
)
from tests.integrations.webhooks.test_hostile import status

HOUR = 3_600


async def waits(shop: Shop, server: Hook, clock: Clock, most: int = 100) -> list[float]:
    """Seconds between the attempts of one delivery, until nothing more comes, or so many have."""
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)
    tried: list[datetime] = []
    while len(tried) < most and await send():
        tried.append(await clock.now())
        ((delivery,), row) = await deliveries_of(endpoint), await endpoint_of(endpoint)
        if delivery.state != DeliveryState.WAITING or row.status == WebhookStatus.PAUSED:
            break
        await clock.stand_at(max(filter(None, [delivery.next_at, row.retry_at])) + timedelta(milliseconds=1))
    return [(after - before).total_seconds() for before, after in pairwise(tried)]


def is_jittered(waited: float, seconds: float) -> bool:
    return 0.8 * seconds <= waited <= 1.2 * seconds + 60  # and what a busy machine takes


class TestOneDelivery:
    async def test_that_is_refused_is_tried_for_three_days_longer_each_time(
        self, shop: Shop, server: Hook, clock: Clock
    ) -> None:
        server.behave = status("500 Oops")
        waited = await waits(shop, server, clock)
        expected = [5, 30, 120, 600, 1_800, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, *[12 * HOUR] * (len(waited) - 10)]
        assert [pair for pair in zip(waited, expected, strict=False) if not is_jittered(*pair)] == []
        assert 72 * HOUR - 600 <= sum(waited) <= 72 * HOUR + 600
        assert len(server.posted) == len(waited) + 1

    async def test_that_is_given_up_fails_where_others_get_through(
        self, shop: Shop, server: Hook, clock: Clock
    ) -> None:
        endpoint, _ = await listen(shop, server.url)
        await happen(await apply_at(shop), SUBMITTED)
        server.behave = status("500 Oops")
        await send()
        server.behave = answering(OK)
        await clock.forward(seconds=1)
        await happen(await apply_at(shop), SUBMITTED)
        await send()
        server.behave = status("500 Oops")
        await clock.forward(days=3)
        await send()
        assert [each.state for each in await deliveries_of(endpoint)] == ["FAILED", "DELIVERED"]
        assert (await endpoint_of(endpoint)).status == WebhookStatus.LIVE
        await clock.forward(days=3)
        assert await send() == []

    @pytest.mark.parametrize("said", ["900", formatdate(time() + HOUR, usegmt=True)], ids=["seconds", "a date"])
    async def test_that_asks_for_time_gets_it(self, shop: Shop, server: Hook, clock: Clock, said: str) -> None:
        endpoint, _ = await listen(shop, server.url)
        await happen(await apply_at(shop), SUBMITTED)
        server.behave = status("429 Slower", f"retry-after: {said}")
        before = await clock.now()
        await send()
        waits = [(await endpoint_of(endpoint)).retry_at, (await deliveries_of(endpoint))[0].next_at]
        assert [each is not None and each >= before + timedelta(seconds=900) for each in waits] == [True, True]


class TestADeadServer:
    async def test_is_asked_about_twice_an_hour(self, shop: Shop, server: Hook, clock: Clock) -> None:
        server.behave = status("503 Busy")
        waited = await waits(shop, server, clock, most=9)
        expected = [5, 30, 120, 600, 1_800, 1_800, 1_800, 1_800]
        assert [pair for pair in zip(waited, expected, strict=True) if not is_jittered(*pair)] == []

    async def test_that_is_paused_gets_all_when_it_is_resumed(self, shop: Shop, server: Hook, clock: Clock) -> None:
        endpoint, _ = await listen(shop, server.url)
        application = await apply_at(shop)
        told = await happen(application, SUBMITTED)
        server.behave = status("503 Busy")
        await send()
        await clock.forward(days=3)
        await send()
        row = await endpoint_of(endpoint)
        assert (row.status, row.pause_reason) == (WebhookStatus.PAUSED, WebhookPauseReason.DEAD)
        told += await happen(application, APPROVED)
        server.behave, server.posted = answering(OK), []
        await clock.forward(days=1)
        assert await send() == []
        async with transaction() as db:
            row = await db.get_one(WebhookEndpoint, endpoint)
            await endpoints.resume(db, row)
            endpoints.forgive(row)
            await clearing.restart(db, endpoint)
        await send_all()
        assert [each.told["type"] for each in server.posted] == ["application.submitted", "application.decided"]
        assert [each.state for each in await deliveries_of(endpoint)] == ["DELIVERED", "DELIVERED"]

    async def test_is_paused_after_three_days_whichever_deliveries_asked_for_it(
        self, shop: Shop, server: Hook, clock: Clock
    ) -> None:
        """Of many that wait each attempt is another's, so that none of them is tried for so long."""
        endpoint, _ = await listen(shop, server.url)
        for _ in range(3):
            await happen(await apply_at(shop), SUBMITTED)
        first = await fail_one()
        await clock.forward(days=3)
        second = await fail_one()
        assert (second.tries, second.id == first.id) == (0, False)
        row = await endpoint_of(endpoint)
        assert (row.status, row.pause_reason) == (WebhookStatus.PAUSED, WebhookPauseReason.DEAD)
        assert [each.state for each in await deliveries_of(endpoint)] == ["WAITING"] * 3
        assert await send() == []

    async def test_that_is_resumed_leaves_alone_what_was_never_tried(
        self, shop: Shop, server: Hook, clock: Clock
    ) -> None:
        """There may be more of it than one statement can change in time."""
        endpoint, _ = await listen(shop, server.url)
        for _ in range(2):
            await happen(await apply_at(shop), SUBMITTED)
        await fail_one()
        _, untried = await deliveries_of(endpoint)
        await clock.forward(hours=1)
        async with transaction() as db:
            await clearing.restart(db, endpoint)
        tried, still = await deliveries_of(endpoint)
        assert (tried.tries, tried.first_tried_at, tried.next_at > untried.next_at) == (0, None, True)
        assert (still.tries, still.first_tried_at, still.next_at) == (0, None, untried.next_at)

    async def test_for_an_hour_gets_every_event_once_by_its_id_and_in_order(
        self, shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with hook() as gone:
            pass
        monkeypatch.setattr(settings(), "webhook_allow", [gone.authority])
        await listen(shop, gone.url)
        told: dict[str, list[str]] = {}
        attempts = 0
        for _ in range(12):
            application = await apply_at(shop)
            events = await happen(application, SUBMITTED, APPROVED)
            told[str(application.id)] = [str(each.id) for each in events]
            attempts += len(await send())
            await clock.forward(minutes=5)
        assert attempts < 12, "one at a time, and seldom"
        async with hook(port=gone.port) as back:
            await clock.forward(hours=1)
            while len(back.posted) < 24:
                await send_all()
                await clock.forward(minutes=31)
            assert await send() == []
        assert sorted(each.id for each in back.posted) == sorted({each.id for each in back.posted})
        by_application: dict[str, list[str]] = {}
        for each in back.posted:
            by_application.setdefault(each.told["data"]["applicationId"], []).append(each.told["type"])
        assert list(by_application.values()) == [["application.submitted", "application.decided"]] * 12


class TestALease:
    async def test_keeps_what_was_taken_until_it_is_over_and_then_the_same_id_comes_again(
        self, shop: Shop, server: Hook
    ) -> None:
        endpoint, _ = await listen(shop, server.url)
        await happen(await apply_at(shop), SUBMITTED, APPROVED)
        (lost,) = await taking.take(10, 10, {})
        assert await taking.take(10, 10, {}) == []
        await end_leases()
        (again,) = await taking.take(10, 10, {})
        assert (again.headers["webhook-id"], again.body, again.number) == (lost.headers["webhook-id"], lost.body, 2)
        # Whoever lost its lease is not believed, also where it failed.
        await settling.settle([settling.Attempted(lost, WebhookAnswer(AttemptOutcome.REFUSED, 500))])
        assert [each.last_status for each in await deliveries_of(endpoint)] == [None, None]
        await settling.settle([settling.Attempted(again, WebhookAnswer(AttemptOutcome.DELIVERED, 200))])
        assert [each.state for each in await deliveries_of(endpoint)] == ["DELIVERED", "WAITING"]

    async def test_is_taken_by_one_of_many_senders(self, shop: Shop, server: Hook) -> None:
        await listen(shop, server.url)
        for _ in range(8):
            await happen(await apply_at(shop), SUBMITTED)
        taken = await asyncio.gather(*(taking.take(5, 5, {}) for _ in range(6)))
        ids = [each.id for some in taken for each in some]
        assert len(ids) == len(set(ids)) <= 8

    async def test_one_whose_secret_cannot_be_read_holds_no_other_up(self, shop: Shop, server: Hook) -> None:
        broken, _ = await listen(shop, server.url)
        deleted, _ = await listen(shop, server.url)
        whole, _ = await listen(shop, server.url)
        await happen(await apply_at(shop), SUBMITTED)
        async with transaction() as db:
            its = update(WebhookSecret).where(WebhookSecret.endpoint_id == broken)
            await db.execute(its.values(value=b"of another key" * 4))
            await signing.forget(db, deleted)
        assert [each.endpoint_id for each in await taking.take(10, 10, {})] == [whole]

    async def test_each_webhook_has_its_share_of_a_sender(self, shop: Shop, server: Hook) -> None:
        one, _ = await listen(shop, server.url)
        other, _ = await listen(shop, server.url)
        for _ in range(5):
            await happen(await apply_at(shop), SUBMITTED)
        taken = await taking.take(100, 3, {one: 2})
        assert [sum(each.endpoint_id == id for each in taken) for id in (one, other)] == [1, 3]


class TestThePlacesOfASender:
    """However many webhooks of however many partners hang, some places are left for another."""

    async def test_a_partner_gets_one_where_as_many_are_free_as_it_would_hold(self, shop: Shop, server: Hook) -> None:
        shops = [shop, await open_shop(), await open_shop()]
        for each in shops:
            for _ in range(4):
                await listen(each, server.url)
        held: Counter[UUID] = Counter()
        counts = []
        for each in shops:
            for _ in range(4):
                await happen(await apply_at(each), SUBMITTED)
            taken = await taking.take(12 - held.total(), 4, held)
            held.update(one.endpoint_id for one in taken)
            counts.append(len(taken))
        assert counts == [6, 3, 2], "the first holds half, the second half of what was left, and so on"
        assert len(await taking.take(12 - held.total(), 4, held)) == 0, "the last one is for somebody new"
        for each in shops[1:]:
            await close(each)


async def fail_one() -> taking.Taken:
    """What is due first is taken alone, and its server is not there."""
    (taken,) = await taking.take(1, 1, {})
    await settling.settle([settling.Attempted(taken, WebhookAnswer(AttemptOutcome.UNAVAILABLE, 503))])
    return taken


async def end_leases() -> None:
    async with transaction() as db:
        await db.execute(
            text("UPDATE webhook_deliveries SET claimed_until = clock_timestamp() WHERE claimed_by IS NOT NULL")
        )
