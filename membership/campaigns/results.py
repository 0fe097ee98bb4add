"""What came of a campaign: whom it told, what was used and cost, and how much more those who were told used than those left out."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from math import sqrt
from statistics import NormalDist
from uuid import UUID

from sqlalchemy import text

from infra import clock
from infra.database import Db
from infra.money import Money
from membership.campaigns.sizes import SMALLEST, round_down

CONFIDENCE = Decimal("0.95")
Z = NormalDist().inv_cdf(0.5 + float(CONFIDENCE) / 2)
HUNDREDTH = Decimal("0.01")

FIGURES = text("""
    SELECT campaign.id, campaign.currency,
           (SELECT coalesce(sum(part.told), 0) FROM campaign_runs AS run
              JOIN campaign_ranges AS part ON part.campaign_run_id = run.id WHERE run.campaign_id = campaign.id) AS told,
           coalesce(used.times, 0) AS redeemed, coalesce(used.cost, 0) AS spent
      FROM campaigns AS campaign
      LEFT JOIN (SELECT campaign_id, count(*) AS times, sum(unit_cost_minor) AS cost FROM redemptions
                  WHERE campaign_id = ANY(:ids) AND status = 'USED' GROUP BY campaign_id) AS used
             ON used.campaign_id = campaign.id
     WHERE campaign.id = ANY(:ids)
""")
# One look for each person: of all that was ever redeemed, theirs is little.
GROUPS = text("""
    SELECT person.campaign_id, person.is_held_out, count(*) AS people, count(used.once) AS active
      FROM campaign_people AS person
      JOIN campaigns AS campaign ON campaign.id = person.campaign_id
      LEFT JOIN LATERAL (
           SELECT 1 AS once FROM redemptions AS use
            WHERE use.user_id = person.user_id AND use.status = 'USED'
              AND use.used_at >= person.at AND use.used_at < campaign.ends_at AND use.used_at <= :now
            LIMIT 1) AS used ON true
     WHERE person.campaign_id = ANY(:ids)
     GROUP BY 1, 2
""")


@dataclass(frozen=True)
class CampaignFigures:
    """`sent`: how many were told, as sizes are told. `redeemed`: vouchers that its budget paid for and that were used."""

    sent: int
    redeemed: int
    spent: Money


@dataclass(frozen=True)
class DrawnGroup:
    """A group of people that the lot made, and how many of them used some benefit from then until the campaign ended."""

    people: int
    active: int


@dataclass(frozen=True)
class Uplift:
    """How many percent more of those who were told used a benefit than of those who were left out, with its interval."""

    points: Decimal
    low: Decimal
    high: Decimal

    confidence = CONFIDENCE

    @property
    def proven(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


async def figures_of(db: Db, ids: set[UUID]) -> dict[UUID, CampaignFigures]:
    rows = await db.execute(FIGURES, {"ids": list(ids)})
    return {
        row.id: CampaignFigures(round_down(int(row.told)), row.redeemed, Money(int(row.spent), row.currency))
        for row in rows
    }


async def uplifts_of(db: Db, ids: set[UUID]) -> dict[UUID, Uplift]:
    """The uplift of each campaign whose two groups are 200 people or more; the others are missing."""
    groups: dict[UUID, dict[bool, DrawnGroup]] = {}
    for row in await db.execute(GROUPS, {"ids": list(ids), "now": await clock.now(db)}):
        groups.setdefault(row.campaign_id, {})[row.is_held_out] = DrawnGroup(row.people, row.active)
    found = {id: compare(both.get(False), both.get(True)) for id, both in groups.items()}
    return {id: uplift for id, uplift in found.items() if uplift is not None}


def compare(told: DrawnGroup | None, left_out: DrawnGroup | None) -> Uplift | None:
    """The difference in percent; None where a group is smaller than any that is told of. Its ends are rounded away from each
    other, so that rounding proves nothing.
    """
    if told is None or left_out is None or min(told.people, left_out.people) < SMALLEST:
        return None
    difference, low, high = interval(told, left_out)
    return Uplift(_points(difference, ROUND_HALF_EVEN), _points(low, ROUND_FLOOR), _points(high, ROUND_CEILING))


def interval(told: DrawnGroup, left_out: DrawnGroup) -> tuple[float, float, float]:
    """The difference of two shares and its ends, by Newcombe's tenth method (Statistics in Medicine 17, 1998, 873-890)."""
    (low_told, share_told, high_told), (low_out, share_out, high_out) = _wilson(told), _wilson(left_out)
    difference = share_told - share_out
    low = difference - sqrt((share_told - low_told) ** 2 + (high_out - share_out) ** 2)
    high = difference + sqrt((high_told - share_told) ** 2 + (share_out - low_out) ** 2)
    return difference, low, high


def _wilson(group: DrawnGroup) -> tuple[float, float, float]:
    """Wilson's interval of a share, with the share."""
    people, share = group.people, group.active / group.people
    middle = share + Z**2 / (2 * people)
    reach = Z * sqrt(share * (1 - share) / people + Z**2 / (4 * people**2))
    return (middle - reach) / (1 + Z**2 / people), share, (middle + reach) / (1 + Z**2 / people)


def _points(share: float, rounding: str) -> Decimal:
    return (Decimal(share) * 100).quantize(HUNDREDTH, rounding)
