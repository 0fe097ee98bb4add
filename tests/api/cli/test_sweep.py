"""A sweep that the command line begins is there for the worker."""

import asyncio
import json
import sys
from uuid import UUID

from sqlalchemy import func, select

from domain.facts.readings import FactsVersion
from domain.matching.sweeps import sweeping
from domain.matching.sweeps.sweeps import Sweep
from domain.runs.runs import RunState
from infra.database import reading, transaction
from infra.outbox import Event
from tests.patience import SECONDS_MAX


async def test_it_is_begun_and_told_to_a_program() -> None:
    command = (sys.executable, "-m", "api.cli", "match", "sweep", "--no-wait", "--json", "--ranges", "2")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(SECONDS_MAX):
        said, _ = await process.communicate()
    async with reading() as db:
        people = (await db.execute(select(func.count()).select_from(FactsVersion))).scalar_one()
    told = json.loads(said)
    sweep_id = UUID(told.pop("sweep"))
    assert process.returncode == 0
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
