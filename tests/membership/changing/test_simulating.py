"""A simulation counts everybody as the rules would judge each of them alone."""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from domain.actors import StaffActor
from domain.credit import scores
from domain.people.invented import UNCOUNTED
from infra import clock
from infra.database import reading, transaction
from membership import activity, evaluating, rules
from membership.changing import simulating, simulations
from membership.changing.simulations import MoveSample, RunStatus, Standing, TierCell, cost_change, worked_out
from membership.members import Member
from membership.rules import TierRules
from tests.membership.changing.rules import EASIER, FIRST, HARDER, Ladder, drafted, simulated
from tests.membership.living import active, give_score, newcomer, on
from tests.membership.test_judging import rules as three_rules

LIVES = int(os.environ.get("LONGAN_LIVES", "100"))
PEOPLE = [(0, 0, 0), (560, 3, 0), (640, 0, 2), (690, 2, 9), (730, 7, 1), (800, 30, 3), (700, 1, 5)]


async def people() -> None:
    """Of many kinds: points, activity of this year, and activity that counts no more."""
    async with reading() as db:
        now = await clock.now(db)
    for points, lately, long_ago in PEOPLE:
        person = await newcomer(now - timedelta(days=500))
        await active(person, lately, now - timedelta(days=20))
        await active(person, long_ago, now - timedelta(days=400))
        async with on(now) as db:
            if points:
                await give_score(db, person, points)
            if points != 640:
                await evaluating.evaluate(db, person)


async def one_by_one(tried: TierRules) -> Counter[tuple[str, str]]:
    """How many go from where to where, asked of each alone who counts."""
    found: Counter[tuple[str, str]] = Counter()
    async with reading() as db:
        for member in (
            await db.execute(select(Member).where(Member.user_id.not_in(select(UNCOUNTED.c.user_id))))
        ).scalars():
            score = await scores.current(db, member.user_id)
            counts = await activity.counts_of(db, {member.user_id})
            reached = tried.judge()(score.points if score else 0, counts.get(member.user_id, 0))
            found[member.tier_code, reached.code] += 1
    return found


async def outcome_of(simulation_id: UUID) -> simulations.TierOutcome:
    async with reading() as db:
        return (await simulations.outcomes(db, {simulation_id}))[simulation_id]


async def test_everybody_is_counted_as_they_would_be_judged_alone(author: StaffActor) -> None:
    await people()
    for ladder in (EASIER, HARDER, FIRST):
        tried = await drafted(author, ladder)
        done = await simulated(tried.id)
        outcome, alone = await outcome_of(done.id), await one_by_one(tried)
        assert {(cell.from_code, cell.to_code): cell.members for cell in outcome.cells} == alone
        assert (done.status, done.members, simulations.progress(done)) == (RunStatus.DONE, alone.total(), Decimal(1))
        assert outcome.up + outcome.down + outcome.same == alone.total()
        assert not any(cell.samples for cell in outcome.moves), "so few could be told apart by them"


async def test_it_moves_nobody_and_locks_nobody(author: StaffActor) -> None:
    person = await newcomer()
    tried = await drafted(author, HARDER)
    async with transaction() as db:
        held = await db.get_one(Member, person, with_for_update=True)
        done = await simulated(tried.id)
        assert (done.status, held.tier_code) == (RunStatus.DONE, "LITE")
    async with reading() as db:
        assert (await rules.live(db)).version == 1


async def test_no_member_is_compared_with_each_score_whatever_the_planner_expects() -> None:
    given = {"after": UUID(int=0), "last": UUID(int=2**128 - 1), "since": datetime.min.replace(tzinfo=UTC)}
    async with simulating.snapshot() as db:
        plan = (await db.execute(text(f"EXPLAIN {simulating.COUNT.text}"), given)).scalars().all()
    assert [line for line in plan if "Join" in line] and not [line for line in plan if "Nested Loop" in line]


async def test_it_says_what_the_live_rules_would_do_anyway(author: StaffActor) -> None:
    person = await newcomer()
    async with reading() as db:
        now = await clock.now(db)
    async with on(now) as db:
        await give_score(db, person, 700)
        await evaluating.evaluate(db, person)
        await give_score(db, person, 500)
    alike = await outcome_of((await simulated((await drafted(author, FIRST)).id)).id)
    assert alike.down_anyway == alike.down >= 1


