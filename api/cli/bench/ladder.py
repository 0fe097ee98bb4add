"""Other rules for many members: tried, published by a worker that is killed in the middle, and taken back."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text

from api.cli.bench import members as crowd
from api.cli.bench.waiting import MemberWaits, asking, waits_of
from api.cli.house import House
from api.story import ConsoleStory, Step
from domain.actors import Role, StaffActor
from domain.people import staffing
from domain.permissions import MAY, Permission
from domain.runs.runs import RunState
from infra import clock, outbox
from infra.database import Db, open_engine, reading, transaction
from infra.ids import new_id
from infra.outbox import EventReaction
from infra.running.programs import Process
from membership import members, rules
from membership.campaigns import census
from membership.changing import approving, drafting, publishing, reevaluations, simulating, simulations
from membership.changing.drafting import ProposedRule
from membership.changing.reevaluations import ReevaluationProgress
from membership.changing.simulations import RunStatus, Simulation, TierOutcome
from membership.rules import TierRules

LOOK_SECONDS, ALONE_SECONDS = 0.25, 5.0
# Silver and gold ask for less, platinum for more; nobody has grace, so that what was tried is what happens.
OTHERS = {"SILVER": 570, "GOLD": 655, "PLATINUM": 760}
MOVED = text("""
    SELECT from_code, to_code, count(*), count(*) - count(DISTINCT user_id) FROM tier_moves
     WHERE rules_version = :version AND reason = 'RULES_CHANGED' GROUP BY 1, 2
""")
STANDING = text("""
    SELECT count(*), bit_xor(hashtextextended(user_id || tier_code || since || coalesce(valid_until::text, ''), 0)) FROM members
""")


@dataclass(frozen=True)
class TierPace:
    """Seconds that each step took on this machine, and what came of it. `killed_at`: members judged before the worker was killed.

    `astray`: members whose moves the simulation had not told, or who moved twice. `is_back`: everybody stands as before at the end.
    """

    members: int
    fill_seconds: float
    simulate_seconds: float
    census_seconds: float
    publish_seconds: float
    roll_back_seconds: float
    moved: int
    killed_at: int
    astray: int
    is_back: bool
    alone: MemberWaits
    beside_simulation: MemberWaits
    beside_publication: MemberWaits


class Workers:
    """The relay and the worker of the house, which can be killed as a machine without power is."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.relay = Process(house.relay(), house.var)
        self.worker = self._work()

    def _work(self) -> Process:
        return Process(self.house.worker(), self.house.var)

    def kill_and_start_again(self) -> None:
        os.killpg(self.worker.popen.pid, signal.SIGKILL)
        self.worker.popen.wait()
        self.worker = self._work()

    def stop(self) -> None:
        for process in (self.worker, self.relay):
            process.stop()


async def measured(story: ConsoleStory, house: House, count: int) -> TierPace:
    began = time.perf_counter()
    with story.step("Members") as step:
        people = await crowd.fill(count, step)
        await _vacuum()
        step.note = f"{count:,}, each with a score and a year"
    fill_seconds = time.perf_counter() - began
    with story.step("Alone"):
        async with asking(people) as alone:
            await asyncio.sleep(ALONE_SECONDS)
    workers = Workers(house)
    try:
        with story.step("Worker"):
            await _works(people[0])
        return await _changed(story, workers, people, fill_seconds, alone)
    finally:
        workers.stop()


