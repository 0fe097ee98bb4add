"""The bell: heard by who waits, missed by nobody for good, and never in the way of a commit."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as ValkeyAway

from infra import background, cache, doorbell, outbox
from infra.cache import valkey
from infra.database import transaction
from infra.events import declare
from infra.ids import new_id
from infra.outbox import Event
from tests.patience import SECONDS_MAX

SILENT = declare("test.silent")


async def test_a_ring_tells_whom_it_is_about() -> None:
    one, other = new_id(), new_id()
    rings = doorbell.rings()
    assert await anext(rings) is None  # whatever rang before was not heard
    await doorbell.ring([one, other, one, None])
    users = await anext(rings)
    assert users is not None
    assert set(users) == {one, other}
    await doorbell.ring_everywhere()
    assert await anext(rings) is None
    await rings.aclose()  # type: ignore[attr-defined]


async def test_what_is_rung_beside_is_told_in_one_message_and_waited_for_by_nobody() -> None:
    one, other = new_id(), new_id()
    rings = doorbell.rings()
    assert await anext(rings) is None
    await doorbell.ring_beside([])
    await doorbell.ring_beside([one, None])
    await doorbell.ring_beside([other, one])
    async with asyncio.timeout(SECONDS_MAX):
        users = await anext(rings)
        assert users is not None and sorted(users) == [one, other]
        await doorbell.ring_beside([other])
        await doorbell.rung()
        assert await anext(rings) == [other]
    await rings.aclose()  # type: ignore[attr-defined]


async def test_only_the_one_who_is_meant_is_woken() -> None:
    one, other = new_id(), new_id()
    listening = asyncio.create_task(doorbell.listen())
    async with doorbell.waiting_for(one) as mine, doorbell.waiting_for(other) as theirs:
        async with asyncio.timeout(SECONDS_MAX):
            await mine.wait()  # at the start everybody looks
        mine.clear()
        theirs.clear()
        await doorbell.ring([one])
        async with asyncio.timeout(SECONDS_MAX):
            await mine.wait()
        assert not theirs.is_set()
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening


async def test_several_may_wait_for_the_same_person() -> None:
    user_id = new_id()
    async with doorbell.waiting_for(user_id):
        async with doorbell.waiting_for(user_id):
            assert len(doorbell._waiting[user_id]) == 2
        assert len(doorbell._waiting[user_id]) == 1
    assert user_id not in doorbell._waiting


async def test_listening_ends_whenever_it_is_cancelled() -> None:
    """Also while the client connects, which swallows the cancellation."""
    await cache.close_valkey()  # so that each connects anew
    for steps in range(80):
        listening = asyncio.create_task(doorbell.listen())
        for _ in range(steps):
            await asyncio.sleep(0)
        listening.cancel()
        await asyncio.wait({listening}, timeout=SECONDS_MAX)
        assert listening.cancelled(), f"cancelled after {steps} steps it went on"
        await cache.close_valkey()


async def test_a_task_that_swallows_a_cancellation_is_ended_by_the_next() -> None:
    swallowed: list[int] = []

    async def hear_badly() -> None:
        while len(swallowed) < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed.append(1)
        await asyncio.sleep(60)

    task = asyncio.create_task(hear_badly())
    await asyncio.sleep(0)
    async with asyncio.timeout(SECONDS_MAX):
        await background.end(task)
    assert (task.cancelled(), len(swallowed)) == (True, 2)


@pytest.mark.parametrize("failure", [ValkeyAway("away"), OSError("away")])
async def test_a_bell_that_cannot_ring_undoes_nothing(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    class Away:
        async def publish(self, *_: object) -> None:
            raise failure

    monkeypatch.setattr(doorbell, "valkey", Away)
    monkeypatch.setattr(cache, "_rest", cache.Rest())
    async with transaction() as db:
        event = await outbox.announce(db, SILENT, user_id=new_id())
    async with transaction() as db:
        assert (await db.get_one(Event, event.id)).name == SILENT


async def test_who_listens_hears_again_after_valkey_was_away() -> None:
    user_id = new_id()
    rings = doorbell.rings()
    async with asyncio.timeout(SECONDS_MAX):
        assert await anext(rings) is None
        await valkey().execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]
        assert await anext(rings) is None
        await doorbell.ring([user_id])
        assert await anext(rings) == [user_id]
    await rings.aclose()  # type: ignore[attr-defined]


async def test_a_client_is_made_anew_after_it_was_closed() -> None:
    before = valkey()
    await cache.close_valkey()
    await cache.close_valkey()
    assert valkey() is not before
    assert await valkey().ping()  # type: ignore[misc]
