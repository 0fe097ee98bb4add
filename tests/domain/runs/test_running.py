"""Everybody, in ranges of people: whatever is done for them, nobody is missed and the end is told once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from domain.credit import rescores
from domain.credit.rescores import Rescore, RescoreRange, RescoreReason
from domain.facts.readings import FactsVersion
from domain.runs import running, runs
from domain.runs.running import Pace, Work
from domain.runs.runs import EVERYBODY, NOBODY, RunState
from infra.database import Db
from infra.events import declare
from infra.outbox import Event

PEOPLE = [UUID(int=number) for number in range(1, 11)]
BATCH = 2
BATCH_DUE, DONE = declare("visit.batch_due", range=int), declare("visit.done")


class Visits:
    """A use of ranges, with the tables of rescoring and other events: it only remembers whom it saw."""

    def __init__(self, concurrency: int = 1) -> None:
        self.seen: list[UUID] = []
        self.pace = Pace(concurrency, share=1.0)
        self.work = Work(
            run=Rescore,
            part=RescoreRange,
            batch_due=BATCH_DUE,
            done=DONE,
            pace=lambda: self.pace,
            batch=self._batch,
        )

    async def _batch(self, db: Db, run: Rescore, part: RescoreRange) -> UUID | None:
        there = select(FactsVersion.user_id).where(
            FactsVersion.user_id > part.cursor, FactsVersion.user_id <= part.last
        )
        ids = list((await db.execute(there.order_by(FactsVersion.user_id).limit(BATCH))).scalars())
        self.seen += ids
        return ids[-1] if len(ids) == BATCH else None

    async def begin(self, db: Db, ranges: int) -> Rescore:
        return await running.begin(db, self.work, Rescore(reason=RescoreReason.ASKED), ranges)

    async def go_on(self, db: Db, run: Rescore, number: int) -> None:
        await running.do_next_batch(db, self.work, run.id, number)


@pytest.fixture
async def crowd(db: Db) -> Sequence[UUID]:
    """For this transaction, ten people are everybody."""
    await db.execute(delete(FactsVersion))
    db.add_all(FactsVersion(user_id=user_id, version=1) for user_id in PEOPLE)
    await db.flush()
    return PEOPLE


async def announced(db: Db, run: Rescore, name: str) -> list[int | None]:
    """The ranges of these events, in order."""
    told = select(Event.data).where(Event.subject_id == run.id, Event.name == name).order_by(Event.id)
    return [data.get("range") for data in (await db.execute(told)).scalars()]


async def ranges_of(db: Db, run: Rescore) -> list[RescoreRange]:
    mine = select(RescoreRange).where(RescoreRange.run_id == run.id).order_by(RescoreRange.number)
    return list((await db.execute(mine)).scalars())


async def test_the_ranges_meet_and_leave_nobody_out(db: Db, crowd: Sequence[UUID]) -> None:
    run = await Visits().begin(db, ranges=3)
    bounds = [(part.after, part.last, part.people) for part in await ranges_of(db, run)]
    assert bounds == [(NOBODY, crowd[3], 4), (crowd[3], crowd[6], 3), (crowd[6], EVERYBODY, 3)]
    assert run.people == 10


async def test_as_many_are_open_as_the_pace_allows_and_the_end_is_told_once(db: Db, crowd: Sequence[UUID]) -> None:
    visits = Visits(concurrency=2)
    run = await visits.begin(db, ranges=3)
    batches: list[int | None] = []
    while due := (await announced(db, run, BATCH_DUE))[len(batches) :]:
        assert await runs.is_running(db, Rescore)
        batches.append(due[0])
        await visits.go_on(db, run, due[0] or 0)
    assert batches == [0, 1, 0, 1, 0, 2, 2]
    assert visits.seen == [*crowd[:2], *crowd[4:6], *crowd[2:4], crowd[6], *crowd[7:]]
    assert (run.state, await announced(db, run, DONE)) == (RunState.DONE, [None])
    assert not await runs.is_running(db, Rescore)


async def test_progress_counts_people_and_not_batches(db: Db, crowd: Sequence[UUID]) -> None:
    visits = Visits()
    run = await visits.begin(db, ranges=2)
    counted = []
    for number in (0, 0, 0, 1):
        await visits.go_on(db, run, number)
        await db.flush()
        counted.append((await rescores.progress(db, run.id)).done)
    assert counted == [2, 4, 5, 7]


async def test_a_run_for_nobody_is_done_at_once(db: Db) -> None:
    await db.execute(delete(FactsVersion))
    run = await Visits().begin(db, ranges=2)
    assert (run.people, run.state, await ranges_of(db, run)) == (0, RunState.DONE, [])
    assert await announced(db, run, DONE) == [None]


async def test_a_newer_run_stops_the_older_one(db: Db, crowd: Sequence[UUID]) -> None:
    visits = Visits()
    older = await visits.begin(db, ranges=1)
    newer = await visits.begin(db, ranges=1)
    await db.refresh(older)
    await visits.go_on(db, older, 0)
    assert (older.state, visits.seen) == (RunState.SUPERSEDED, [])
    assert await runs.latest(db, Rescore) is newer


async def test_a_range_that_ends_in_a_superseded_run_opens_no_other(db: Db, crowd: Sequence[UUID]) -> None:
    visits = Visits()
    run = await visits.begin(db, ranges=2)

    async def superseded_meanwhile(db: Db, run: Rescore, part: RescoreRange) -> None:
        await visits.begin(db, ranges=1)

    await running.do_next_batch(db, replace(visits.work, batch=superseded_meanwhile), run.id, 0)
    assert [part.opened_at is not None for part in await ranges_of(db, run)] == [True, False]
    assert (run.state, await announced(db, run, DONE)) == (RunState.SUPERSEDED, [])


def test_rest_gives_work_its_share_of_the_time() -> None:
    assert running._pause_after(2.0, 0.25) == timedelta(seconds=8)
    assert running._pause_after(2.0, 1.0) == timedelta(0)


async def test_a_run_of_many_has_ranges_of_a_size(
    db: Db, crowd: Sequence[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "RANGE_PEOPLE", 4)
    run = Rescore(reason=RescoreReason.ASKED)
    await runs.lay_out(db, run, RescoreRange, None)
    counted = select(func.count()).select_from(RescoreRange).where(RescoreRange.run_id == run.id)
    assert (await db.execute(counted)).scalar_one() == 3
