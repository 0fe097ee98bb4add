"""Everybody is scored anew, once, whatever happens to the worker meanwhile."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from domain.credit import assessing, batches, rescores, rescoring, scores
from domain.credit.rescores import Rescore, RescoreRange, RescoreReason, RescoreState
from domain.credit.scores import ScoringState
from domain.credit.scoring import Scored
from domain.facts import readings
from domain.facts.readings import FactsVersion
from infra import clock, reacting
from infra.database import Db, reading, transaction
from infra.outbox import Event, EventReaction
from infra.settings import settings
from infra.vault import PersonKey
from ml.live.store import ModelKind
from tests.logs import Lines
from tests.ml import standings
from tests.ml.promotion.crowds import changes, finish, points, rescore, scores_each, settle
from tests.trying import rolled_back
from tests.working import due_for

KILLED_AFTER_WRITING = """
import asyncio, os, signal, sys
from uuid import UUID
from api import wiring
from domain.credit import batches
from infra import reacting

write = batches._write

async def write_and_die(*args):
    await write(*args)
    os.kill(os.getpid(), signal.SIGKILL)

batches._write = write_and_die
asyncio.run(reacting.react(UUID(sys.argv[1]), sys.argv[2]))
"""


async def ranges_of(rescore_id: UUID) -> list[RescoreRange]:
    async with reading() as db:
        mine = select(RescoreRange).where(RescoreRange.run_id == rescore_id).order_by(RescoreRange.number)
        return list((await db.execute(mine)).scalars())


async def state_of(rescore_id: UUID) -> RescoreState:
    async with reading() as db:
        return (await db.get_one(Rescore, rescore_id)).state


@asynccontextmanager
async def at(moment: datetime) -> AsyncIterator[Db]:
    """A transaction at another time, of which nothing stays."""
    async with rolled_back() as db:
        await clock.advance(db, moment - await clock.now(db))
        yield db


async def promote(version: str) -> None:
    await standings.switch(ModelKind.SCORE, lambda now: now.promoted(version))
    await standings.catch_up()


async def test_everybody_is_scored_once_and_the_ranges_tell_how_far_it_is() -> None:
    people = await settle(40, seed=1)
    done = await rescore(ranges=3)
    assert await state_of(done.id) is RescoreState.DONE
    parts = await ranges_of(done.id)
    assert [part.number for part in parts] == [0, 1, 2]
    assert all(part.ended_at and part.cursor == part.last and part.unreadable == 0 for part in parts)
    assert sum(part.people for part in parts) == done.people
    assert max((await scores_each(people)).values()) == 1
    async with reading() as db:
        told = await rescores.progress(db, done.id)
    assert (told.state, told.people, told.done) == (RescoreState.DONE, done.people, done.people)
    assert (told.scored, told.changed) == (sum(part.scored for part in parts), sum(part.changed for part in parts))


async def test_a_batch_says_what_one_at_a_time_says() -> None:
    people = await settle(30, seed=2)
    await rescore()
    async with reading() as db:
        sheets = await readings.sheets(db, set(people))
        known = await scores.scorings_of(db, set(people))
    for user_id, sheet in sheets.items():
        alone, (scoring, score) = assessing.score_now(sheet), known[user_id]
        if isinstance(alone, Scored):
            assert score is not None and scoring.state is ScoringState.READY
            assert (score.points, score.grade, score.probability) == (alone.points, alone.grade, alone.probability)
            assert (score.base_points, score.factors, score.reasons) == (
                alone.base_points,
                list(alone.factors),
                list(alone.reasons),
            )
        else:
            assert (scoring.state, scoring.code) == (ScoringState.NOT_ENOUGH_KNOWN, alone.code)
        assert scoring.stale_at == sheet.stale_at


async def test_a_second_rescore_finds_nothing_to_do() -> None:
    people = await settle(20, seed=3)
    await rescore()
    once = await points(people)
    again = await rescore(ranges=4)
    assert sum(part.scored for part in await ranges_of(again.id)) == 0
    assert await points(people) == once


async def test_a_range_that_is_delivered_twice_writes_once() -> None:
    people = await settle(30, seed=4)
    async with transaction() as db:
        begun = await rescoring.begin(db, RescoreReason.ASKED, 1)
    while due := await due_for(begun.id):
        await asyncio.gather(*(reacting.react(*owed) for owed in due * 3))
    assert set((await scores_each(people)).values()) == {1}


async def test_a_worker_killed_in_the_middle_scores_nobody_twice_and_misses_nobody(champion: str, other: str) -> None:
    people = await settle(40, seed=5)
    await rescore()
    first = await points(people)
    await promote(other)
    async with transaction() as db:
        begun = await rescoring.begin(db, RescoreReason.MODEL_PROMOTED, 3)
    # Half of the ranges, then a kill -9 between COPY and commit.
    while not (await ranges_of(begun.id))[1].scored:
        (owed,) = await due_for(begun.id)
        await reacting.react(*owed)
    before = await scores_each(people)
    (owed,) = await due_for(begun.id)
    child = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED_AFTER_WRITING, str(owed[0]), owed[1]], env=dict(os.environ)
    )
    assert child.returncode == -9
    assert await scores_each(people) == before
    await finish(begun)
    assert await state_of(begun.id) is RescoreState.DONE
    second = await points(people)
    for user_id, told in first.items():
        if told:
            assert second[user_id][:1] == told and len(second[user_id]) == 2, user_id


async def test_only_whose_points_moved_is_told(other: str, twin: str) -> None:
    people = await settle(25, seed=6)
    await rescore()
    assert set((await changes(people)).values()) == {1}
    await promote(twin)
    await rescore()
    scored = [user_id for user_id, told in (await points(people)).items() if told]
    assert dict.fromkeys(scored, 2) == await scores_each(people)
    assert set((await changes(people)).values()) == {1}
    await promote(other)
    await rescore()
    told = await points(people)
    moved = {user_id for user_id in scored if told[user_id][-1] != told[user_id][-2]}
    assert moved
    assert {user_id for user_id, count in (await changes(people)).items() if count == 2} == moved


async def test_a_newer_rescore_takes_over_from_the_one_that_runs() -> None:
    await settle(20, seed=7)
    async with transaction() as db:
        first = await rescoring.begin(db, RescoreReason.ASKED, 2)
    second = await rescore()
    await finish(first)
    assert (await state_of(first.id), await state_of(second.id)) == (RescoreState.SUPERSEDED, RescoreState.DONE)
    assert sum(part.scored for part in await ranges_of(first.id)) == 0


async def test_a_rescore_rests_between_batches_and_tells_people_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    people = await settle(45, seed=13)
    monkeypatch.setattr(settings(), "rescore_share", 0.1)
    monkeypatch.setattr(settings(), "rescore_told_per_second", 10.0)
    async with transaction() as db:
        begun = await rescoring.begin(db, RescoreReason.ASKED, 1)
    (owed,) = await due_for(begun.id)
    await reacting.react(*owed)
    assert await due_for(begun.id) == []
    async with reading() as db:
        next_batch = select(Event.occurred_at, EventReaction.due_at).join(
            EventReaction, EventReaction.event_id == Event.id
        )
        row = (
            await db.execute(next_batch.where(Event.subject_id == begun.id, EventReaction.handled_at.is_(None)))
        ).one()
        assert row.due_at > row.occurred_at
    assert set(await pauses(people)) == {timedelta(milliseconds=100)}
    monkeypatch.setattr(settings(), "rescore_share", 1.0)
    await rescore()


async def test_people_are_told_at_one_pace_through_all_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    people = await settle(45, seed=14)
    monkeypatch.setattr(settings(), "rescore_told_per_second", 10.0)
    begun = await rescore(ranges=30)
    assert len([part for part in await ranges_of(begun.id) if part.scored]) > 1
    assert set(await pauses(people)) == {timedelta(milliseconds=100)}


async def pauses(people: list[UUID]) -> list[timedelta]:
    """Between one and the next of these who hears that their points changed."""
    async with reading() as db:
        mine = (
            select(EventReaction.due_at)
            .join(Event, Event.id == EventReaction.event_id)
            .where(Event.user_id.in_(people))
        )
        told = sorted((await db.execute(mine.where(EventReaction.reaction == "evaluate_after_score"))).scalars())
    return [later - one for one, later in pairwise(told)]


async def test_who_was_erased_is_passed_by() -> None:
    people = await settle(5, seed=8)
    async with transaction() as db:
        await db.execute(delete(PersonKey).where(PersonKey.user_id == people[2]))
    await rescore()
    assert people[2] not in await scores_each(people)


async def test_one_damaged_reading_stops_nobody_else() -> None:
    people = await settle(8, seed=9)
    async with transaction() as db:
        first = select(readings.Reading).where(readings.Reading.user_id == people[0])
        for row in (await db.execute(first)).scalars():
            row.facts_sealed = b"\0" * len(row.facts_sealed)
    done = await rescore()
    assert sum(part.unreadable for part in await ranges_of(done.id)) == 1
    assert people[0] not in await scores_each(people)
    async with transaction() as db:
        await db.execute(delete(FactsVersion).where(FactsVersion.user_id == people[0]))


async def damage(user_id: UUID) -> dict[UUID, bytes]:
    """Nobody can open their readings any more; what they were before."""
    async with transaction() as db:
        theirs = select(readings.Reading).where(readings.Reading.user_id == user_id)
        rows = list((await db.execute(theirs)).scalars())
        kept = {row.id: row.facts_sealed for row in rows}
        for row in rows:
            row.facts_sealed = b"\0" * len(row.facts_sealed)
    return kept


class TestWhoCannotBeScored:
    """Being stale, they would start a rescore of everybody each hour, and help nobody."""

    @pytest.fixture
    async def stale(self) -> UUID:
        """Somebody who has a score, and whose facts have expired."""
        (user_id,) = await settle(1, seed=21)
        await rescore()
        await expire(user_id)
        return user_id

    async def test_an_unreadable_person_is_told_once_and_starts_no_second_one(self, stale: UUID, lines: Lines) -> None:
        kept, mark = await damage(stale), lines.mark()
        begun = await begin_for_the_stale()
        assert begun is not None and begun.reason is RescoreReason.FACTS_EXPIRED
        await finish(begun)
        assert await begin_for_the_stale() is None
        await rescore()
        told = [json.loads(line) for line in lines.since(mark).splitlines() if "rescore.unreadable" in line]
        assert [(line["user_id"], line["error"]) for line in told] == [(str(stale), "InvalidTag")]
        await repair(stale, kept)
        await rescore()
        await expire(stale)
        assert await begin_for_the_stale() is not None, "who was repaired and scored counts again"
        await finish_all()

    async def test_neither_does_one_whose_key_is_lost(self, stale: UUID) -> None:
        async with transaction() as db:
            await db.execute(delete(PersonKey).where(PersonKey.user_id == stale))
        assert await begin_for_the_stale() is None

    async def test_beside_them_the_others_are_still_looked_for(self, stale: UUID) -> None:
        await damage(stale)
        await finish_all()
        (other,) = await settle(1, seed=22)
        await rescore()
        assert await begin_for_the_stale() is None
        await expire(other)
        assert await begin_for_the_stale() is not None
        await finish_all()


async def begin_for_the_stale() -> Rescore | None:
    async with transaction() as db:
        return await rescoring.begin_for_the_stale(db)


async def finish_all() -> None:
    """What is under way, and one more, so that whoever is stale was met."""
    async with reading() as db:
        under_way = list((await db.execute(select(Rescore).where(Rescore.state == RescoreState.RUNNING))).scalars())
    for each in under_way:
        await finish(each)
    await rescore()


async def expire(user_id: UUID) -> None:
    async with transaction() as db:
        mine = update(scores.Scoring).where(scores.Scoring.user_id == user_id)
        await db.execute(mine.values(stale_at=await clock.now(db)))


async def repair(user_id: UUID, kept: dict[UUID, bytes]) -> None:
    async with transaction() as db:
        theirs = select(readings.Reading).where(readings.Reading.user_id == user_id)
        for row in (await db.execute(theirs)).scalars():
            row.facts_sealed = kept[row.id]


class TestExpiredFacts:
    async def test_a_score_stands_until_the_first_of_its_facts_ends(self) -> None:
        people = await settle(10, seed=10)
        await rescore()
        async with transaction() as db:
            known = await scores.scorings_of(db, set(people))
            ends = min(scoring.stale_at for scoring, _ in known.values() if scoring.stale_at)
        first = UUID(int=min(people).int - 1)
        async with at(ends - timedelta(minutes=1)) as db:
            assert not (await batches.rescore(db, after=first, last=max(people), most=100)).scored
        async with at(ends + timedelta(minutes=1)) as db:
            assert (await batches.rescore(db, after=first, last=max(people), most=100)).scored
            renewed = await scores.scorings_of(db, set(people))
            assert all(scoring.stale_at is None or scoring.stale_at > ends for scoring, _ in renewed.values())

    async def test_they_are_looked_for(self) -> None:
        people = await settle(3, seed=11)
        await rescore()
        async with transaction() as db:
            assert await rescoring.begin_for_the_stale(db) is None
            known = await scores.scorings_of(db, set(people))
        async with at(max(scoring.stale_at for scoring, _ in known.values() if scoring.stale_at)) as db:
            begun = await rescoring.begin_for_the_stale(db)
            assert begun is not None and begun.reason is RescoreReason.FACTS_EXPIRED
            assert await rescoring.begin_for_the_stale(db) is None
