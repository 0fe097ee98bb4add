"""Simulating: members are counted by where they stand, all as of one moment, and the rules are tried on the counts.

The snapshot is one transaction that sees what was there when it began, and locks nothing; it counts range after range of
people, so that its progress can be told. One that a crash ends begins anew, with a snapshot of its own.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, select, text, update

from infra import clock, outbox
from infra.database import Db, transaction
from infra.errors import Refusal, RefusalCode
from infra.settings import settings
from infra.words import N_
from membership import benefits, rules
from membership.activity import COUNTS_FOR
from membership.benefits import Benefit, QuotaReset, tier_source
from membership.changing import drafting, simulations
from membership.changing.simulations import RunStatus, Simulation, Standing
from membership.members import Member
from membership.rules import TierRules

RANGE_PEOPLE = 50_000
TIMES_A_YEAR = {QuotaReset.MONTHLY: 12, QuotaReset.YEARLY: 1, QuotaReset.ONCE: 0}

SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
# A score is found by its owner and its id, which the planner takes for two independent conditions: of a million it expects one,
# and would compare each member with everybody of the range.
WITHOUT_LOOPS = text("SET LOCAL enable_nestloop = off")
BOUNDS = text("""
    SELECT (array_agg(user_id ORDER BY user_id DESC))[1] AS last
      FROM (SELECT user_id, ntile(:ranges) OVER (ORDER BY user_id) AS number FROM members) AS everybody
     GROUP BY number ORDER BY number
""")
# All is read within the range and added up at once: to look for what each member has would take twice as long.
COUNT = text("""
    SELECT member.tier_code, coalesce(score.points, 0), coalesce(active.points, 0), count(*)
      FROM members AS member
      LEFT JOIN (SELECT scoring.user_id, score.points FROM scorings AS scoring
                   JOIN scores AS score ON score.user_id = scoring.user_id AND score.id = scoring.score_id
                  WHERE scoring.user_id > :after AND scoring.user_id <= :last
                    AND score.user_id > :after AND score.user_id <= :last) AS score ON score.user_id = member.user_id
      LEFT JOIN (SELECT user_id, count(*)::int AS points FROM activities
                  WHERE user_id > :after AND user_id <= :last AND occurred_at > :since
                  GROUP BY user_id) AS active ON active.user_id = member.user_id
     WHERE member.user_id > :after AND member.user_id <= :last
       AND member.user_id NOT IN (SELECT user_id FROM uncounted)
     GROUP BY 1, 2, 3
""")


async def simulate(db: Db, *, rules_id: UUID) -> Simulation:
    """Begin a simulation of rules that nobody has decided about; one that runs already is answered as it is.

    Refuses NOT_FOUND, NOT_OPEN.
    """
    await rules.lock(db)
    tried = await drafting.demand(db, rules_id)
    known = (await simulations.newest(db, {rules_id})).get(rules_id)
    now = await clock.now(db)
    if known is not None and known.status is RunStatus.RUNNING:
        if now < known.begun_at + simulations.OVERDUE:
            return known
        await simulations.LIFE.move(db, known, RunStatus.FAILED)
    if tried.status not in rules.LIFE.groups["changeable"]:
        raise Refusal(RefusalCode.NOT_OPEN, N_("These rules have been decided upon."), field=("input", "tierRulesId"))
    against_id = (await rules.live(db)).id
    begun = Simulation(
        rules_id=rules_id, against_id=against_id, begun_at=now, snapshot_at=now, currency=settings().currency
    )
    db.add(begun)
    await db.flush()
    await outbox.announce(db, simulations.BEGUN, subject_id=begun.id)
    return begun


async def run(simulation_id: UUID) -> None:
    """Count everybody, work out what the rules would do, and write it down. Again where a crash ended it; else nothing."""
    async with transaction() as db:
        begun = await simulations.find(db, simulation_id)
    if begun is None or begun.status is not RunStatus.RUNNING:
        return
    async with snapshot() as db:
        snapshot_at, live = await clock.now(db), await rules.live(db)
        tried = await drafting.demand(db, begun.rules_id)
        monthly = await _monthly_costs(db, tried, begun.currency)
        standings = await _count_all(db, simulation_id, snapshot_at)
    async with transaction() as db:
        simulation = await db.get_one(Simulation, simulation_id, with_for_update=True)
        if simulation.status is RunStatus.RUNNING:
            simulation.snapshot_at, simulation.against_id = snapshot_at, live.id
            await _conclude(db, simulation, standings, tried, live, monthly)


@asynccontextmanager
async def snapshot() -> AsyncIterator[Db]:
    """What everybody was when it began, to be read by sets: nobody is looked for one by one."""
    async with transaction() as db:
        await db.execute(SNAPSHOT)
        await db.execute(WITHOUT_LOOPS)
        yield db


async def _count_all(db: Db, simulation_id: UUID, at: datetime) -> Counter[Standing]:
    members = (await db.execute(select(func.count()).select_from(Member))).scalar_one()
    lasts = (await db.execute(BOUNDS, {"ranges": max(1, -(-members // RANGE_PEOPLE))})).scalars().all()
    found: Counter[Standing] = Counter()
    for after, last in zip([UUID(int=0), *lasts], lasts, strict=False):
        rows = await db.execute(COUNT, {"after": after, "last": last, "since": at - COUNTS_FOR})
        found.update({(code, points, activity): people for code, points, activity, people in rows})
        await _record_progress(simulation_id, members, found.total())
    return found


async def _record_progress(simulation_id: UUID, members: int, done: int) -> None:
    """How far it is, for whoever watches."""
    async with transaction() as db:
        mine = update(Simulation).where(Simulation.id == simulation_id, Simulation.status == RunStatus.RUNNING)
        await db.execute(mine.values(members=members, done=done))


async def _conclude(
    db: Db,
    simulation: Simulation,
    standings: Counter[Standing],
    tried: TierRules,
    live: TierRules,
    monthly: dict[str, Fraction],
) -> None:
    cells = simulations.worked_out(standings, tried, live)
    simulation.members = simulation.done = standings.total()
    simulation.cells = [asdict(cell) for cell in cells]
    simulation.cost_minor = simulations.cost_change(cells, monthly)
    simulation.hash = simulations.mark_of(simulation, tried, live, standings)
    await simulations.LIFE.move(db, simulation, RunStatus.DONE)


async def _monthly_costs(db: Db, version: TierRules, currency: str) -> dict[str, Fraction]:
    """By tier: what its benefits cost a month if they were used up, in minor units of this currency."""
    codes = [rule.tier_code for rule in version.rules]
    granted = await benefits.granted_by(db, {tier_source(code) for code in codes})
    return {
        code: sum(
            (_monthly(each) for each in granted.get(tier_source(code), []) if each.currency == currency), Fraction(0)
        )
        for code in codes
    }


def _monthly(benefit: Benefit) -> Fraction:
    return Fraction(benefit.unit_cost_minor * (benefit.quota or 0) * TIMES_A_YEAR[benefit.reset], 12)
