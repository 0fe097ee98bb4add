"""A broker that loses everything under a live relay and worker: reactions go on, and nothing must be restarted."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from infra import doorbell, outbox
from infra.database import reading, transaction
from infra.ids import new_id
from infra.outbox import EventReaction
from infra.running.programs import Process, Program
from infra.settings import settings
from tests.infra.delivery import echoing
from tests.infra.delivery.brokers import BROKERS, Broken
from tests.patience import SECONDS_MAX

HOUSE = Path(__file__).parents[3]


@contextmanager
def relay_and_worker(url: str, folder: Path) -> Iterator[None]:
    celery = ["-m", "celery", "--quiet", "--workdir", str(HOUSE), "-A", "tests.infra.delivery.losing", "worker"]
    options = ["--concurrency", "1", "--without-mingle", "--without-gossip"]
    environment = {
        "LONGAN_BROKER_URL": url,
        "LONGAN_DATABASE_URL": settings().database_url or "",
        "LONGAN_VALKEY_URL": settings().valkey_url or "",
    }
    with ExitStack() as running:
        for name, command in (("worker", [*celery, *options]), ("relay", ["-m", "api.relay"])):
            log = folder / f"{name}.log"
            process = Process(Program(name, [sys.executable, *command], log, environment=environment), folder)
            running.callback(process.stop)
        yield


async def call(times: int) -> list[outbox.Event]:
    async with transaction() as db:
        return [await outbox.announce(db, echoing.CALLED, subject_id=new_id()) for _ in range(times)]


async def all_are_handled(events: list[outbox.Event]) -> None:
    """Each second the leases of what did not come end, as after some seconds they do: nobody waits for those here."""
    theirs = (EventReaction.event_id.in_([event.id for event in events]), EventReaction.handled_at.is_(None))
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            for _ in range(20):
                async with reading() as db:
                    if (await db.execute(select(func.count()).where(*theirs))).scalar_one() == 0:
                        return
                await asyncio.sleep(0.05)
            async with transaction() as db:
                await db.execute(update(EventReaction).where(*theirs).values(due_at=func.longan_now()))
            await doorbell.ring_everywhere()


@pytest.mark.parametrize("name", BROKERS)
async def test_reactions_go_on_whatever_the_broker_lost(name: str, tmp_path: Path) -> None:
    with BROKERS[name](tmp_path) as broker, relay_and_worker(broker.url, tmp_path):
        await all_are_handled(await call(1))
        for way in broker.wipes:
            await wipe_while_much_is_under_way(broker, way)
            await all_are_handled(await call(5))
    said = (tmp_path / "relay.log").read_text()
    assert "relay.failed" not in said, said


async def wipe_while_much_is_under_way(broker: Broken, way: str) -> None:
    events = await call(50)
    broker.wipe(way)
    await all_are_handled(events)
