"""Other rules for many members: tried, published by a worker that is killed in the middle, and taken back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import select, text

from api.cli.bench import marketing
from api.cli.bench import members as crowd
from api.cli.bench.waiting import MemberWaits, asking, waits_of
from api.cli.bench.workers import Workers
from api.cli.house import House
from api.story import ConsoleStory, Step
from domain.permissions import Permission
from domain.runs.runs import RunState
from infra import outbox
from infra.database import Db, open_engine, reading, transaction
from infra.outbox import Event, EventReaction
from membership import kept_counts, members, rules
from membership.changing import reevaluations
from membership.changing.reevaluations import ReevaluationProgress
from membership.changing.simulations import TierOutcome
from membership.rules import TierRules

LOOK_SECONDS, ALONE_SECONDS = 0.25, 5.0
MOVED = text("""
    SELECT from_code, to_code, count(*), count(*) - count(DISTINCT user_id) FROM tier_moves
     WHERE rules_version = :version AND reason = 'RULES_CHANGED' GROUP BY 1, 2
""")
STANDING = text("""
    SELECT count(*), bit_xor(hashtextextended(user_id || tier_code || since || coalesce(valid_until::text, ''), 0)) FROM members
""")


@dataclass(frozen=True)
class Judging:
    """How many members were judged, of whom `moved` to another tier, in how many seconds; and how long one waited beside it."""

    done: int
    moved: int
    seconds: float
    beside: MemberWaits


@dataclass(frozen=True)
class TierPace:
    """Seconds that each step took on this machine, and what came of it; what the console asks, the first time and again.

    `killed_at`: members judged before the worker was killed. `astray`: members whose moves the simulation had not told, or who
    moved twice. `is_back`: everybody stands as before at the end. None: it was cut short.
    """

    members: int
    fill_seconds: float
    simulate_seconds: float
    console_seconds: dict[str, tuple[float, float]]
    published: Judging
    taken_back: Judging
    killed_at: int | None
    astray: int | None
    is_back: bool | None
    alone: MemberWaits
    beside_simulation: MemberWaits


async def measured(story: ConsoleStory, house: House, count: int, seconds_max: float) -> TierPace:
    """Filling, publishing and taking back end after `seconds_max` each; what there is then is measured."""
    began = time.perf_counter()
    with story.step("Members") as step:
        people = await crowd.fill(count, step, seconds_max=seconds_max)
        await _vacuum()
        step.note = f"{len(people):,}, each with a score and a year"
    fill_seconds = time.perf_counter() - began
    with story.step("Alone"):
        async with asking(people) as alone:
            await asyncio.sleep(ALONE_SECONDS)
    workers = Workers(house)
    try:
        with story.step("Worker"):
            await _work(lambda db: outbox.announce(db, members.REVIEW_PLANNED, user_id=people[0]))
        return await _changed(story, workers, people, fill_seconds, alone, seconds_max)
    finally:
        workers.stop()


async def _changed(
    story: ConsoleStory,
    workers: Workers,
    people: list[UUID],
    fill_seconds: float,
    alone: list[float],
    seconds_max: float,
) -> TierPace:
    author, approver = [
        await marketing.somebody(may) for may in (Permission.CHANGE_MEMBERSHIP, Permission.APPROVE_MEMBERSHIP)
    ]
    async with reading() as db:
        first, before = await rules.live(db), await _standing(db)
    version = await marketing.drafted(author, first)
    with story.step("Simulate") as step:
        async with asking(people) as beside_simulation:
            simulate_seconds, outcome = await marketing.simulated(version, step)
        step.note = f"{outcome.up:,} up, {outcome.down:,} down"
    with story.step("Count everybody"):
        await _work(lambda db: outbox.announce(db, kept_counts.DUE))
    with story.step("Ask what the console shows"):
        console_seconds = {name: await marketing.timed_twice(ask) for name, ask in marketing.CONSOLE.items()}
    await marketing.approved(author, approver, version)
    judge = partial(_judged, story, workers, people, seconds_max)
    published, killed_at = await judge("Publish", version, lambda: marketing.publish(author, version), kills=True)
    async with reading() as db:
        astray = await _astray(db, version, outcome) if published.done >= len(people) else None
    taken_back, _ = await judge("Roll back", first, lambda: marketing.roll_back(author, version, first), kills=False)
    async with reading() as db:
        is_back = await _standing(db) == before if taken_back.done >= len(people) else None
    return TierPace(
        len(people),
        fill_seconds,
        simulate_seconds,
        console_seconds,
        published,
        taken_back,
        killed_at,
        astray,
        is_back,
        waits_of(alone),
        waits_of(beside_simulation),
    )


async def _judged(
    story: ConsoleStory,
    workers: Workers,
    people: list[UUID],
    seconds_max: float,
    name: str,
    version: TierRules,
    begin: Callable[[], Awaitable[None]],
    *,
    kills: bool,
) -> tuple[Judging, int | None]:
    """Let everybody be judged, and how many were before the worker was killed; None: it never was."""
    began, killed_at = time.perf_counter(), None
    with story.step(name) as step:
        async with asking(people) as beside:
            await begin()
            if kills:
                half = await _until(version, step, lambda now: now.done >= len(people) // 2, began + seconds_max)
                if half.state is RunState.RUNNING:
                    killed_at = half.done
                    workers.kill_and_start_again()
            done = await _until(version, step, lambda now: now.state is RunState.DONE, began + seconds_max)
        step.note = f"{done.moved:,} of {done.done:,} moved"
        if killed_at is not None:
            step.note += f"; the worker was killed after {killed_at:,}"
    return Judging(done.done, done.moved, time.perf_counter() - began, waits_of(beside)), killed_at


async def _work(announced: Callable[[Db], Awaitable[Event]]) -> None:
    """Wait until the worker has done what is announced. How long it takes to begin is measured nowhere."""
    async with transaction() as db:
        asked = await announced(db)
    done = select(EventReaction.handled_at).where(EventReaction.event_id == asked.id)
    while True:
        async with reading() as db:
            if (await db.execute(done)).scalar_one() is not None:
                return
        await asyncio.sleep(LOOK_SECONDS)


async def _vacuum() -> None:
    async with open_engine().connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("SET statement_timeout = 0"))
        await alone.execute(text("VACUUM ANALYZE"))
        await connection.invalidate()


async def _until(
    version: TierRules, step: Step, is_enough: Callable[[ReevaluationProgress], bool], ends: float
) -> ReevaluationProgress:
    """How far it is when that is enough, or at the end of the time."""
    while True:
        async with reading() as db:
            now = (await reevaluations.newest(db, {version.id})).get(version.id)
        if now is not None:
            step.at(now.done, now.people, f"members, {now.moved:,} moved")
            if is_enough(now) or time.perf_counter() > ends:
                return now
        await asyncio.sleep(LOOK_SECONDS)


async def _astray(db: Db, version: TierRules, outcome: TierOutcome) -> int:
    rows = (await db.execute(MOVED, {"version": version.version})).all()
    told = {(cell.from_code, cell.to_code): cell.members for cell in outcome.moves}
    done = {(left, reached): people for left, reached, people, _ in rows}
    others: int = sum(abs(told.get(move, 0) - done.get(move, 0)) for move in told.keys() | done.keys())
    return others + sum(int(twice) for *_, twice in rows)


async def _standing(db: Db) -> tuple[int, int]:
    count, mark = (await db.execute(STANDING)).one()
    return count, mark
