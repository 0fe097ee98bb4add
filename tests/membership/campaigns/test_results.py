"""Uplift: Newcombe's interval, withheld of small groups, and proven only where it leaves zero out."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actors import StaffActor
from infra import clock
from infra.copying import copy_in
from infra.ids import new_id
from membership.campaigns.campaigns import Campaign
from membership.campaigns.results import DrawnGroup, Uplift, compare, interval, uplifts_of
from membership.campaigns.telling import CampaignPerson
from tests.membership.campaigns.drafts import drafted
from tests.membership.campaigns.test_census import use
from tests.membership.test_quotas import of_code
from tests.trying import rolled_back

DAY = timedelta(days=1)
SIZES = st.integers(200, 5_000)


@st.composite
def groups(draw: st.DrawFn) -> DrawnGroup:
    people = draw(SIZES)
    return DrawnGroup(people, draw(st.integers(0, people)))


@pytest.mark.parametrize(
    ("told", "left_out", "found"),
    [
        ((700, 560), (800, 480), ("20.00", "15.42", "24.43")),
        ((1_000, 100), (1_000, 100), ("0.00", "-2.65", "2.65")),
        ((200, 0), (200, 0), ("0.00", "-1.89", "1.89")),
    ],
)
def test_its_ends_are_rounded_outwards(
    told: tuple[int, int], left_out: tuple[int, int], found: tuple[str, ...]
) -> None:
    assert compare(DrawnGroup(*told), DrawnGroup(*left_out)) == Uplift(*map(Decimal, found))


@pytest.mark.parametrize(
    ("told", "left_out", "ends"),
    # The paper's table II, method 10.
    [
        ((70, 56), (80, 48), (0.0524, 0.3339)),
        ((10, 9), (10, 3), (0.1705, 0.8090)),
        ((7, 6), (7, 2), (0.0582, 0.8062)),
        ((56, 5), (29, 0), (-0.0381, 0.1926)),
    ],
)
def test_it_is_the_interval_of_the_paper(
    told: tuple[int, int], left_out: tuple[int, int], ends: tuple[float, float]
) -> None:
    assert interval(DrawnGroup(*told), DrawnGroup(*left_out))[1:] == pytest.approx(ends, abs=0.0001)


@given(groups(), groups())
def test_turned_around_it_says_the_opposite(told: DrawnGroup, left_out: DrawnGroup) -> None:
    one, other = compare(told, left_out), compare(left_out, told)
    assert one is not None and other is not None
    assert (one.points, one.low, one.high) == (-other.points, -other.high, -other.low)
    assert one.low <= one.points <= one.high and one.proven == other.proven
    assert one.proven == (not one.low <= 0 <= one.high)


@given(st.integers(0, 199), SIZES)
def test_a_small_group_is_told_nothing_of(few: int, many: int) -> None:
    assert compare(DrawnGroup(few, 0), DrawnGroup(many, 0)) is None
    assert compare(DrawnGroup(many, 0), DrawnGroup(few, 0)) is None
    assert compare(None, DrawnGroup(many, 0)) is None


async def test_whoever_used_a_benefit_in_time_counts_in_their_group(author: StaffActor) -> None:
    """Of 200 told 50 used one and of 200 left out 20; uses before they were drawn, after the end, and none at all do not count."""
    drawn = await drafted(author)
    async with rolled_back() as db:
        now = await clock.now(db)
        campaign = await db.get_one(Campaign, drawn.id)
        campaign.starts_at, campaign.ends_at = now - 10 * DAY, now - DAY
        benefit = await of_code(db, "city-ride")
        people = [new_id() for _ in range(400)]
        drawn_at = {"campaign_id": campaign.id, "at": now - 9 * DAY}
        await copy_in(
            db,
            CampaignPerson,
            [{"user_id": each, "is_held_out": place >= 200, **drawn_at} for place, each in enumerate(people)],
        )
        in_time = [*people[:50], *people[200:220]]
        db.add_all(use(each, benefit, now - 5 * DAY) for each in [*in_time, people[0]])
        db.add_all(use(each, benefit, now - 9.5 * DAY) for each in people[50:60])
        db.add_all(use(each, benefit, now - timedelta(hours=1)) for each in people[220:230])
        await db.flush()
        found = await uplifts_of(db, {campaign.id})
    assert found == {campaign.id: compare(DrawnGroup(200, 50), DrawnGroup(200, 20))}
    assert found[campaign.id].proven
