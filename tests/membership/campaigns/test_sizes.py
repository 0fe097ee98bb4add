"""Sizes: right for whoever asks once, and nothing about fewer than 200 people for whoever asks as often as they like."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from infra import clock
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from membership.benefits import Segment
from membership.campaigns import sizes
from membership.campaigns.audiences import Audience
from membership.campaigns.census import Census, Mask, bits_of, census_of
from membership.campaigns.sizes import (
    REACHED,
    AskedAudience,
    Reached,
    Shared,
    SizeTeller,
    ToldSize,
    measure,
    round_down,
    shared_by,
)
from tests.trying import rolled_back

TIERS, PLANS, SEGMENTS = ("LITE", "SILVER", "GOLD"), ("vip-month", "vip-year"), (Segment.HOME, Segment.TRANSPORT)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(lambda chosen: tuple(sorted(chosen)))


GROUPS = st.tuples(
    st.sampled_from(TIERS),
    some(PLANS),
    some(SEGMENTS).map(bits_of),
    st.sampled_from([0, 29, 30, 90]),
    st.booleans(),
    st.sampled_from([1, 40, 150, 199, 200, 260, 1_000]),
)
CENSUSES = st.lists(GROUPS, min_size=1, max_size=12).map(census_of)
AUDIENCES = st.builds(Audience, some(TIERS), some(PLANS), some(SEGMENTS), st.sampled_from([0, 30, 60]))
NUMBERS = st.lists(AUDIENCES | st.just(REACHED), min_size=1, max_size=2, unique=True).map(tuple)


def mask_of(census: Census, part: Audience | Reached) -> Mask:
    return census.mask_of(part) if isinstance(part, Audience) else census.reachable > 0


def people_of(census: Census, audience: Audience) -> int:
    """How many they are, as somebody counts on their fingers."""
    return sum(
        int(census.people[place])
        for place in range(len(census.people))
        if (not audience.tier_codes or census.tier_codes[place] in audience.tier_codes)
        and (not audience.plan_codes or census.plans[place] & set(audience.plan_codes))
        and (not audience.used_segments or census.segments[place] & set(audience.used_segments))
        and census.inactive_days[place] >= audience.inactive_days_at_least
    )


@given(CENSUSES, AUDIENCES)
def test_a_first_audience_is_told_to_the_ten(census: Census, asked: Audience) -> None:
    size = people_of(census, asked)
    found, _ = measure(census, asked, [], {})
    assert census.count(census.mask_of(asked)) == size
    assert found.size == (size // 10 * 10 if size >= 200 else 0)
    reached = census.count(census.mask_of(asked) & mask_of(census, REACHED))
    assert found.reachable == (0 if reached < 200 else found.size if size - reached < 200 else reached // 10 * 10)


@given(CENSUSES, st.lists(NUMBERS, min_size=2, max_size=8))
def test_no_two_numbers_tell_of_fewer_than_two_hundred_people(census: Census, asked: list[Shared]) -> None:
    """Two numbers that differ, of audiences, of whoever can be reached or of what two share, are of people who lie 200 apart,
    however many were asked for; and whoever lies so far from all who were told of before is told as they are.
    """
    teller, stands = SizeTeller(census, []), list[Mask]()
    for each in asked:
        itself = np.logical_and.reduce([mask_of(census, part) for part in each])
        stand = teller.tell(each)
        assert (stand is None) == (census.count(itself) < 200)
        if stand is not None:
            assert census.count(stand.mask) == stand.size
            if all(census.count(itself ^ other) >= 200 for other in stands):
                assert (stand.mask == itself).all()
            stands.append(stand.mask)
    for one, other in combinations(stands, 2):
        assert (one == other).all() or census.count(one ^ other) >= 200


@given(CENSUSES, AUDIENCES, AUDIENCES)
def test_an_overlap_tells_nothing_of_whoever_is_in_one_alone(census: Census, mine: Audience, other: Audience) -> None:
    key = new_id()
    found, _ = measure(census, mine, [], {key: other})
    both = census.count(census.mask_of(mine) & census.mask_of(other))
    if (shared := found.overlaps.get(key)) is None:
        assert both < 200
        return
    wholes = [people_of(census, each) for each in (mine, other)]
    left_small = [whole for whole in wholes if whole - both < 200]
    assert shared == (left_small[0] if left_small else both) // 10 * 10 >= 200


def test_an_audience_is_held_against_what_two_others_share() -> None:
    """Else those of both who are not in it could be counted: here 100."""
    census = census_of(
        [
            ("GOLD", ("vip",), 0, 30, True, 200),
            ("GOLD", ("vip",), 0, 0, True, 100),
            ("GOLD", (), 0, 0, True, 400),
            ("LITE", ("vip",), 0, 0, True, 400),
        ]
    )
    gold, vip = Audience(tier_codes=("GOLD",)), Audience(plan_codes=("vip",))
    inactive, key = Audience(tier_codes=("GOLD",), inactive_days_at_least=30), new_id()
    found, new = measure(census, gold, [], {key: vip})
    assert (found.size, found.overlaps, new) == (700, {key: 300}, [(gold,), (vip,), shared_by(gold, vip)])
    assert measure(census, inactive, [], {})[0].size == 200
    assert measure(census, inactive, new, {})[0].size == 300
    assert measure(census, gold, [(inactive,)], {key: vip})[0].overlaps == {key: 200}


async def test_looking_beside_many_campaigns_uses_up_no_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What two share is told so often, and then said to be missing, be it of nobody; an audience is told all the same."""
    people = {
        ("GOLD", Segment.HOME): 500,
        ("GOLD", Segment.TRANSPORT): 500,
        ("LITE", Segment.HOME): 400,
        ("LITE", Segment.TRANSPORT): 600,
    }
    census = census_of([(tier, (), bits_of([used]), 0, True, many) for (tier, used), many in people.items()])
    gold, lite = (Audience(tier_codes=(code,)) for code in ("GOLD", "LITE"))
    users = {new_id(): Audience(used_segments=(each,)) for each in SEGMENTS}
    found, told = measure(census, gold, [], {**users, new_id(): lite})
    assert (found.overlaps, found.untold) == (dict.fromkeys(users, 500), 0)
    monkeypatch.setattr(sizes, "OVERLAPS_MAX", 2)
    assert measure(census, gold, told, {**users, new_id(): lite})[0] == replace(found, untold=1)
    assert measure(census, lite, told, users) == (ToldSize(1_000, 1_000, {}, untold=2), [])
    monkeypatch.setattr(sizes, "ASKED_MAX", 1)
    half = census_of([("LITE", (), 0, 0, is_reached, 400) for is_reached in (True, False)])
    assert measure(half, lite, [(lite,)], {})[0] == ToldSize(800, 400, {}), "it comes with the last that is told"
    async with rolled_back() as db:
        await db.execute(delete(AskedAudience))
        for each in told:
            if sizes._kind_of(each) is sizes.NumberKind.OVERLAP:
                await sizes._remember(db, each)
        await db.flush()
        assert (await sizes.tell(db, gold)).untold == 0


