"""The sender as it runs: one slow server delays nobody, and one that is killed loses nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from domain.applications.applications import APPROVED, SUBMITTED
from infra.background import end
from infra.ids import global_id
from infra.settings import settings
from integrations.webhooks import posting
from integrations.webhooks.posting import WebhookAnswer
from integrations.webhooks.sender import Sender
from tests.api.offering import close
from tests.api.people import Shop, apply_at, open_shop
from tests.integrations.webhooks.hooks import Hook, deliveries_of, happen, hook, listen
from tests.integrations.webhooks.test_hostile import hang
from tests.integrations.webhooks.test_retrying import end_leases
from tests.patience import until


@asynccontextmanager
async def sending() -> AsyncIterator[None]:
    task = asyncio.create_task(Sender().run())
    try:
        yield
    finally:
        await end(task)


async def test_one_that_hangs_delays_nobody(shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    async with hook(hang) as slow:
        monkeypatch.setattr(settings(), "webhook_allow", [server.authority, slow.authority])
        monkeypatch.setattr(settings().webhook_limits, "answer_seconds", 20)
        hanging, _ = await listen(shop, slow.url)
        quick, _ = await listen(shop, server.url)
        for _ in range(15):
            await happen(await apply_at(shop), SUBMITTED)
        async with sending():
            await until(lambda: len(server.posted) == 15)
            await until(lambda: len(slow.posted) == settings().webhook_limits.at_once_per_endpoint)
        assert [each.state for each in await deliveries_of(hanging)] == ["WAITING"] * 15
        assert [each.state for each in await deliveries_of(quick)] == ["DELIVERED"] * 15


async def test_a_partner_whose_webhooks_all_hang_delays_no_other_partner(
    shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hook(hang) as slow:
        monkeypatch.setattr(settings(), "webhook_allow", [server.authority, slow.authority])
        for name, value in (("answer_seconds", 20), ("at_once", 8), ("at_once_per_endpoint", 4)):
            monkeypatch.setattr(settings().webhook_limits, name, value)
        hanging = await open_shop()
        for _ in range(4):
            await listen(hanging, slow.url)
        for _ in range(4):
            await happen(await apply_at(hanging), SUBMITTED)
        quick, _ = await listen(shop, server.url)
        async with sending():
            await until(lambda: len(slow.posted) == 4)
            for _ in range(6):
                await happen(await apply_at(shop), SUBMITTED)
            await until(lambda: len(server.posted) == 6)
            assert len(slow.posted) == 4, "sixteen wait, and half of the places are theirs"
        assert [each.state for each in await deliveries_of(quick)] == ["DELIVERED"] * 6
        await close(hanging)


async def test_what_is_under_way_is_written_down_when_it_is_told_to_end(shop: Shop, server: Hook) -> None:
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED, APPROVED)
    async with sending():
        await until(lambda: len(server.posted) == 2)
    assert [each.state for each in await deliveries_of(endpoint)] == ["DELIVERED"] * 2


async def test_an_error_of_ours_keeps_no_place_and_loses_nothing(
    shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)

    async def fail(*_: object) -> WebhookAnswer:
        raise RuntimeError("the handler is closed")

    async def is_settled() -> bool:
        return (await deliveries_of(endpoint))[0].last_outcome is not None

    monkeypatch.setattr(posting, "post", fail)
    sender = Sender()
    task = asyncio.create_task(sender.run())
    try:
        await until(is_settled)
        await until(lambda: not sender.busy)
    finally:
        await end(task)
    (delivery,) = await deliveries_of(endpoint)
    assert (delivery.state, delivery.last_outcome, delivery.tries) == ("WAITING", "BROKEN_OFF", 1)


async def test_a_program_that_is_killed_while_it_posts_loses_nothing(
    shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, _ = await listen(shop, server.url)
    events = await happen(await apply_at(shop), SUBMITTED, APPROVED)
    accept, server.behave = server.behave, hang
    killed = await program(server)
    await until(lambda: len(server.posted) == 1)
    killed.kill()
    assert await killed.wait() == -signal.SIGKILL
    server.behave = accept
    await end_leases()
    other = await program(server)
    await until(lambda: len(server.posted) == 3)
    other.terminate()
    assert await other.wait() == 0
    first, second = (global_id("Event", each.id) for each in events)
    assert [each.id for each in server.posted] == [first, first, second]
    assert server.posted[0].body == server.posted[1].body
    assert [(each.state, each.attempts) for each in await deliveries_of(endpoint)] == [
        ("DELIVERED", 2),
        ("DELIVERED", 1),
    ]


async def program(server: Hook) -> asyncio.subprocess.Process:
    environment = {**os.environ, "LONGAN_WEBHOOK_ALLOW": f'["{server.authority}"]'}
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "api.sender", env=environment)