async def test_one_that_runs_is_answered_again_and_one_that_never_ends_gives_way(author: StaffActor) -> None:
    tried = await drafted(author, EASIER)
    async with transaction() as db:
        begun = await simulating.simulate(db, rules_id=tried.id)
        assert (await simulating.simulate(db, rules_id=tried.id)).id == begun.id
    async with transaction() as db:
        clock.freeze(db, begun.begun_at + simulations.OVERDUE)
        other = await simulating.simulate(db, rules_id=tried.id)
        assert other.id != begun.id
    await simulating.run(begun.id)
    await simulating.run(other.id)
    await simulating.run(other.id)
    async with reading() as db:
        known = [await simulations.find(db, id) for id in (begun.id, other.id)]
    assert [each and (each.status, each.hash is None) for each in known] == [
        (RunStatus.FAILED, True),
        (RunStatus.DONE, False),
    ]


async def test_another_snapshot_has_another_hash(author: StaffActor) -> None:
    tried = await drafted(author, EASIER)
    one, other = await simulated(tried.id), await simulated(tried.id)
    assert one.hash is not None and other.hash is not None and one.hash != other.hash


LADDERS = st.tuples(st.integers(0, 950), st.integers(0, 950), st.integers(0, 12), st.integers(0, 12)).map(
    lambda drawn: (
        (0, 0, 0),
        (min(drawn[:2]), min(drawn[2:]), 30),
        (max(drawn[:2]), max(drawn[2:]), 30),
    )
)
STANDINGS = st.dictionaries(
    st.tuples(st.sampled_from(["LITE", "SILVER", "GOLD"]), st.integers(0, 950), st.integers(0, 15)),
    st.integers(1, 1000),
    max_size=12,
)


def version_of(ladder: Ladder) -> TierRules:
    version = three_rules()
    for rule, (points, moves, grace) in zip(version.ladder, ladder, strict=True):
        rule.points_at_least, rule.activity_at_least, rule.grace_days = points, moves, grace
    return version


@settings(max_examples=LIVES, deadline=None)
@given(STANDINGS, LADDERS, LADDERS)
def test_the_matrix_is_what_an_oracle_counts(standings: dict[Standing, int], tried: Ladder, live: Ladder) -> None:
    """The oracle asks of each rung from the top whether it is met."""

    def reached(ladder: Ladder, points: int, active: int) -> str:
        for code, (least, moves, _) in reversed(list(zip(("LITE", "SILVER", "GOLD"), ladder, strict=True))):
            if points >= least and active >= moves:
                return code
        raise AssertionError("the lowest tier is everybody's")

    wanted: Counter[tuple[str, str]] = Counter()
    anyway: Counter[tuple[str, str]] = Counter()
    for (code, *known), members in standings.items():
        to = reached(tried, *known)
        wanted[code, to] += members
        anyway[code, to] += members if reached(live, *known) == to else 0
    cells = worked_out(standings, version_of(tried), version_of(live))
    assert {(cell.from_code, cell.to_code): (cell.members, cell.anyway) for cell in cells} == {
        move: (members, anyway[move]) for move, members in wanted.items()
    }


def test_nobody_is_told_of_who_stands_as_fewer_than_twenty_do() -> None:
    alike = {("GOLD", 700 + number, 4): 1 for number in range(10)} | {("GOLD", 720, 4): 10, ("GOLD", 650, 9): 19}
    (cell,) = worked_out(alike, version_of(((0, 0, 0), (951, 0, 30), (951, 0, 30))), three_rules())
    assert (cell.from_code, cell.to_code, cell.members) == ("GOLD", "LITE", 39)
    assert cell.samples == ()
    (cell,) = worked_out(
        alike | {("GOLD", 715, 4): 10}, version_of(((0, 0, 0), (951, 0, 30), (951, 0, 30))), three_rules()
    )
    assert cell.samples == (MoveSample(4, 0, 240),)


def test_costs_change_by_who_moves_and_are_rounded_once() -> None:
    cells = [TierCell("LITE", "GOLD", 3, 0, ()), TierCell("GOLD", "LITE", 1, 0, ()), TierCell("GOLD", "GOLD", 9, 0, ())]
    assert cost_change(cells, {"LITE": Fraction(100), "GOLD": Fraction(1_000, 3)}) == 467
