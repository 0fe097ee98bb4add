"""What the house begins with is whole, is said in Chinese, and never undoes what marketing changed."""

from sqlalchemy import delete, func, select, update

from infra.database import Db, reading
from infra.money import Money
from membership import rules, seeding
from membership.benefits import Benefit, BenefitSource, Segment
from membership.catalogue import BENEFITS, TIERS
from membership.rules import RulesStatus, TierRule, TierRules
from membership.tiers import Tier
from tests.trying import rolled_back

TABLES = (Tier, TierRules, TierRule, Benefit, BenefitSource)


async def sizes(db: Db) -> list[int]:
    return [(await db.execute(select(func.count()).select_from(table))).scalar_one() for table in TABLES]


async def test_seeding_again_writes_nothing() -> None:
    async with rolled_back() as db:
        before = await sizes(db)
        await seeding.seed(db)
        assert await sizes(db) == before


async def test_the_first_rules_are_live() -> None:
    async with reading() as db:
        live = await rules.live(db)
    assert (live.version, live.status, live.author_id) == (1, RulesStatus.LIVE, None)
    told = [(r.tier_code, r.points_at_least, r.activity_at_least, r.grace_days) for r in live.ladder]
    assert told == [
        ("LITE", 0, 0, 0),
        ("SILVER", 600, 0, 30),
        ("GOLD", 680, 0, 60),
        ("PLATINUM", 720, 6, 60),
        ("BLACK", 780, 24, 90),
    ]


async def test_what_a_benefit_costs_us_is_in_the_currency_of_the_house() -> None:
    async with reading() as db:
        ride = (await db.execute(select(Benefit).where(Benefit.code == "city-ride"))).scalar_one()
    assert ride.unit_cost == Money.of("5.00", "CNY")


async def test_seeding_never_undoes_what_marketing_changed() -> None:
    async with rolled_back() as db:
        ride = (await db.execute(select(Benefit).where(Benefit.code == "city-ride"))).scalar_one()
        await db.execute(update(Benefit).where(Benefit.id == ride.id).values(quota=9))
        taken_back = (BenefitSource.benefit_id == ride.id, BenefitSource.source == "tier:LITE")
        await db.execute(delete(BenefitSource).where(*taken_back))
        await db.execute(update(TierRules).values(status=RulesStatus.SUPERSEDED))
        await seeding.seed(db)
        await db.refresh(ride)
        assert ride.quota == 9
        assert (await db.execute(select(BenefitSource).where(*taken_back))).scalar_one_or_none() is None
        statuses = (await db.execute(select(TierRules.status))).scalars().all()
        assert set(statuses) == {RulesStatus.SUPERSEDED}


def test_there_is_something_in_each_segment_of_life() -> None:
    assert {benefit.segment for benefit in BENEFITS} == set(Segment)
    assert {tier.code for tier in TIERS} == {code for benefit in BENEFITS for code in benefit.granted_by}
