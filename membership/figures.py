"""MembershipFigures: what membership came to in a span of days, day by day and in all, without the people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text

from infra import clock
from infra.database import Db
from infra.errors import invalid
from infra.money import Money
from infra.settings import settings
from infra.words import N_
from membership import tiers
from membership.plans.subscriptions import GRACE
from membership.tiers import Tier

DAYS_USUAL, DAYS_MAX = 30, 1_100
YEAR_MIN, YEAR_MAX = 2000, 2999


@dataclass(frozen=True)
class Span:
    """Days of the product, the first and the last of them included."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        return clock.begins(self.first)

    @property
    def ends(self) -> datetime:
        return clock.begins(self.last + timedelta(days=1))

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=each) for each in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class DayFigures:
    """MembershipFigures of one day; `cost` and `revenue` in minor units, the revenue less what went back."""

    on: date
    joined: int = 0
    lapsed: int = 0
    redemptions: int = 0
    cost: int = 0
    revenue: int = 0


@dataclass(frozen=True)
class TierFigures:
    """`members` at the end of the span; `change` since its beginning."""

    tier: Tier
    members: int
    change: int


@dataclass(frozen=True)
class FunnelFigures:
    """How many of those who registered in the span came so far by now."""

    name: str
    people: int


@dataclass(frozen=True)
class MembershipFigures:
    span: Span
    currency: str
    days: Sequence[DayFigures]
    tiers: Sequence[TierFigures]
    funnel: Sequence[FunnelFigures]

    @property
    def members(self) -> int:
        return sum(each.members for each in self.tiers)

    @property
    def joined(self) -> int:
        return sum(day.joined for day in self.days)

    @property
    def lapsed(self) -> int:
        return sum(day.lapsed for day in self.days)

    @property
    def redemptions(self) -> int:
        return sum(day.redemptions for day in self.days)

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    @property
    def benefit_cost(self) -> Money:
        return Money(sum(day.cost for day in self.days), self.currency)

    @property
    def plan_revenue(self) -> Money:
        return Money(sum(day.revenue for day in self.days), self.currency)


async def span_of(db: Db, *, days: int = DAYS_USUAL, first: date | None = None, last: date | None = None) -> Span:
    """The last days, or those from `first` to `last`. Refuses INVALID what is no span, or a longer one than three years."""
    last = last or await clock.today(db)
    if not YEAR_MIN <= last.year <= YEAR_MAX:
        raise invalid(N_("Choose days in the years {first} to {last}."), "days", first=YEAR_MIN, last=YEAR_MAX)
    many = min(max(days, 0), DAYS_MAX + 1)  # no calendar has more
    first = first or last - timedelta(days=many - 1)
    if not 0 <= (last - first).days < DAYS_MAX:
        raise invalid(N_("Choose 1 to {most} days, the first before the last."), "days", most=DAYS_MAX)
    return Span(first, last)


async def figures_of(db: Db, span: Span) -> MembershipFigures:
    """Work out a span in one statement for each kind of figure, however many people there are."""
    given = {
        "begins": span.begins,
        "ends": span.ends,
        "now": await clock.now(db),
        "zone": settings().time_zone,
        "currency": settings().currency,
        "first": span.first,
        "last": span.last,
        "grace": GRACE,
    }
    counts: dict[str, dict[date, int]] = {
        name: dict((await db.execute(asked, given)).all()) for name, asked in BY_DAY.items()
    }
    days = [DayFigures(on, **{name: int(count.get(on, 0)) for name, count in counts.items()}) for on in span.days]
    return MembershipFigures(span, settings().currency, days, await _tiers(db, given), await _funnel(db, given))


