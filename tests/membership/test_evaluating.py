"""A member's tier over a year: up, down after grace, the same again and again, and two evaluations at once."""

import asyncio
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from infra import outbox, vault
from infra.database import reading
from infra.ids import new_id
from infra.outbox import Event, EventReaction
from membership import activity, evaluating, joining
from membership.members import Member, TierMove
from tests.membership.living import FIRST_DAY, active, evaluated, give_score, lose_score, newcomer, on, scored

DAY = timedelta(days=1)
YEAR = 365 * DAY


async def moves(user_id: UUID) -> list[tuple[str | None, str, str]]:
    async with reading() as db:
        rows = await db.execute(select(TierMove).where(TierMove.user_id == user_id).order_by(TierMove.at, TierMove.id))
        return [(move.from_code, move.to_code, move.reason) for move in rows.scalars()]


async def announced(user_id: UUID, name: str) -> list[Event]:
    async with reading() as db:
        rows = await db.execute(select(Event).where(Event.user_id == user_id, Event.name == name).order_by(Event.id))
        return list(rows.scalars())


async def due(event: Event) -> list[tuple[str, object]]:
    async with reading() as db:
        rows = await db.execute(select(EventReaction).where(EventReaction.event_id == event.id))
        return [(owed.reaction, owed.due_at) for owed in rows.scalars()]


def state(member: Member) -> tuple[object, ...]:
    return member.tier_code, member.since, member.valid_until


async def test_everybody_who_registers_is_a_member_at_the_lowest_tier() -> None:
    person = await newcomer()
    assert await moves(person) == [(None, "LITE", "JOINED")]
    assert len(await announced(person, "member.joined")) == 1


async def test_a_score_that_reaches_a_tier_gives_it_at_once() -> None:
    person = await newcomer()
    gold = await scored(person, 700, FIRST_DAY + DAY)
    assert state(gold) == ("GOLD", FIRST_DAY + DAY, None)
    assert await moves(person) == [(None, "LITE", "JOINED"), ("LITE", "GOLD", "REACHED")]
    [changed] = await announced(person, "tier.changed")
    assert changed.data == {"from_tier": "LITE", "to_tier": "GOLD"}


async def test_evaluating_again_changes_nothing() -> None:
    person = await newcomer()
    await scored(person, 700, FIRST_DAY)
    again = await evaluated(person, FIRST_DAY + 30 * DAY)
    assert state(again) == ("GOLD", FIRST_DAY, None)
    assert len(await moves(person)) == 2
    assert len(await announced(person, "tier.changed")) == 1
    assert await announced(person, "member.review_planned") == []


async def test_the_highest_tiers_ask_for_activity_too() -> None:
    person = await newcomer()
    assert (await scored(person, 800, FIRST_DAY)).tier_code == "GOLD"
    await active(person, 5, FIRST_DAY)
    assert (await evaluated(person, FIRST_DAY)).tier_code == "GOLD"
    await active(person, 1, FIRST_DAY + DAY)
    assert state(await evaluated(person, FIRST_DAY + DAY)) == ("PLATINUM", FIRST_DAY + DAY, None)


async def test_who_falls_below_keeps_the_tier_until_grace_ends() -> None:
    person = await newcomer()
    await scored(person, 700, FIRST_DAY)
    fallen = FIRST_DAY + 10 * DAY
    ends = fallen + 60 * DAY

    assert state(await scored(person, 610, fallen)) == ("GOLD", FIRST_DAY, ends)
    [review] = await announced(person, "member.review_planned")
    assert await due(review) == [("review_member", ends)]

    assert state(await scored(person, 590, fallen + DAY)) == ("GOLD", FIRST_DAY, ends)
    assert len(await announced(person, "member.review_planned")) == 1

    assert state(await evaluated(person, ends - timedelta(seconds=1))) == ("GOLD", FIRST_DAY, ends)
    assert state(await evaluated(person, ends)) == ("LITE", ends, None)
    assert (await moves(person))[-1] == ("GOLD", "LITE", "GRACE_ENDED")


async def test_at_the_end_of_grace_one_falls_to_what_one_reaches_then() -> None:
    person = await newcomer()
    await scored(person, 700, FIRST_DAY)
    await scored(person, 400, FIRST_DAY + DAY)
    await scored(person, 640, FIRST_DAY + 2 * DAY)
    assert state(await evaluated(person, FIRST_DAY + 61 * DAY)) == ("SILVER", FIRST_DAY + 61 * DAY, None)


