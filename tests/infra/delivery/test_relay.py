"""The relay hands ids to a real broker, no more than fit, again what was lost, and outlives whoever is away."""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from infra import clock, doorbell, leases, outbox, relay
from infra.broker import AWAY, QUEUE, WAITING_MAX, Broker
from infra.cache import valkey
from infra.database import transaction
from infra.embedded.valkey import free_port
from infra.ids import new_id
from infra.outbox import Event
from infra.settings import settings
from infra.worker import make_sender
from tests.clocks import Clock
from tests.infra.delivery.happening import HAPPENED, Counter, happened, owed
from tests.logs import Lines
from tests.patience import SECONDS_MAX as PATIENCE
from tests.patience import until

Sent = tuple[UUID, str]


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    await valkey().delete(QUEUE)
    celery = make_sender()
    yield Broker(celery)
    celery.close()
    await valkey().delete(QUEUE)


async def sent() -> list[Sent]:
    """What lies in the broker, the first sent first."""
    raw: list[bytes] = await valkey().lrange(QUEUE, 0, -1)  # type: ignore[misc]
    bodies = [orjson.loads(base64.b64decode(orjson.loads(message)["body"])) for message in reversed(raw)]
    return [(UUID(args[0]), args[1]) for args, _, _ in bodies]


async def sent_about(event: Event) -> list[str]:
    return [reaction for event_id, reaction in await sent() if event_id == event.id]


async def test_it_sends_no_more_than_the_workers_have_room_for(counter: Counter, broker: Broker) -> None:
    events = [(await happened()).id for _ in range(3)]
    await valkey().rpush(QUEUE, *["{}"] * (WAITING_MAX - 2))  # type: ignore[misc]
    assert await relay.hand_over(broker) == 2
    assert await valkey().llen(QUEUE) == WAITING_MAX  # type: ignore[misc]
    assert await relay.hand_over(broker) == 0
    await valkey().ltrim(QUEUE, 0, 1)  # type: ignore[misc]
    assert await relay.hand_over(broker) == 1
    assert {event for event, _ in await sent()} == set(events)


async def test_it_hands_over_ids_and_nothing_else(counter: Counter, broker: Broker) -> None:
    event = await happened()
    assert await relay.hand_over(broker) == 1
    assert await sent() == [(event.id, "count_inside")]
    (message,) = await valkey().lrange(QUEUE, 0, -1)  # type: ignore[misc]
    assert str(event.user_id).encode() not in message
    assert await relay.hand_over(broker) == 0


async def test_no_key_of_the_broker_leads_to_the_queue_but_its_name(counter: Counter, broker: Broker) -> None:
    await happened()
    await relay.hand_over(broker)
    assert await valkey().keys("_kombu.binding.*") == []


@pytest.mark.parametrize("flush", [True, False])
async def test_it_delivers_again_what_a_broker_lost(
    counter: Counter, broker: Broker, clock: Clock, flush: bool
) -> None:
    event = await happened()
    await relay.hand_over(broker)
    await (valkey().flushall() if flush else valkey().delete(QUEUE))
    assert await relay.hand_over(broker) == 0
    await clock.forward(seconds=5)
    assert await relay.hand_over(broker) == 1
    assert await sent() == [(event.id, "count_inside")]


