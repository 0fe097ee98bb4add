"""A census counts each member once, by what an audience may ask; and nothing of credit is read for it."""

import re
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

from sqlalchemy import text

from domain.credit.scores import Score, Scoring
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity
from infra.ids import new_id
from membership import joining
from membership.activity import Activity
from membership.benefits import Benefit, Segment
from membership.campaigns import census
from membership.campaigns.audiences import Audience
from membership.plans import plans
from membership.plans.subscriptions import PlanStatus, PlanSubscription
from membership.redemptions import Redemption, RedemptionStatus
from tests.membership.test_quotas import of_code
from tests.trying import rolled_back

DAY = timedelta(days=1)
HOME, TRANSPORT = "aircon-check", "city-ride"


async def member(db: Db, joined_at: datetime) -> UUID:
    key = vault.new_person_key(new_id())
    db.add(key)
    await joining.join(db, key.user_id)
    await db.execute(
        text("UPDATE members SET joined_at = :at WHERE user_id = :id"), {"at": joined_at, "id": key.user_id}
    )
    return key.user_id


def use(user_id: UUID, benefit: Benefit, at: datetime | None) -> Redemption:
    return Redemption(
        user_id=user_id,
        benefit_id=benefit.id,
        period="once",
        issued_at=at or datetime.min,
        expires_at=at or datetime.min,
        unit_cost_minor=0,
        member_value_minor=0,
        currency="CNY",
        status=RedemptionStatus.USED if at else RedemptionStatus.ISSUED,
        used_at=at,
    )


async def buy(db: Db, user_id: UUID, code: str, status: PlanStatus, until: datetime) -> None:
    plan = await plans.find(db, code)
    assert plan is not None
    grace = until if status is PlanStatus.GRACE else None
    bought = PlanSubscription(
        user_id=user_id, plan_id=plan.id, begun_at=until, status=status, paid_until=until, grace_until=grace
    )
    db.add(bought)
    await db.flush()


async def counts(db: Db) -> dict[Audience, int]:
    counted, _ = await census.take(db)
    asked = product(((), ("LITE",)), ((), ("vip-year",)), ((), (Segment.HOME,)), (0, 30))
    return {each: counted.count(counted.mask_of(each)) for each in (Audience(*parts) for parts in asked)}


async def test_each_is_counted_once_by_what_they_hold_used_and_did() -> None:
    async with rolled_back() as db:
        now, before = await clock.now(db), await counts(db)
        idle = await member(db, now - 31 * DAY)
        busy = await member(db, now - 90 * DAY)
        db.add_all(
            Activity(user_id=busy, event_id=new_id(), event="benefit.redeemed", occurred_at=now - days * DAY)
            for days in (40, 2)
        )
        home, ride = await of_code(db, HOME), await of_code(db, TRANSPORT)
        db.add_all([use(busy, home, now - 5 * DAY), use(busy, home, now - 6 * DAY), use(busy, ride, now - DAY)])
        db.add_all([use(idle, home, now - 366 * DAY), use(idle, ride, now - DAY)])
        await buy(db, busy, "vip-year", PlanStatus.ACTIVE, now + DAY)
        await buy(db, busy, "vip-month", PlanStatus.CANCELLED, now + DAY)
        await buy(db, idle, "vip-year", PlanStatus.LAPSED, now - DAY)
        after = await counts(db)
    for asked, people in after.items():
        is_idle = not asked.plan_codes and not asked.used_segments
        is_busy = not asked.inactive_days_at_least
        assert people - before[asked] == is_idle + is_busy, asked


async def test_whoever_was_only_promised_a_benefit_has_not_used_it() -> None:
    async with rolled_back() as db:
        now, before = await clock.now(db), await counts(db)
        someone, home = await member(db, now), await of_code(db, HOME)
        promised = use(someone, home, None)
        promised.issued_at = promised.expires_at = now
        db.add(promised)
        await db.flush()
        after = await counts(db)
    used = Audience((), (), (Segment.HOME,), 0)
    assert (after[used] - before[used], after[Audience()] - before[Audience()]) == (0, 1)


def test_nothing_of_credit_is_read_for_it() -> None:
    read = set(re.findall(r"(?:FROM|JOIN) (\w+)", str(census.COUNT)))
    assert read == {
        "members",
        "plan_subscriptions",
        "plans",
        "redemptions",
        "benefits",
        "activities",
        "users",
        "contact_preferences",
        "push_devices",
        "uncounted",
    }
    credit = {
        Score.__tablename__,
        Scoring.__tablename__,
        "readings",
        "applications",
        "decisions",
        "offers",
        "agreements",
    }
    assert credit <= set(Entity.metadata.tables) and not credit & read
