"""Membership hears of events in the worker, and each has its effect once however often it is delivered."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.agreements import agreements
from domain.notices.notices import VALUES, Notice
from domain.people import users
from domain.redeemed import REDEEMED
from infra import clock, outbox, reactions, vault
from infra.database import reading, transaction
from infra.ids import new_id
from infra.reacting import react
from membership import activity, evaluating, words
from membership.members import Member, TierMove
from tests.membership.living import FIRST_DAY, give_score, newcomer, on, scored
from tests.phones import new_number
from tests.working import work_off

DATA: dict[str, dict[str, Any]] = {agreements.REPAID: {"days_late": 0}, REDEEMED: {"partner_id": str(new_id())}}


async def deliver(name: str, reaction: str, user_id: UUID, **data: Any) -> None:
    """Announce the event, and deliver its reaction three times, as a broker may."""
    async with transaction() as db:
        event = await outbox.announce(db, name, user_id=user_id, **data)
    for _ in range(3):
        await react(event.id, reaction)
    async with reading() as db:
        owed = await db.get_one(outbox.EventReaction, (event.id, reaction))
        assert (owed.last_error, owed.handled_at is not None) == (None, True)


async def tier_of(user_id: UUID) -> str:
    async with reading() as db:
        return (await db.get_one(Member, user_id)).tier_code


async def test_a_registration_makes_a_member_and_a_score_moves_him() -> None:
    person = await newcomer()
    await deliver("user.registered", "join_at_registration", person)
    assert await tier_of(person) == "LITE"
    async with on(FIRST_DAY) as db:
        await give_score(db, person, 640)
    await deliver("score.changed", "evaluate_after_score", person)
    assert await tier_of(person) == "SILVER"
    await deliver("member.review_planned", "review_member", person)
    async with reading() as db:
        moves = (await db.execute(select(TierMove.to_code).where(TierMove.user_id == person))).scalars().all()
    assert sorted(moves) == ["LITE", "SILVER"]


@pytest.mark.parametrize("name", activity.COUNTED)
async def test_an_activity_counts_once_and_may_lift_the_tier(name: str) -> None:
    person = await newcomer()
    async with on(FIRST_DAY) as db:
        await give_score(db, person, 730)
    data = DATA.get(name, {})
    for points in range(1, 7):
        await deliver(name, "evaluate_after_activity", person, **data)
        async with reading() as db:
            assert await activity.counts_of(db, {person}) == {person: points}
    assert await tier_of(person) == "PLATINUM"


def test_only_what_counts_is_owed_to_activity() -> None:
    names = ("user.registered", "score.changed", "member.review_planned", "tier.changed", "member.joined")
    assert all("evaluate_after_activity" not in reactions.owed_to(name) for name in names)


async def test_whoever_falls_below_their_tier_is_told_what_is_missing_to_keep_it() -> None:
    async with transaction() as db:
        person = (await users.register(db, new_number())).id
        now = await clock.now(db)
    await scored(person, 700, now)
    member = await scored(person, 640, now)
    async with on(now) as db:
        assert await evaluating.missing_to_keep(db, member) == (40, 0)
    assert "tell_tier_ends_soon" in await work_off(person)
    async with reading() as db:
        theirs = (await db.execute(select(Notice).where(Notice.user_id == person))).scalars()
        told = [each for each in theirs if each.code == words.TIER_LACKS_POINTS.code]
        seal = await vault.seal_of(db, person)
    assert len(told) == 1 and told[0].values_sealed is not None
    assert {"points": 40, "activity": 0}.items() <= seal.open(told[0].values_sealed, VALUES).items()
