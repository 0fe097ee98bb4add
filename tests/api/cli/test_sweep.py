"""A sweep that the command line begins is there for the worker."""

from uuid import UUID

from sqlalchemy import func, select

from domain.facts.readings import FactsVersion
from domain.matching.sweeps import sweeping
from domain.matching.sweeps.sweeps import Sweep
from domain.runs.runs import RunState
from infra.database import reading, transaction
from infra.outbox import Event
from tests.commands import figures


async def test_it_is_begun_and_told_to_a_program() -> None:
    code, told = await figures("match", "sweep", "--no-wait", "--ranges", "2")
    async with reading() as db:
        people = (await db.execute(select(func.count()).select_from(FactsVersion))).scalar_one()
    sweep_id = UUID(told.pop("sweep"))
    assert code == 0
    assert told == {
        "state": "RUNNING" if people else "DONE",
        "people": people,
        "done": 0,
        "matched": 0,
        "unreadable": 0,
        "peoplePerCpuSecond": None,
    }
    async with transaction() as db:
        due = select(func.count()).where(Event.subject_id == sweep_id, Event.name == sweeping.BATCH_DUE)
        assert (await db.execute(due)).scalar_one() == (1 if people else 0)
        # No worker runs here, and none of the other tests' people is to be matched.
        (await db.get_one(Sweep, sweep_id)).state = RunState.SUPERSEDED