async def _changed(
    story: ConsoleStory, workers: Workers, people: list[UUID], fill_seconds: float, alone: list[float]
) -> TierPace:
    author, approver = [await _somebody(may) for may in (Permission.CHANGE_MEMBERSHIP, Permission.APPROVE_MEMBERSHIP)]
    async with reading() as db:
        first, before = await rules.live(db), await _standing(db)
    version = await _drafted(author, first)
    with story.step("Simulate") as step:
        async with asking(people) as beside_simulation:
            simulate_seconds, outcome = await _simulated(version, step)
        step.note = f"{outcome.up:,} up, {outcome.down:,} down"
    with story.step("Count audiences"):
        census_seconds = await _timed(_census)
    with story.step("Publish") as step:
        await _approved(author, approver, version)
        began = time.perf_counter()
        async with asking(people) as beside_publication:
            await _publish(author, version)
            killed_at = (await _until(version, step, lambda now: now.done >= len(people) // 2)).done
            workers.kill_and_start_again()
            done = await _until(version, step, lambda now: now.state is RunState.DONE)
        publish_seconds = time.perf_counter() - began
        step.note = f"{done.moved:,} moved; the worker was killed after {killed_at:,}"
    async with reading() as db:
        astray = await _astray(db, version, outcome)
    with story.step("Roll back") as step:
        began = time.perf_counter()
        await _roll_back(author, version, first)
        await _until(first, step, lambda now: now.state is RunState.DONE)
        roll_back_seconds = time.perf_counter() - began
    async with reading() as db:
        is_back = await _standing(db) == before
    return TierPace(
        len(people),
        fill_seconds,
        simulate_seconds,
        census_seconds,
        publish_seconds,
        roll_back_seconds,
        done.moved,
        killed_at,
        astray,
        is_back,
        waits_of(alone),
        waits_of(beside_simulation),
        waits_of(beside_publication),
    )


async def _works(member: UUID) -> None:
    """Wait until the worker has done something: how long it takes to begin is measured nowhere."""
    async with transaction() as db:
        asked = await outbox.announce(db, members.REVIEW_PLANNED, user_id=member)
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


async def _somebody(may: Permission) -> StaffActor:
    role = next(role for role in Role if may in MAY[role])
    async with transaction() as db:
        proofs = {"password": str(new_id()), "totp_secret": "JBSWY3DPEHPK3PXP"}
        member = await staffing.appoint(db, email=f"{may}@bench.example", name=may, role=role, **proofs)
        return StaffActor(member.id, role)


async def _drafted(author: StaffActor, live: TierRules) -> TierRules:
    asked = [
        ProposedRule(rule.tier_code, OTHERS.get(rule.tier_code, rule.points_at_least), rule.activity_at_least, 0)
        for rule in live.ladder
    ]
    async with transaction() as db:
        return await drafting.draft(db, author, asked=asked, note="Easier below, harder above.", key=str(new_id()))


async def _simulated(version: TierRules, step: Step) -> tuple[float, TierOutcome]:
    began = time.perf_counter()
    async with transaction() as db:
        begun = await simulating.simulate(db, rules_id=version.id)
    while (now := await _look_at(begun.id)).status is RunStatus.RUNNING:
        step.at(now.done, now.members or 1, "members")
        await asyncio.sleep(LOOK_SECONDS)
    seconds = time.perf_counter() - began
    async with reading() as db:
        return seconds, (await simulations.outcomes(db, {begun.id}))[begun.id]


async def _look_at(simulation_id: UUID) -> Simulation:
    async with reading() as db:
        found = await simulations.find(db, simulation_id)
    assert found is not None, "it was begun"
    return found


async def _census() -> None:
    async with reading() as db:
        await census.take(db)


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def _approved(author: StaffActor, approver: StaffActor, version: TierRules) -> None:
    async with transaction() as db:
        await approving.submit(db, author, rules_id=version.id, comment="")
    async with transaction() as db:
        seen = await approving.current_mark(db, version) or ""
        await approving.approve(db, approver, rules_id=version.id, seen=seen, comment="")


async def _publish(author: StaffActor, version: TierRules) -> None:
    async with transaction() as db:
        at = await clock.now(db)
        await publishing.publish(db, author, rules_id=version.id, effective_at=at, key=str(new_id()))


async def _roll_back(author: StaffActor, left: TierRules, to: TierRules) -> None:
    async with transaction() as db:
        told = {"reason": "As it was.", "key": str(new_id())}
        await publishing.roll_back(db, author, from_id=left.id, to_id=to.id, **told)


async def _until(
    version: TierRules, step: Step, is_enough: Callable[[ReevaluationProgress], bool]
) -> ReevaluationProgress:
    while True:
        async with reading() as db:
            now = (await reevaluations.newest(db, {version.id})).get(version.id)
        if now is not None:
            step.at(now.done, now.people, f"members, {now.moved:,} moved")
            if is_enough(now):
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
