"""What marketing does with rules of tiers, and what the console asks of everybody, for who measures how long it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from api.story import Step
from domain.actors import Role, StaffActor
from domain.people import staffing
from domain.permissions import MAY, Permission
from infra import clock
from infra.database import reading, transaction
from infra.ids import new_id
from membership import figures, overview
from membership.campaigns import census
from membership.changing import approving, drafting, publishing, simulating, simulations
from membership.changing.drafting import ProposedRule
from membership.changing.simulations import RunStatus, Simulation, TierOutcome
from membership.rules import TierRules

LOOK_SECONDS = 0.25
# Silver and gold ask for less, platinum for more; nobody has grace, so that what was tried is what happens.
OTHERS = {"SILVER": 570, "GOLD": 655, "PLATINUM": 760}


async def somebody(may: Permission) -> StaffActor:
    role = next(role for role in Role if may in MAY[role])
    async with transaction() as db:
        proofs = {"password": str(new_id()), "totp_secret": "JBSWY3DPEHPK3PXP"}
        member = await staffing.appoint(db, email=f"{may}@bench.example", name=may, role=role, **proofs)
        return StaffActor(member.id, role)


async def drafted(author: StaffActor, live: TierRules) -> TierRules:
    asked = [
        ProposedRule(rule.tier_code, OTHERS.get(rule.tier_code, rule.points_at_least), rule.activity_at_least, 0)
        for rule in live.ladder
    ]
    async with transaction() as db:
        return await drafting.draft(db, author, asked=asked, note="Easier below, harder above.", key=str(new_id()))


async def simulated(version: TierRules, step: Step) -> tuple[float, TierOutcome]:
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


async def _tiers() -> None:
    async with reading() as db:
        await overview.tiers_with_counts(db)


async def _overview(days: int) -> None:
    async with reading() as db:
        await figures.figures_of(db, await figures.span_of(db, days=days))


# What the console's pages and queries ask of everybody.
CONSOLE: dict[str, Callable[[], Awaitable[None]]] = {
    "all tiers": _tiers,
    "the overview of a month": partial(_overview, figures.DAYS_USUAL),
    "of three years": partial(_overview, figures.DAYS_MAX),
    "a census": _census,
}


async def timed_twice(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Seconds, the first time and again: what counts many is kept for a while."""
    began = time.perf_counter()
    await work()
    again = time.perf_counter()
    await work()
    return again - began, time.perf_counter() - again


async def approved(author: StaffActor, approver: StaffActor, version: TierRules) -> None:
    async with transaction() as db:
        await approving.submit(db, author, rules_id=version.id, comment="")
    async with transaction() as db:
        seen = await approving.current_mark(db, version) or ""
        await approving.approve(db, approver, rules_id=version.id, seen=seen, comment="")


async def publish(author: StaffActor, version: TierRules) -> None:
    async with transaction() as db:
        at = await clock.now(db)
        await publishing.publish(db, author, rules_id=version.id, effective_at=at, key=str(new_id()))


async def roll_back(author: StaffActor, left: TierRules, to: TierRules) -> None:
    async with transaction() as db:
        told = {"reason": "As it was.", "key": str(new_id())}
        await publishing.roll_back(db, author, from_id=left.id, to_id=to.id, **told)