async def test_it_delivers_again_what_a_broker_that_was_away_never_got(
    counter: Counter, broker: Broker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await happened()
    monkeypatch.setattr(settings(), "broker_url", f"redis://127.0.0.1:{free_port()}/0")
    away = Broker(make_sender())
    with pytest.raises(AWAY):
        away.send([("react", (str(event.id), "count_inside"))])
    with pytest.raises(AWAY):
        await relay.hand_over(away)
    assert (await owed(event)).attempts == 0, "who cannot send leases nothing"
    assert await relay.hand_over(broker) == 1
    assert await sent() == [(event.id, "count_inside")]


@pytest.mark.parametrize(("setting", "refusing"), [("maxmemory", 1), ("min-replicas-to-write", 1)])
async def test_what_a_broker_answered_and_did_not_take_was_not_tried(
    counter: Counter, broker: Broker, setting: str, refusing: int
) -> None:
    event = await happened()
    await valkey().config_set(setting, refusing)
    try:
        for _ in range(3):
            with pytest.raises(AWAY):
                await relay.hand_over(broker)
            assert ((await owed(event)).attempts, (await owed(event)).parked_at) == (0, None)
    finally:
        await valkey().config_set(setting, 0)
    assert await sent() == []
    assert await relay.hand_over(broker) == 1
    assert await sent() == [(event.id, "count_inside")]


async def test_of_what_was_taken_in_part_only_the_rest_goes_back(
    counter: Counter, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [await happened() for _ in range(3)]
    send, names, channels = broker.celery.send_task, iter(["first", "full"]), []

    def take_one(*args: Any, **options: Any) -> Any:
        channels.append(options["producer"].channel)
        if next(names, "more") == "full":
            raise OSError("full")
        return send(*args, **options)

    monkeypatch.setattr(broker.celery, "send_task", take_one)
    with pytest.raises(AWAY):
        await relay.hand_over(broker)
    (taken,) = await sent()
    assert [(await owed(event)).attempts for event in events] == [int(event.id == taken[0]) for event in events]
    assert await relay.hand_over(broker) == 2
    assert channels[0] is channels[1] is not channels[2], "no late answer is taken for another's"
    assert sorted(await sent()) == sorted((event.id, "count_inside") for event in events)


async def test_it_parks_what_was_tried_too_often_and_sends_it_no_more(
    counter: Counter, broker: Broker, clock: Clock, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(leases, "ATTEMPTS_MAX", 1)
    event = await happened()
    await relay.hand_over(broker)
    await valkey().delete(QUEUE)
    await clock.forward(seconds=6)
    mark = lines.mark()
    assert await relay.hand_over(broker) == 1
    assert (await sent(), (await owed(event)).parked_at is not None) == ([], True)
    (line,) = map(orjson.loads, lines.since(mark).splitlines())
    assert (line["event"], line["event_id"], line["reaction"]) == ("reaction.parked", str(event.id), "count_inside")


async def test_it_runs_until_it_is_cancelled_and_wakes_by_the_bell(
    counter: Counter, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "relay_sweep_seconds", 60)
    running = asyncio.create_task(relay.run(broker))
    await until(someone_listens)
    event = await happened()
    await until(lambda: is_sent(event))
    running.cancel()
    await until(running.done, "it went on")


async def test_it_wakes_when_the_next_is_due(counter: Counter, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "relay_sweep_seconds", 2 * PATIENCE)
    async with transaction() as db:
        soon = await clock.now(db) + timedelta(seconds=0.2)
        event = await outbox.announce(db, HAPPENED, user_id=new_id(), due_at=soon)
    running = asyncio.create_task(relay.run(broker))
    await until(lambda: is_sent(event))
    running.cancel()
    await until(running.done, "it went on")


@pytest.mark.parametrize("steps", range(5))
async def test_it_ends_though_the_bell_rings_just_then(
    steps: int, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ringing: asyncio.Queue[list[UUID]] = asyncio.Queue()
    sweeps = 0

    async def rings() -> AsyncIterator[list[UUID]]:
        while True:
            yield await ringing.get()

    async def look(_: relay.RelayWatch) -> None:
        nonlocal sweeps
        sweeps += 1

    monkeypatch.setattr(settings(), "relay_sweep_seconds", 60)
    monkeypatch.setattr(doorbell, "rings", rings)
    monkeypatch.setattr(relay.RelayWatch, "look", look)
    running = asyncio.create_task(relay.run(broker))
    await until(lambda: sweeps == 1)
    ringing.put_nowait([])
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    await until(running.done, "it went on")
    assert running.cancelled()


async def test_it_outlives_a_database_and_a_broker_that_are_away(
    counter: Counter, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "relay_sweep_seconds", 0.01)
    failures = iter([OSError("away"), RuntimeError("the database is starting up")])
    take = leases.take_due

    async def take_or_fail(most: int) -> object:
        for failure in failures:
            raise failure
        return await take(most)

    monkeypatch.setattr(leases, "take_due", take_or_fail)
    event = await happened()
    running = asyncio.create_task(relay.run(broker))
    await until(lambda: is_sent(event))
    running.cancel()
    await until(running.done, "it went on")


async def is_sent(event: Event) -> bool:
    return await sent_about(event) == ["count_inside"]


async def someone_listens() -> bool:
    heard: list[tuple[bytes, int]] = await valkey().pubsub_numsub(doorbell.CHANNEL)
    return heard[0][1] > 0


class TestABrokerThatHangs:
    """It takes connections and answers none."""

    @pytest.fixture
    async def hanging(self) -> AsyncIterator[str]:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        yield f"redis://127.0.0.1:{port}/0"
        server.close()

    async def test_is_given_up_soon(self, counter: Counter, hanging: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings(), "broker_url", hanging)
        event = await happened()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(AWAY):
                await relay.hand_over(Broker(make_sender()))
        assert (await owed(event)).attempts == 0

    async def test_holds_up_nobody_who_asks_the_relay_to_end(self, hanging: str) -> None:
        environment = os.environ | {"LONGAN_VALKEY_URL": hanging, "LONGAN_RELAY_SWEEP_SECONDS": "0.01"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "api.relay", env=environment, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while b"relay.waits" not in await process.stderr.readline():
                assert process.returncode is None
        process.terminate()
        async with asyncio.timeout(PATIENCE):
            _, said = await process.communicate()
        assert (process.returncode, b"Traceback" in said) == (0, False)
