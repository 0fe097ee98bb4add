"""What follows from a signal: nothing in the shadow; of a live rule a proof, or a person who decides. Never another score."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain.actors import Role, StaffActor
from domain.applications.applications import Application
from domain.credit.scores import Score
from domain.risk import rules, signals
from domain.risk.rules import APPLICATIONS, RuleAction, RuleMode, SignalRule
from domain.risk.sightings import Sighting
from domain.risk.signals import Signal, SignalVerdict, Suspect
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from tests.api.people import staff_member
from tests.applying import AT_ONCE, apply
from tests.phones import Phone

pytestmark = pytest.mark.usefixtures("longan")


@pytest.fixture
async def staff() -> AsyncIterator[list[StaffActor]]:
    async with transaction() as db:
        people = [await staff_member(db, Role.RISK) for _ in range(2)]
    actors = [StaffActor(each.id, Role.RISK) for each in people]
    yield actors
    await put_in_force(actors, APPLICATIONS.mode, APPLICATIONS.action)


async def put_in_force(staff: list[StaffActor], mode: RuleMode, action: RuleAction) -> SignalRule:
    """Two people agree to another form of a rule."""
    author, other = staff
    async with transaction() as db:
        change = await rules.propose(db, author, APPLICATIONS.code, mode, action, APPLICATIONS.parameters, "We saw it.")
    with pytest.raises(Refusal) as own:
        async with transaction() as db:
            await rules.approve(db, author, change.id, change.hash)
    assert own.value.code is RefusalCode.SECOND_PERSON_REQUIRED
    with pytest.raises(Refusal) as stale:
        async with transaction() as db:
            await rules.approve(db, other, change.id, "something else")
    assert stale.value.code is RefusalCode.STALE
    async with transaction() as db:
        await rules.approve(db, other, change.id, change.hash)
        rule = (await rules.current(db))[APPLICATIONS.code]
    assert (rule.mode, rule.action, rule.version) == (mode, action, change.version)
    return rule


async def suspect(person: Phone, rule: SignalRule) -> UUID:
    """Let the rule speak of the person's sign-in."""
    async with transaction() as db:
        theirs = select(Sighting).where(Sighting.user_id == person.user_id).order_by(Sighting.id).limit(1)
        await signals.raise_each(db, rule, [Suspect((await db.execute(theirs)).scalar_one(), {"people": 3, "new": 3})])
        # Another rule may speak of them too: everybody of the tests is from one network.
        mine = select(Signal.id).where(Signal.user_id == person.user_id, Signal.rule == rule.code)
        return (await db.execute(mine)).scalar_one()


async def rows(person: Phone) -> tuple[int, Any]:
    async with reading() as db:
        applied = select(func.count()).select_from(Application).where(Application.user_id == person.user_id)
        points = select(Score.points).where(Score.user_id == person.user_id).order_by(Score.id)
        return (await db.execute(applied)).scalar_one(), (await db.execute(points)).scalars().all()


async def test_nothing_follows_in_the_shadow(shopper: Phone, staff: list[StaffActor]) -> None:
    await suspect(shopper, await put_in_force(staff, RuleMode.SHADOW, RuleAction.REFER))
    assert (await apply(shopper, AT_ONCE))["status"] == "APPROVED"


async def test_a_live_rule_asks_for_a_proof_before_anything_is_written(shopper: Phone, staff: list[StaffActor]) -> None:
    signal_id = await suspect(shopper, await put_in_force(staff, RuleMode.LIVE, RuleAction.STEP_UP))
    before = await rows(shopper)
    assert (await apply(shopper, AT_ONCE))["code"] == "STEP_UP_REQUIRED"
    assert await rows(shopper) == before
    async with transaction() as db:
        await signals.judge(db, staff[0], signal_id, SignalVerdict.WRONG)
    assert (await apply(shopper, AT_ONCE))["status"] == "APPROVED"


async def test_a_live_rule_lets_a_person_decide_and_changes_no_score(shopper: Phone, staff: list[StaffActor]) -> None:
    await suspect(shopper, await put_in_force(staff, RuleMode.LIVE, RuleAction.REFER))
    before = await rows(shopper)
    answer = await apply(shopper, AT_ONCE)
    assert (answer["status"], [each["code"] for each in answer["decision"]["reasons"]]) == (
        "IN_REVIEW",
        ["NEEDS_A_LOOK"],
    )
    assert (await rows(shopper))[1] == before[1]
    await put_in_force(staff, RuleMode.OFF, RuleAction.REFER)
    assert (await apply(shopper, AT_ONCE, "1100.00"))["status"] == "APPROVED"


async def test_a_rule_is_changed_to_what_makes_sense(staff: list[StaffActor]) -> None:
    for parameters, reason, field in (
        ({"people": 0, "hours": 24}, "So.", "people"),
        ({"people": 3}, "So.", "hours"),
        ({"people": 3, "hours": 1}, "", "reason"),
    ):
        with pytest.raises(Refusal) as refused:
            async with transaction() as db:
                await rules.propose(
                    db, staff[0], APPLICATIONS.code, RuleMode.LIVE, RuleAction.REFER, parameters, reason
                )
        assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID, (field,))


async def test_a_no_to_a_change_that_was_decided_is_no_answer_to_the_next(staff: list[StaffActor]) -> None:
    author, other = staff
    form = (APPLICATIONS.code, RuleMode.SHADOW, RuleAction.REFER, APPLICATIONS.parameters, "We saw it.")
    async with transaction() as db:
        before = await rules.propose(db, author, *form)
        await rules.reject(db, other, before.id)
    async with transaction() as db:
        after = await rules.propose(db, author, *form)
    with pytest.raises(Refusal) as refused:
        async with transaction() as db:
            await rules.reject(db, other, before.id)
    assert refused.value.code is RefusalCode.NOT_OPEN
    async with transaction() as db:
        assert (await rules.waiting(db))[APPLICATIONS.code].id == after.id
        await rules.reject(db, author, after.id)


async def test_of_two_changes_at_once_one_waits_and_the_other_is_told_so(staff: list[StaffActor]) -> None:
    async def propose(actor: StaffActor) -> rules.RuleChange:
        async with transaction() as db:
            return await rules.propose(
                db, actor, APPLICATIONS.code, RuleMode.LIVE, RuleAction.REFER, APPLICATIONS.parameters, "We saw it."
            )

    said = await asyncio.gather(*(propose(actor) for actor in staff * 4), return_exceptions=True)
    (change,) = [each for each in said if isinstance(each, rules.RuleChange)]
    refused = [each.code for each in said if isinstance(each, Refusal)]
    assert refused == [RefusalCode.NOT_OPEN] * 7
    async with transaction() as db:
        await rules.reject(db, staff[0], change.id)
