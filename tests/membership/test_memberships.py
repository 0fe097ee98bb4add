"""What a person sees of their membership, and marketing of the tiers."""

from datetime import timedelta
from uuid import UUID

import pytest

from infra.database import reading
from infra.ids import new_id
from infra.words import Locale, say
from membership.benefits import Segment
from membership.memberships import Membership, memberships_of
from membership.overview import tiers_with_counts
from tests.membership.living import FIRST_DAY, active, newcomer, on, scored
from tests.statements import statements

DAY = timedelta(days=1)


async def seen(user_id: UUID) -> Membership:
    async with on(FIRST_DAY) as db:
        return (await memberships_of(db, {user_id}))[user_id]


def told(membership: Membership, locale: Locale) -> str:
    assert membership.next is not None
    missing = membership.next.missing
    return say(missing.message, locale, **missing.values)


async def test_a_newcomer_sees_what_begins_with_the_next_tier() -> None:
    lite = await seen(await newcomer())
    assert (lite.tier.code, lite.tier.rank, lite.since, lite.valid_until) == ("LITE", 1, FIRST_DAY, None)
    assert lite.next is not None
    assert (lite.next.tier.code, lite.next.missing.points, lite.next.missing.activity) == ("SILVER", 600, 0)
    assert told(lite, "en") == "The next tier begins at 600 points. Link an account to get your score."
    assert told(lite, "zh") == "下一等级从 600 分开始。关联账号，即可获得信用分。"
    assert [held.benefit.code for held in lite.benefits] == [
        "city-ride",
        "free-returns",
        "welcome-voucher",
        "cinema-ticket",
        "moving-voucher",
        "score-talk",
    ]


async def test_the_next_tier_tells_exactly_what_is_missing() -> None:
    person = await newcomer()
    await scored(person, 640, FIRST_DAY)
    silver = await seen(person)
    assert told(silver, "en") == "Points still needed for the next tier: 40."

    await scored(person, 700, FIRST_DAY)
    await active(person, 4, FIRST_DAY)
    gold = await seen(person)
    assert gold.next is not None
    assert (gold.next.tier.code, gold.next.missing.points, gold.next.missing.activity) == ("PLATINUM", 20, 2)
    assert told(gold, "zh") == "距离下一等级还差 20 分，以及 2 次下单、按时还款或使用权益。"

    await scored(person, 760, FIRST_DAY)
    assert told(await seen(person), "zh") == "距离下一等级还需 2 次下单、按时还款或使用权益。"

    await active(person, 2, FIRST_DAY)
    assert told(await seen(person), "en") == "You have reached the next tier. It will be yours in a moment."


async def test_the_highest_tier_has_no_next_one_and_benefits_in_all_six_segments() -> None:
    person = await newcomer()
    await active(person, 24, FIRST_DAY)
    await scored(person, 790, FIRST_DAY)
    black = await seen(person)
    assert (black.tier.code, black.next) == ("BLACK", None)
    assert {held.benefit.segment for held in black.benefits} == set(Segment)
    codes = [held.benefit.code for held in black.benefits]
    assert len(codes) == len(set(codes)) == 18


async def test_grace_shows_its_end() -> None:
    person = await newcomer()
    await scored(person, 640, FIRST_DAY)
    await scored(person, 500, FIRST_DAY)
    in_grace = await seen(person)
    assert (in_grace.tier.code, in_grace.valid_until) == ("SILVER", FIRST_DAY + 30 * DAY)


@pytest.fixture
async def crowd() -> set[UUID]:
    people = {await newcomer() for _ in range(5)}
    for points, person in zip((500, 620, 690, 700, 800), people, strict=True):
        await scored(person, points, FIRST_DAY)
    return people


async def test_any_number_of_memberships_take_eight_round_trips(crowd: set[UUID]) -> None:
    """The time, five questions, and twice whether rules and tiers are still those in memory."""
    async with reading() as db:
        await memberships_of(db, crowd)
    async with reading() as db:
        with statements() as sent:
            found = await memberships_of(db, crowd)
    assert set(found) == crowd
    assert len(sent) == 8


async def test_who_has_not_joined_has_no_membership() -> None:
    async with reading() as db:
        assert await memberships_of(db, {new_id()}) == {}


async def test_marketing_counts_the_members_of_each_tier_in_three_round_trips() -> None:
    async with reading() as db:
        before = {row.tier.code: row.members for row in await tiers_with_counts(db)}
    silver, _ = await newcomer(), await newcomer()
    await scored(silver, 620, FIRST_DAY)
    async with reading() as db:
        with statements() as sent:
            rows = await tiers_with_counts(db)
    assert len(sent) == 3
    assert [row.tier.code for row in rows] == ["LITE", "SILVER", "GOLD", "PLATINUM", "BLACK"]
    gained = {row.tier.code: row.members - before[row.tier.code] for row in rows}
    assert gained == {"LITE": 1, "SILVER": 1, "GOLD": 0, "PLATINUM": 0, "BLACK": 0}
    assert [len(row.benefits) for row in rows] == [6, 11, 15, 17, 18]
