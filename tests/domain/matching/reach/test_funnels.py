"""A product's funnel: exact to staff, to the ten and nothing of the few to a partner, nothing to anybody else."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete

from domain.actors import Actor, PartnerActor, Role, StaffActor, UserActor
from domain.matching.product_days import ProductDay
from domain.matching.reach import funnels
from domain.matching.reach.funnels import Days, Funnel
from domain.matching.sweeps.reaches import ProductReach
from domain.matching.sweeps.sweeps import Sweep, SweepRange
from domain.runs import runs
from domain.runs.runs import NOBODY, RunState
from infra import clock
from infra.database import Db
from infra.errors import Refusal
from infra.ids import new_id
from tests.api.people import Shop

STAFF = StaffActor(new_id(), Role.VIEWER)
DAY = date(2026, 11, 22)
WEEK = Days(DAY - timedelta(days=6), DAY)
NOTHING = {"shown": 0, "opened": 0, "applied": 0, "approved": 0, "declined": 0, "accepted": 0}


@pytest.fixture
async def swept(db: Db, shop: Shop) -> Sweep:
    """Of 1,019 people in two ranges, 434 could have it."""
    sweep = Sweep(state=RunState.DONE, ended_at=await clock.now(db) + timedelta(days=1))
    await runs.lay_out(db, sweep, SweepRange, 1)
    db.add(SweepRange(run_id=sweep.id, number=9, people=0, after=NOBODY, last=NOBODY, cursor=NOBODY, simulated=1))
    for number, people, eligible, against in (
        (0, 600, 404, {"AGE_OUTSIDE": 177, "GRADE_TOO_LOW": 19}),
        (1, 419, 30, {"AGE_OUTSIDE": 100, "OUTSIDE_AREA": 289}),
    ):
        product_id = shop.product.id
        db.add(
            ProductReach(
                sweep_id=sweep.id,
                product_id=product_id,
                range=number,
                people=people,
                eligible=eligible,
                against=against,
            )
        )
    await db.flush()
    return sweep


async def happened(db: Db, product_id: UUID, day: date, **what: int) -> None:
    db.add(ProductDay(product_id=product_id, day=day, **what))
    await db.flush()


async def funnel_of(db: Db, actor: Actor, shop: Shop, days: Days = WEEK) -> Funnel | None:
    return (await funnels.of_products(db, actor, [shop.product.id], days)).get(shop.product.id)


async def test_staff_see_every_count(db: Db, shop: Shop, swept: Sweep) -> None:
    await happened(db, shop.product.id, DAY, shown=101, opened=25, applied=3, approved=1, declined=1, accepted=1)
    await happened(db, shop.product.id, WEEK.first, shown=4, opened=1)
    await happened(db, shop.product.id, WEEK.first - timedelta(days=1), shown=1000)
    against = {"OUTSIDE_AREA": 289, "AGE_OUTSIDE": 277, "GRADE_TOO_LOW": 19}
    found = await funnel_of(db, STAFF, shop)
    assert found == Funnel(
        1019, 434, swept.ended_at, True, against, 105, 26, applied=3, approved=1, declined=1, accepted=1
    )
    assert [*found.against] == [*against]


async def test_a_partner_is_told_to_the_ten_and_nothing_of_the_few(db: Db, shop: Shop, swept: Sweep) -> None:
    await happened(db, shop.product.id, DAY, shown=105, opened=19, applied=3, approved=1)
    found = await funnel_of(db, PartnerActor(shop.partner.id, "client"), shop)
    against = {"OUTSIDE_AREA": 280, "AGE_OUTSIDE": 270}
    assert found == Funnel(
        1010, 430, swept.ended_at, True, against, 100, None, applied=3, approved=1, declined=0, accepted=0
    )


@pytest.mark.parametrize(("people", "told"), [(None, None), (0, None), (19, None), (20, 20), (29, 20), (30, 30)])
def test_the_few_are_none(people: int | None, told: int | None) -> None:
    assert funnels.to_the_ten(people) == told


async def test_nobody_else_sees_it(db: Db, shop: Shop, swept: Sweep) -> None:
    await happened(db, shop.product.id, DAY, shown=105)
    for actor in (PartnerActor(new_id(), "other"), UserActor(new_id(), new_id())):
        assert await funnel_of(db, actor, shop) is None
        assert await funnels.by_day(db, actor, shop.product.id, WEEK) == []


async def test_what_no_sweep_has_seen_has_no_reach(db: Db, shop: Shop) -> None:
    await db.execute(delete(ProductReach))
    assert await funnel_of(db, STAFF, shop) == Funnel(None, None, None, False, {}, **NOTHING)


async def test_days_come_in_order(db: Db, shop: Shop) -> None:
    for day, shown in ((DAY, 3), (WEEK.first, 2), (WEEK.first - timedelta(days=1), 1)):
        await happened(db, shop.product.id, day, shown=shown)
    told = await funnels.by_day(db, STAFF, shop.product.id, WEEK)
    assert [(day.day, day.shown) for day in told] == [(WEEK.first, 2), (DAY, 3)]


async def test_the_last_days_end_today(db: Db) -> None:
    today = await clock.today(db)
    assert await funnels.last_days(db, 1) == Days(today, today)
    assert await funnels.last_days(db, 30) == Days(today - timedelta(days=29), today)


@pytest.mark.parametrize("days", [0, -1, 366])
async def test_more_than_a_year_is_refused(db: Db, days: int) -> None:
    with pytest.raises(Refusal):
        await funnels.last_days(db, days)
