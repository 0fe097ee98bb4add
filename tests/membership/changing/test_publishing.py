"""Rules become live, everybody is judged by them, whatever ends in the middle; and one step leads back, once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update

from domain.actors import StaffActor
from domain.runs.runs import RunState
from infra import clock, reacting
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.outbox import Event, EventReaction
from infra.settings import settings
from membership import evaluating, rules
from membership.changing import approving, publishing, reevaluations
from membership.changing.reevaluations import PACE, Reevaluation, ReevaluationRange
from membership.grants import Grant
from membership.members import Member, TierMove
from membership.rules import RulesStatus, TierRules
from tests.clocks import Clock
from tests.membership.changing.rules import EASIER, HARDER, Ladder, drafted, simulated
from tests.membership.living import active, give_score, newcomer, on
from tests.patience import until
from tests.trying import rolled_back
from tests.working import work_off

pytestmark = pytest.mark.usefixtures("first_rules_again")
Standing = tuple[str, datetime, datetime | None]


async def live() -> TierRules:
    async with reading() as db:
        return await rules.live(db)


async def back(actor: StaffActor, left: TierRules, to: UUID, key: str = "") -> TierRules:
    async with transaction() as db:
        how = {"from_id": left.id, "to_id": to, "reason": "It was wrong.", "key": key or str(uuid4())}
        return await publishing.roll_back(db, actor, **how)  # type: ignore[arg-type]


@pytest.fixture
async def first_rules_again(author: StaffActor) -> AsyncIterator[None]:
    """Other tests count on the rules that the house begins with."""
    yield
    if (left := await live()).replaced_id:
        await judge_everybody(await back(author, left, left.replaced_id))


async def approved(author: StaffActor, approver: StaffActor, ladder: Ladder) -> TierRules:
    version = await drafted(author, ladder)
    seen = (await simulated(version.id)).hash
    async with transaction() as db:
        await approving.submit(db, author, rules_id=version.id, comment="")
    async with transaction() as db:
        return await approving.approve(db, approver, rules_id=version.id, seen=seen or "", comment="")


async def publish(actor: StaffActor, version: TierRules, **how: Any) -> TierRules:
    async with transaction() as db:
        at = await clock.now(db) + how.get("after", timedelta(0))
        key = how.get("key", str(uuid4()))
        return await publishing.publish(db, actor, rules_id=version.id, effective_at=at, key=key)


async def run_of(version: TierRules) -> Reevaluation:
    async with reading() as db:
        mine = select(Reevaluation).where(Reevaluation.rules_id == version.id).order_by(Reevaluation.begun_at.desc())
        return (await db.execute(mine.limit(1))).scalar_one()


async def judge_everybody(version: TierRules) -> None:
    await work_off(version.id)
    run = await run_of(version)
    await work_off(run.id)
    assert (await run_of(version)).state is RunState.DONE


async def standings() -> dict[UUID, Standing]:
    async with reading() as db:
        found = (await db.execute(select(Member))).scalars()
        return {each.user_id: (each.tier_code, each.since, each.valid_until) for each in found}


async def let_all_stand_as_they_deserve() -> None:
    """Also whom other tests left otherwise."""
    for user_id in await standings():
        async with transaction() as db:
            await evaluating.evaluate(db, user_id)


async def held_from(user_id: UUID) -> set[str]:
    async with reading() as db:
        return set((await db.execute(select(Grant.source).where(Grant.user_id == user_id))).scalars())


async def member(points: int, times: int = 0) -> UUID:
    """Somebody at the tier that they deserve by the live rules, since a month ago."""
    async with reading() as db:
        then = await clock.now(db) - timedelta(days=30)
    person = await newcomer(then)
    await active(person, times, then)
    async with on(then) as db:
        await give_score(db, person, points)
        await evaluating.evaluate(db, person)
    return person


async def test_everybody_is_judged_by_what_is_published_and_stands_as_before_after_one_step_back(
    author: StaffActor, approver: StaffActor
) -> None:
    first = await live()
    falls, at_once, stays, rises = [await member(700), await member(740, 9), await member(900, 30), await member(650)]
    await let_all_stand_as_they_deserve()
    before = await standings()
    version = await publish(author, await approved(author, approver, HARDER))
    assert version.status is RulesStatus.SCHEDULED
    await judge_everybody(version)
    after = await standings()
    assert {who: after[who][0] for who in (falls, at_once, stays, rises)} == {
        falls: "GOLD",
        at_once: "GOLD",
        stays: "BLACK",
        rises: "SILVER",
    }
    assert after[falls][2] is not None and after[stays] == before[stays]
    assert await held_from(at_once) == {"tier:GOLD"}
    async with transaction() as db:
        await evaluating.evaluate(db, at_once)
    restored = await back(author, version, first.id)
    assert (restored.id, restored.status) == (first.id, RulesStatus.LIVE)
    await judge_everybody(restored)
    assert await standings() == before
    assert await held_from(at_once) == {"tier:PLATINUM"}
    async with reading() as db:
        mine = select(TierMove.reason).where(TierMove.user_id == at_once).order_by(TierMove.at, TierMove.id)
        assert (await db.execute(mine)).scalars().all() == ["JOINED", "REACHED", "RULES_CHANGED", "ROLLED_BACK"]


async def test_who_has_risen_falls_back_at_once_and_who_earned_it_since_keeps_it(
    author: StaffActor, approver: StaffActor
) -> None:
    first = await live()
    lucky, earning = await member(610), await member(620)
    version = await publish(author, await approved(author, approver, EASIER))
    await judge_everybody(version)
    assert [(await standings())[who][0] for who in (lucky, earning)] == ["GOLD", "GOLD"]
    async with transaction() as db:
        now = await clock.now(db)
    async with on(now) as db:
        await give_score(db, earning, 690)
        await evaluating.evaluate(db, earning)
    await judge_everybody(await back(author, version, first.id))
    assert [(await standings())[who][0] for who in (lucky, earning)] == ["SILVER", "GOLD"]


async def test_what_ends_in_the_middle_goes_on_where_it_ended(
    author: StaffActor, approver: StaffActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reevaluations, "BATCH", 2)
    people = [await member(610) for _ in range(5)]
    version = await publish(author, await approved(author, approver, EASIER))
    await work_off(version.id)
    run = await run_of(version)
    async with rolled_back() as db:
        await reevaluations.do_next_batch(db, run.id, 0)  # killed before it commits
    async with transaction() as db:
        await reevaluations.do_next_batch(db, run.id, 0)  # and this one is delivered again
    monkeypatch.setattr(reevaluations, "BATCH", 500)
    await judge_everybody(version)
    async with reading() as db:
        told = await db.execute(select(Event.user_id).where(Event.name == "tier.changed", Event.user_id.in_(people)))
        progress = (await reevaluations.newest(db, {version.id}))[version.id]
    assert Counter(told.scalars()) == Counter([*people, *people])
    assert (progress.state, progress.done) == (RunState.DONE, progress.people)
    assert {(await standings())[who][0] for who in people} == {"GOLD"}


async def test_whoever_moves_hears_of_it_one_after_another_and_of_the_step_back_only_if_they_had(
    author: StaffActor, approver: StaffActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = 0.01  # so that all of it happens before anybody's turn
    monkeypatch.setattr(settings(), "rescore_told_per_second", rate)
    first, people = await live(), [await member(740, 9) for _ in range(3)]
    version = await publish(author, await approved(author, approver, HARDER))
    assert version.effective_at is not None
    await judge_everybody(version)
    told, apart = await waiting(people, version.effective_at), timedelta(seconds=PACE.concurrency / rate)
    assert [later - earlier for (_, earlier), (_, later) in pairwise(told)] == [apart, apart]
    assert told[0][1] >= version.effective_at + reevaluations.HEAD_START
    await reacting.react(await newest_event(told[0][0]), "tell_of_tier")
    await judge_everybody(await back(author, version, first.id))
    ((aware, due_at),) = await waiting(people, version.effective_at)
    assert aware == told[0][0]
    assert due_at > told[-1][1] and (due_at - told[0][1]) % apart == timedelta(0)
    assert {(await standings())[who][0] for who in people} == {"PLATINUM"}


async def newest_event(user_id: UUID) -> UUID:
    async with reading() as db:
        mine = select(Event.id).where(Event.user_id == user_id, Event.name == "tier.changed")
        return (await db.execute(mine.order_by(Event.position.desc()).limit(1))).scalar_one()


async def test_few_are_judged_before_any_of_them_hears_of_it() -> None:
    await member(610)
    version = await live()
    async with rolled_back() as db:
        await db.execute(update(ReevaluationRange).values(told_until=None))
        run = await reevaluations.begin(db, version)
        told_from = select(ReevaluationRange.told_until).where(ReevaluationRange.run_id == run.id).distinct()
        assert (await db.execute(told_from)).scalars().all() == [await clock.now(db) + timedelta(minutes=2)]


async def waiting(people: Sequence[UUID], since: datetime) -> list[tuple[UUID, datetime]]:
    """Who of these is still to be told of a move that was made since, in their turn."""
    async with reading() as db:
        owed = select(Event.user_id, EventReaction.due_at).join(Event, Event.id == EventReaction.event_id)
        theirs = owed.where(Event.user_id.in_(people), EventReaction.reaction == "tell_of_tier")
        unheard = theirs.where(EventReaction.handled_at.is_(None), Event.occurred_at >= since)
        return [(user_id, at) for user_id, at in await db.execute(unheard.order_by(EventReaction.due_at)) if user_id]


async def test_a_step_back_is_taken_once(author: StaffActor, approver: StaffActor) -> None:
    first = await live()
    version = await publish(author, await approved(author, approver, HARDER))
    await judge_everybody(version)
    answers = await asyncio.gather(*(back(author, version, first.id) for _ in range(5)), return_exceptions=True)
    refused = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert (len(answers), refused) == (5, [RefusalCode.STALE] * 4)
    await judge_everybody(first)
    with pytest.raises(Refusal) as further:
        await back(author, first, version.id)
    assert further.value.code is RefusalCode.NOT_OPEN


async def test_a_step_back_waits_for_the_batch_at_work_or_what_that_writes_would_stay(
    author: StaffActor, approver: StaffActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, people = await live(), [await member(740, 9) for _ in range(3)]
    monkeypatch.setattr(reevaluations, "BATCH", 2)  # so that it does not end its range, and hold the run at that
    version = await publish(author, await approved(author, approver, HARDER))
    await work_off(version.id)
    run = await run_of(version)
    async with transaction() as db:
        await reevaluations.do_next_batch(db, run.id, 0)
        stepping = asyncio.create_task(back(author, version, first.id))
        mine = (await db.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        await until(lambda: is_over_or_waits(stepping, mine))
        assert not stepping.done()
    monkeypatch.setattr(reevaluations, "BATCH", 500)
    await judge_everybody(await stepping)
    async with transaction() as db:
        await reevaluations.do_next_batch(db, run.id, 0)  # one that comes too late
    assert {(await standings())[who][0] for who in people} == {"PLATINUM"}


async def is_over_or_waits(task: asyncio.Task[TierRules], pid: int) -> bool:
    """Whether a task is done, or somebody waits for what this process of the database holds."""
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid))")
    async with reading() as db:
        return task.done() or bool((await db.execute(waits, {"pid": pid})).scalar_one())


async def test_a_grace_that_would_have_ended_meanwhile_begins_anew(
    author: StaffActor, approver: StaffActor, clock: Clock
) -> None:
    """Whoever met the easier rules heard of no end, so nobody falls on the day of the step back."""
    first, person = await live(), await member(620)
    async with on(await clock.now()) as db:
        await give_score(db, person, 560)
        assert (await evaluating.evaluate(db, person)).valid_until is not None
    version = await publish(author, await approved(author, approver, EASIER))
    await judge_everybody(version)
    assert (await standings())[person][::2] == ("SILVER", None)
    await clock.forward(days=31)
    back_at = await clock.now()
    await judge_everybody(await back(author, version, first.id))
    code, _, ends = (await standings())[person]
    assert ends is not None and (code, ends >= back_at + timedelta(days=30)) == ("SILVER", True)


async def test_the_same_step_back_sent_again_is_the_same(author: StaffActor, approver: StaffActor) -> None:
    first = await live()
    version = await publish(author, await approved(author, approver, HARDER))
    await judge_everybody(version)
    once, again = [await back(author, version, first.id, key="a-step-back-twice") for _ in range(2)]
    assert once.id == again.id == first.id
    await judge_everybody(first)


async def test_rules_are_published_at_their_time_and_can_be_taken_back_until_then(
    author: StaffActor, approver: StaffActor
) -> None:
    waiting = await publish(author, await approved(author, approver, HARDER), after=timedelta(days=1))
    other = await approved(author, approver, EASIER)
    with pytest.raises(Refusal) as refused:
        await publish(author, other)
    assert refused.value.code is RefusalCode.NOT_OPEN
    assert await work_off(waiting.id) == []
    async with transaction() as db:
        await approving.reject(db, author, rules_id=waiting.id, comment="Not now.")
    async with transaction() as db:
        await publishing.go_live(db, waiting.id)
    assert (await live()).version == 1


async def test_what_others_overtook_is_published_no_more(author: StaffActor, approver: StaffActor) -> None:
    one, other = await approved(author, approver, EASIER), await approved(author, approver, HARDER)
    await judge_everybody(await publish(author, one))
    with pytest.raises(Refusal) as refused:
        await publish(author, other)
    assert refused.value.code is RefusalCode.STALE


@pytest.mark.parametrize("after", [timedelta(hours=-1), timedelta(days=366)])
async def test_no_rules_are_published_in_the_past_or_in_a_far_future(
    author: StaffActor, approver: StaffActor, after: timedelta
) -> None:
    version = await approved(author, approver, EASIER)
    with pytest.raises(Refusal) as refused:
        await publish(author, version, after=after)
    assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID, publishing.AT)
