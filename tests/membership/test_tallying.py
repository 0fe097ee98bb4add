"""Tallies: any span of days is what counting its rows one by one comes to, on both sides of a midnight."""

import random
from datetime import UTC, datetime, timedelta

from infra import clock
from infra.ids import new_id
from membership import figures
from membership.figures import Span
from membership.members import TierMove
from membership.plans import plans
from membership.plans.subscriptions import GRACE, PlanStatus, PlanSubscription
from tests.membership.campaigns.test_census import use
from tests.membership.test_quotas import of_code
from tests.trying import rolled_back

FIRST = datetime(2033, 6, 1, 16, tzinfo=UTC)  # midnight in Shanghai; no other test lives so late
DAYS, MANY, SPANS = 40, 120, 60
HOURS = (-1, 0, 1, 12)
CODES = ("LITE", "SILVER", "GOLD")


async def test_any_span_is_the_sum_of_its_rows() -> None:
    drawn = random.Random(14)

    def moment() -> datetime:
        return FIRST + timedelta(days=drawn.randrange(DAYS), seconds=3600 * drawn.choice(HOURS))

    moves = [(moment(), drawn.choice((None, *CODES)), drawn.choice(CODES)) for _ in range(MANY)]
    uses = [moment() for _ in range(MANY)]
    ends = [(moment(), drawn.choice(PLANS), drawn.choice(GRACES)) for _ in range(MANY)]
    spans = [sorted(drawn.randrange(-3, DAYS + 3) for _ in range(2)) for _ in range(SPANS)]
    async with rolled_back() as db:
        db.info["now"] = FIRST + timedelta(days=30)
        whole = Span(clock.local_day(FIRST) - timedelta(days=3), clock.local_day(FIRST) + timedelta(days=DAYS + 3))
        before = {each.tier.code: each.members for each in (await figures.figures_of(db, whole)).tiers}
        ride, plan = await of_code(db, "city-ride"), await plans.find(db, "vip-month")
        assert plan is not None
        db.add_all(
            TierMove(user_id=new_id(), at=at, from_code=left, to_code=reached, reason="REACHED", rules_version=1)
            for at, left, reached in moves
        )
        db.add_all(use(new_id(), ride, at) for at in uses)
        db.add_all(
            PlanSubscription(
                user_id=new_id(),
                plan_id=plan.id,
                begun_at=at,
                status=status,
                paid_until=at,
                grace_until=at + grace if grace and status is PlanStatus.LAPSED else None,
            )
            for at, status, grace in ends
        )
        await db.flush()
        told = [await figures.figures_of(db, _span(first, last)) for first, last in spans]
    over = [
        at + (grace or GRACE) * (status is PlanStatus.LAPSED)
        for at, status, grace in ends
        if status is not PlanStatus.ACTIVE
    ]
    for found in told:
        span = found.span
        for day in found.days:
            assert day.joined == sum(clock.local_day(at) == day.on and left is None for at, left, _ in moves)
            assert day.redemptions == sum(clock.local_day(at) == day.on for at in uses)
            assert day.lapsed == sum(clock.local_day(at) == day.on and at <= FIRST + timedelta(days=30) for at in over)
        for tier in found.tiers:
            code = tier.tier.code
            net = [(clock.local_day(at), (reached == code) - (left == code)) for at, left, reached in moves]
            assert tier.change == sum(by for on, by in net if span.first <= on <= span.last)
            assert tier.members == before[code] - sum(by for on, by in net if on > span.last)


PLANS = (PlanStatus.LAPSED, PlanStatus.CANCELLED, PlanStatus.ACTIVE)
GRACES = (None, GRACE + timedelta(days=2))  # None: lapsed before it was kept


def _span(first: int, last: int) -> Span:
    begins = clock.local_day(FIRST)
    return Span(begins + timedelta(days=first), begins + timedelta(days=last))