BY_DAY = {
    "joined": text("""
        SELECT (at AT TIME ZONE CAST(:zone AS text))::date, count(*) FROM tier_moves
         WHERE at >= :begins AND at < :ends AND from_code IS NULL
           AND user_id NOT IN (SELECT user_id FROM uncounted)
         GROUP BY 1
    """),
    # Left, or not paid: the day on which its benefits ended.
    "lapsed": text("""
        SELECT (ended_at AT TIME ZONE CAST(:zone AS text))::date, count(*)
          FROM (SELECT user_id, CASE status WHEN 'LAPSED' THEN paid_until + CAST(:grace AS interval) ELSE paid_until END AS ended_at
                  FROM plan_subscriptions
                 WHERE status IN ('LAPSED', 'CANCELLED') AND paid_until < :ends
                   AND paid_until >= CAST(:begins AS timestamptz) - CAST(:grace AS interval)) AS ended
         WHERE ended_at >= :begins AND ended_at < :ends AND ended_at <= :now
           AND user_id NOT IN (SELECT user_id FROM uncounted)
         GROUP BY 1
    """),
    "redemptions": text("""
        SELECT (used_at AT TIME ZONE CAST(:zone AS text))::date, count(*) FROM redemptions
         WHERE used_at >= :begins AND used_at < :ends AND user_id NOT IN (SELECT user_id FROM uncounted)
         GROUP BY 1
    """),
    "cost": text("""
        SELECT value_on, sum(amount) FROM transfers
         WHERE cause_kind IN ('BENEFIT', 'PLAN', 'PLAN_REFUND') AND value_on >= :first AND value_on <= :last
           AND debit = 'BENEFITS' AND currency = :currency AND user_id NOT IN (SELECT user_id FROM uncounted)
         GROUP BY 1
    """),
    "revenue": text("""
        SELECT value_on, sum(CASE credit WHEN 'PLANS_SOLD' THEN amount ELSE -amount END) FROM transfers
         WHERE cause_kind IN ('BENEFIT', 'PLAN', 'PLAN_REFUND') AND value_on >= :first AND value_on <= :last
           AND 'PLANS_SOLD' IN (credit, debit) AND currency = :currency
           AND user_id NOT IN (SELECT user_id FROM uncounted)
         GROUP BY 1
    """),
}
NOW_AT = text("""
    SELECT tier_code, count(*) FROM members WHERE user_id NOT IN (SELECT user_id FROM uncounted) GROUP BY 1
""")
NET = text("""
    SELECT code, coalesce(sum(net) FILTER (WHERE at < :ends), 0), coalesce(sum(net) FILTER (WHERE at >= :ends), 0)
      FROM tier_moves AS move
     CROSS JOIN LATERAL (VALUES (to_code, 1), (from_code, -1)) AS way (code, net)
     WHERE at >= :begins AND code IS NOT NULL AND user_id NOT IN (SELECT user_id FROM uncounted)
     GROUP BY 1
""")
COHORT = text("""
    SELECT count(*) AS registered,
           count(*) FILTER (WHERE EXISTS (SELECT FROM linked_accounts AS l WHERE l.user_id = u.id)) AS linked,
           count(*) FILTER (WHERE EXISTS (SELECT FROM scorings AS s WHERE s.user_id = u.id AND s.score_id IS NOT NULL)) AS scored,
           count(*) FILTER (WHERE EXISTS (SELECT FROM applications AS a WHERE a.user_id = u.id)) AS applied,
           count(*) FILTER (WHERE EXISTS (SELECT FROM decisions AS d WHERE d.user_id = u.id AND d.outcome = 'APPROVE'))
               AS approved,
           count(*) FILTER (WHERE EXISTS (SELECT FROM agreements AS g WHERE g.user_id = u.id)) AS accepted
      FROM users AS u
     WHERE u.created_at >= :begins AND u.created_at < :ends AND u.id NOT IN (SELECT user_id FROM uncounted)
""")


async def _tiers(db: Db, given: Mapping[str, object]) -> list[TierFigures]:
    """Counted back from now: those who came since the span ended were not there then."""
    now_at: dict[str, int] = dict((await db.execute(NOW_AT)).all())
    net = {code: (within, after) for code, within, after in await db.execute(NET, given)}
    found = []
    for code, tier in (await tiers.tiers_by_code(db)).items():
        within, after = net.get(code, (0, 0))
        found.append(TierFigures(tier, now_at.get(code, 0) - int(after), int(within)))
    return found


async def _funnel(db: Db, given: Mapping[str, object]) -> list[FunnelFigures]:
    (row,) = (await db.execute(COHORT, given)).mappings()
    return [FunnelFigures(name, people) for name, people in row.items()]
