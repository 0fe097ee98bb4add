"""`longan day`: how far the last one came, for people and programs; and one that is begun is there for the worker."""

from uuid import UUID

from sqlalchemy import func, select

from domain.days import passing
from domain.days.days import Day
from domain.runs.runs import RunState
from infra import clock
from infra.database import reading, transaction
from infra.outbox import Event
from tests.commands import figures


async def test_it_is_begun_and_told_to_a_program() -> None:
    code, told = await figures("day", "run", "--no-wait", "--ranges", "1")
    day_id = UUID(str(told["day"]))
    assert (code, told["done"], told["touched"], told["unreadable"]) == (0, 0, 0, 0)
    async with reading() as db:
        day, today = await db.get_one(Day, day_id), await clock.today(db)
        due = select(func.count()).where(Event.subject_id == day_id, Event.name == passing.BATCH_DUE)
        assert (day.on, day.zone) == (today, "Asia/Shanghai")
        assert (await db.execute(due)).scalar_one() == (1 if day.people else 0)
    _, seen = await figures("day")
    assert seen["today"] == today.isoformat()
    assert seen["last"] == {
        "on": today.isoformat(),
        "zone": "Asia/Shanghai",
        "state": day.state.value,
        "people": day.people,
        "done": 0,
        "touched": 0,
        "unreadable": 0,
    }
    async with transaction() as db:
        # No worker runs here, and nothing is to happen to other tests' agreements.
        (await db.get_one(Day, day_id)).state = RunState.SUPERSEDED