def test_an_audience_below_two_hundred_is_withheld() -> None:
    assert [round_down(count) for count in (0, 199, 200, 209, 210)] == [0, 0, 200, 200, 210]


def test_one_person_more_or_less_is_told_as_before() -> None:
    census = census_of([("GOLD", (), 0, 0, True, 1_000), ("GOLD", (), 0, 30, True, 1)])
    everybody, active = Audience(tier_codes=("GOLD",)), Audience(inactive_days_at_least=0)
    assert measure(census, everybody, [], {})[0] == ToldSize(1_000, 1_000, {})
    near = census_of([("GOLD", (), 0, 0, True, 1_000), ("LITE", (), 0, 0, True, 195)])
    assert measure(near, everybody, [(active,)], {})[0].size == 1_190
    assert measure(near, everybody, [], {})[0].size == 1_000


async def test_who_asks_is_written_down_once() -> None:
    async with rolled_back() as db:
        asked = Audience(inactive_days_at_least=417)
        first = await sizes.tell(db, asked)
        assert await sizes.tell(db, asked) == first
        shared = shared_by(asked, Audience(inactive_days_at_least=418))
        await sizes._remember(db, shared)
        await db.flush()
        assert {(asked,), shared} <= {*await sizes._told_before(db)}


async def test_every_audience_is_held_against_all_of_a_year_and_none_is_told_that_would_not_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sizes, "ASKED_MAX", 3)
    async with rolled_back() as db:
        await db.execute(delete(AskedAudience))
        first, *others = [Audience(inactive_days_at_least=days) for days in (500, 501, 502, 503)]
        now = db.info["now"] = await clock.now(db)
        for each in (first, *others[:2]):
            await sizes.tell(db, each)
        assert [*await sizes._told_before(db)] == [(each,) for each in (first, *others[:2])]
        with pytest.raises(Refusal) as refused:
            await sizes.tell(db, others[2])
        assert (refused.value.code, refused.value.retry_at) == (RefusalCode.RATE_LIMITED, now + timedelta(days=365))
        db.info["now"] = now + timedelta(days=364)
        await sizes.tell(db, first)
        db.info["now"] = now + timedelta(days=365)
        assert [*await sizes._told_before(db)] == [(first,)]
        db.info["now"] = now + timedelta(days=730)
        assert not await sizes._told_before(db)
