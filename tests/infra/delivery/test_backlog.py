"""What waits is told by its age since it first was due: leases that move on, and being parked, hide nothing."""

from datetime import timedelta

import httpx2
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra import backlog, leases, outbox
from infra.backlog import Backlog
from infra.database import reading, transaction
from infra.ids import new_id
from infra.relay import BATCH, RelayWatch
from infra.settings import settings
from tests.clocks import Clock
from tests.infra.delivery.happening import HAPPENED, Counter, happened
from tests.logs import Lines


async def look() -> tuple[int, int, int, int]:
    """Waiting, parked, and the ages of the oldest of both in whole seconds."""
    async with reading() as db:
        now = await backlog.look(db)
    return now.waiting, round(now.oldest_seconds), now.parked, round(now.oldest_parked_seconds)


async def test_nothing_waits_and_is_no_second_old() -> None:
    assert await look() == (0, 0, 0, 0)


async def test_the_age_counts_from_the_first_time_however_often_it_was_sent(counter: Counter, clock: Clock) -> None:
    await happened()
    for seconds in (0, 5, 10, 20):
        await clock.forward(seconds=seconds)
        assert len(await leases.take_due(BATCH)) == 1
        assert await leases.take_due(BATCH) == [], "it is leased away, and still waits"
    waiting, oldest, parked, _ = await look()
    assert (waiting, parked) == (1, 0)
    assert oldest == clock.lasting(35)


async def test_what_is_due_later_does_not_wait_yet(counter: Counter, clock: Clock) -> None:
    async with transaction() as db:
        due_at = await clock.now() + timedelta(hours=1)
        await outbox.announce(db, HAPPENED, user_id=new_id(), due_at=due_at)
    assert await look() == (0, 0, 0, 0)
    await clock.forward(hours=2)
    waiting, oldest, _, _ = await look()
    assert waiting == 1
    assert oldest == clock.lasting(3600)


async def test_a_parked_one_goes_on_being_told_by_its_age(
    counter: Counter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "ATTEMPTS_MAX", 0)
    await happened()
    await leases.take_due(BATCH)
    await clock.forward(days=1)
    waiting, oldest, parked, oldest_parked = await look()
    assert (waiting, oldest, parked) == (0, 0, 1)
    assert oldest_parked == clock.lasting(86_400)


async def test_counting_ends_where_it_would_take_long_and_the_age_stays_that_of_the_oldest(
    counter: Counter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MOST", 3)
    await happened()
    await clock.forward(seconds=50)
    for _ in range(4):
        await happened()
    waiting, oldest, _, _ = await look()
    assert waiting == 3
    assert oldest == clock.lasting(50)
    assert len(await leases.take_due(BATCH)) == 5, "and now they wait by their other index"
    waiting, oldest, _, _ = await look()
    assert waiting == 3
    assert oldest == clock.lasting(50)


async def test_metrics_and_ready_tell_it(counter: Counter, clock: Clock, web: httpx2.AsyncClient) -> None:
    await happened()
    await leases.take_due(BATCH)
    await clock.forward(seconds=100)
    told = {
        sample.name: sample.value
        for family in text_string_to_metric_families((await web.get("/metrics")).text)
        for sample in family.samples
        if sample.name.startswith("longan_reaction")
    }
    assert told == {
        "longan_reaction_waiting": 1,
        "longan_reaction_oldest_seconds": clock.lasting(100),
        "longan_reaction_failing": 0,
        "longan_reactions_waiting": 1,
        "longan_reactions_oldest_seconds": clock.lasting(100),
        "longan_reactions_parked": 0,
        "longan_reactions_parked_oldest_seconds": 0,
    }
    ready = await web.get("/readyz")
    reactions = ready.json()["reactions"]
    assert (ready.status_code, reactions["late"], reactions["waiting"], reactions["parked"]) == (200, True, 1, 0)
    assert reactions["oldest_seconds"] == clock.lasting(100)


async def test_the_relay_says_it_in_the_log_and_not_each_second(counter: Counter, clock: Clock, lines: Lines) -> None:
    watch, mark = RelayWatch(), lines.mark()
    await happened()
    await watch.look()
    assert lines.since(mark) == "", "nothing is late yet"
    await clock.forward(seconds=settings().reactions_late_after_seconds + 1)
    for _ in range(3):
        await watch.look()
    (line,) = map(orjson.loads, lines.since(mark).splitlines())
    assert (line["event"], line["level"], line["count"]) == ("reactions.late", "error", 1)
    assert line["seconds"] == clock.lasting(61)


@pytest.mark.parametrize(("seconds", "is_late"), [(0, False), (60, False), (60.1, True)])
def test_late_is_beyond_the_setting(seconds: float, is_late: bool) -> None:
    assert Backlog(1, seconds, 0, 0).is_late == is_late