async def test_who_recovers_in_grace_has_lost_nothing() -> None:
    person = await newcomer()
    await scored(person, 700, FIRST_DAY)
    await scored(person, 610, FIRST_DAY + DAY)
    assert state(await scored(person, 690, FIRST_DAY + 2 * DAY)) == ("GOLD", FIRST_DAY, None)
    assert state(await evaluated(person, FIRST_DAY + 61 * DAY)) == ("GOLD", FIRST_DAY, None)
    # The next fall has a grace of its own.
    assert state(await scored(person, 610, FIRST_DAY + 100 * DAY)) == ("GOLD", FIRST_DAY, FIRST_DAY + 160 * DAY)


async def test_who_unlinks_everything_falls_after_grace() -> None:
    person = await newcomer()
    await scored(person, 610, FIRST_DAY)
    async with on(FIRST_DAY + DAY) as db:
        await lose_score(db, person)
    assert state(await evaluated(person, FIRST_DAY + DAY)) == ("SILVER", FIRST_DAY, FIRST_DAY + 31 * DAY)
    assert state(await evaluated(person, FIRST_DAY + 31 * DAY)) == ("LITE", FIRST_DAY + 31 * DAY, None)


async def test_activity_counts_for_a_year_and_then_grace_begins() -> None:
    person = await newcomer()
    await active(person, 4, FIRST_DAY)
    await active(person, 3, FIRST_DAY + 5 * DAY)
    await scored(person, 730, FIRST_DAY + 6 * DAY)
    # Of seven points six are needed: the four of the first day end together.
    lapse = FIRST_DAY + YEAR
    [review] = await announced(person, "member.review_planned")
    assert await due(review) == [("review_member", lapse)]

    still = await evaluated(person, lapse - timedelta(seconds=1))
    assert state(still) == ("PLATINUM", FIRST_DAY + 6 * DAY, None)
    assert state(await evaluated(person, lapse)) == ("PLATINUM", FIRST_DAY + 6 * DAY, lapse + 60 * DAY)
    assert state(await evaluated(person, lapse + 60 * DAY)) == ("GOLD", lapse + 60 * DAY, None)


async def test_a_late_repayment_is_no_activity() -> None:
    person = await newcomer()
    async with on(FIRST_DAY) as db:
        late = await outbox.announce(db, "agreement.repaid", user_id=person, days_late=1)
        on_time = await outbox.announce(db, "agreement.repaid", user_id=person, days_late=0)
        for event in (late, on_time, on_time):
            await activity.count(db, event)
        assert await activity.counts_of(db, {person}) == {person: 1}


async def test_two_evaluations_at_once_make_one_move() -> None:
    person = await newcomer()
    async with on(FIRST_DAY) as db:
        await give_score(db, person, 700)
    members = await asyncio.gather(*(evaluated(person, FIRST_DAY + DAY) for _ in range(8)))
    assert {state(member) for member in members} == {("GOLD", FIRST_DAY + DAY, None)}
    assert await moves(person) == [(None, "LITE", "JOINED"), ("LITE", "GOLD", "REACHED")]
    assert len(await announced(person, "tier.changed")) == 1


async def test_a_score_heard_of_before_the_registration_joins_and_moves() -> None:
    person = new_id()
    async with on(FIRST_DAY) as db:
        db.add(vault.new_person_key(person))
        await db.flush()
        await give_score(db, person, 640)
        assert state(await evaluating.evaluate(db, person)) == ("SILVER", FIRST_DAY, None)
        await joining.join(db, person)
    assert await moves(person) == [(None, "LITE", "JOINED"), ("LITE", "SILVER", "REACHED")]


async def test_joining_four_times_at_once_is_joining_once() -> None:
    person = new_id()

    async def join() -> None:
        async with on(FIRST_DAY) as db:
            await joining.join(db, person)

    await asyncio.gather(evaluated(person, FIRST_DAY), join(), evaluated(person, FIRST_DAY), join())
    assert await moves(person) == [(None, "LITE", "JOINED")]
    assert len(await announced(person, "member.joined")) == 1


async def test_a_review_does_not_bring_back_who_is_no_member_any_more() -> None:
    gone = new_id()
    async with on(FIRST_DAY) as db:
        await evaluating.review(db, gone)
    assert await moves(gone) == []
