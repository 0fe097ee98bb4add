"""MembershipFigures: what membership came to in a span of days, day by day and in all, without the people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from infra import clock
from infra.database import Db
from infra.entity import Json
from infra.errors import invalid
from infra.money import Money
from infra.settings import settings
from infra.words import N_
from membership import kept_counts, tallying, tiers
from membership.tiers import Tier

WINDOWS = (7, 30, 90)
DAYS_USUAL, DAYS_MAX = 30, 1_100
YEAR_MIN, YEAR_MAX = 2000, 2999


@dataclass(frozen=True)
class Span:
    """Days of the product, the first and the last of them included."""

    first: date
    last: date

    def has(self, day: str) -> bool:
        """Whether a day, written as in ISO 8601, is one of it."""
        return self.first.isoformat() <= day <= self.last.isoformat()

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
    """`counted_at`: some time ago where people are many, else now."""

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
    """Add up what the days of a span came to."""
    content, counted_at = await kept_counts.recall(db, tallying.TALLY)
    ladder = await tiers.tiers_by_code(db)
    return MembershipFigures(
        span,
        counted_at,
        settings().currency,
        [_day(on, content["days"]) for on in span.days],
        [_tier(tier, content, span) for tier in ladder.values()],
        _funnel(content["cohorts"], span),
    )


def _day(on: date, counts: Mapping[str, Mapping[str, int]]) -> DayFigures:
    day = on.isoformat()
    return DayFigures(on, **{name: by_day.get(day, 0) for name, by_day in counts.items()})


def _tier(tier: Tier, content: Json, span: Span) -> TierFigures:
    """Counted back from now: those who came since the span ended were not there then."""
    moves: Mapping[str, int] = content["moves"].get(tier.code, {})
    within = sum(net for day, net in moves.items() if span.has(day))
    after = sum(net for day, net in moves.items() if day > span.last.isoformat())
    return TierFigures(tier, content["members"].get(tier.code, 0) - after, within)


def _funnel(cohorts: Mapping[str, Sequence[int]], span: Span) -> list[FunnelFigures]:
    within = [steps for day, steps in cohorts.items() if span.has(day)]
    return [FunnelFigures(name, sum(steps[place] for steps in within)) for place, name in enumerate(tallying.STEPS)]
