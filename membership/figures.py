"""MembershipFigures: what membership came to in a span of days, day by day and in all, without the people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import text

from infra import clock
from infra.database import Db
from infra.entity import Json
from infra.errors import invalid
from infra.money import Money
from infra.settings import settings
from infra.words import N_
from membership import kept_counts, overview, tiers
from membership.plans.subscriptions import GRACE
from membership.tiers import Tier

NAME = "overview"
WINDOWS = (7, 30, 90)
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
    """`counted_at`: of late where people are many, else now."""

    span: Span
    counted_at: datetime
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
    """Work out a span, or recall what it came to."""
    content, counted_at = await kept_counts.recall(db, _name(span), partial(_count, span), _people)
    counts, ladder = content["days"], await tiers.tiers_by_code(db)
    days = [
        DayFigures(on, **{name: count.get(on.isoformat(), 0) for name, count in counts.items()}) for on in span.days
    ]
    return MembershipFigures(
        span,
        counted_at,
        settings().currency,
        days,
        [TierFigures(ladder[code], members, change) for code, members, change in content["tiers"]],
        [FunnelFigures(name, people) for name, people in content["funnel"].items()],
    )


async def renew(db: Db) -> None:
    """Count again what the overview shows at first."""
    for days in WINDOWS:
        span = await span_of(db, days=days)
        await kept_counts.renew(db, _name(span), partial(_count, span), _people)


def _name(span: Span) -> str:
    return f"{NAME}:{span.first}:{span.last}"


def _people(content: Json) -> int:
    return sum(members for _, members, _ in content["tiers"])


async def _count(span: Span, db: Db) -> Json:
    """In one statement for each kind of figure, however many people there are."""
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
    days = {
        name: {on.isoformat(): int(count) for on, count in await db.execute(asked, given)}
        for name, asked in BY_DAY.items()
    }
    (cohort,) = (await db.execute(COHORT, given)).mappings()
    return {"days": days, "tiers": await _tiers(db, given), "funnel": dict(cohort)}


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
NET = text("""
    SELECT code, coalesce(sum(net) FILTER (WHERE at < :ends), 0), coalesce(sum(net) FILTER (WHERE at >= :ends), 0)
      FROM tier_moves AS move
     CROSS JOIN LATERAL (VALUES (to_code, 1), (from_code, -1)) AS way (code, net)
     WHERE at >= :begins AND code IS NOT NULL AND user_id NOT IN (SELECT user_id FROM uncounted)
     GROUP BY 1
""")
# For many people Postgres reads each of the tables once, for few it looks for theirs; it can tell only from within a query.
COHORT = text("""
    SELECT count(*) AS registered, count(*) FILTER (WHERE linked) AS linked, count(*) FILTER (WHERE scored) AS scored,
           count(*) FILTER (WHERE applied) AS applied, count(*) FILTER (WHERE approved) AS approved,
           count(*) FILTER (WHERE accepted) AS accepted
      FROM (SELECT EXISTS (SELECT FROM linked_accounts AS l WHERE l.user_id = u.id) AS linked,
                   EXISTS (SELECT FROM scorings AS s WHERE s.user_id = u.id AND s.score_id IS NOT NULL) AS scored,
                   EXISTS (SELECT FROM applications AS a WHERE a.user_id = u.id) AS applied,
                   EXISTS (SELECT FROM decisions AS d WHERE d.user_id = u.id AND d.outcome = 'APPROVE') AS approved,
                   EXISTS (SELECT FROM agreements AS g WHERE g.user_id = u.id) AS accepted
              FROM users AS u
             WHERE u.created_at >= :begins AND u.created_at < :ends AND u.id NOT IN (SELECT user_id FROM uncounted)
            OFFSET 0) AS cohort
""")


async def _tiers(db: Db, given: Mapping[str, object]) -> list[tuple[str, int, int]]:
    """Members of each at the end and how many more than at the beginning, counted back from now: those who came since the span
    ended were not there then.
    """
    known = await tiers.tiers_by_code(db)
    now_at = await overview.members_at(db, {*known})
    net = {code: (int(within), int(after)) for code, within, after in await db.execute(NET, given)}
    found = []
    for code in known:
        within, after = net.get(code, (0, 0))
        found.append((code, now_at[code] - after, within))
    return found
