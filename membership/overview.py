"""What marketing sees of the tiers: how many members each has, and what it grants."""

from dataclasses import dataclass

from sqlalchemy import text

from infra.database import Db
from membership import benefits, tiers
from membership.benefits import Benefit, tier_source
from membership.tiers import Tier

# Everybody is counted in the index of tiers alone, and whoever counts for nothing is taken off, who are few.
COUNT = text("""
    SELECT tier_code, sum(members)::int
      FROM (SELECT tier_code, count(*) AS members FROM members GROUP BY tier_code
             UNION ALL
            SELECT tier_code, -count(*) FROM members JOIN uncounted USING (user_id) GROUP BY tier_code) AS counted
     GROUP BY tier_code
""")


@dataclass(frozen=True)
class TierOverview:
    tier: Tier
    benefits: list[Benefit]


@dataclass(frozen=True)
class CountedTier(TierOverview):
    members: int


async def all_tiers(db: Db) -> list[TierOverview]:
    """All tiers, lowest first, in two round trips."""
    known = await tiers.tiers_by_code(db)
    granted = await benefits.granted_by(db, {tier_source(code) for code in known})
    return [TierOverview(tier, granted.get(tier_source(code), [])) for code, tier in known.items()]


async def by_codes(db: Db, codes: set[str]) -> dict[str, TierOverview]:
    """Tiers of these codes, for whoever loads them together."""
    return {each.tier.code: each for each in await all_tiers(db) if each.tier.code in codes}


async def members_at(db: Db, codes: set[str]) -> dict[str, int]:
    """How many members are at each of these tiers."""
    counted: dict[str, int] = dict((await db.execute(COUNT)).all())
    return {code: counted.get(code, 0) for code in codes}


async def tiers_with_counts(db: Db) -> list[CountedTier]:
    """All tiers, lowest first, in three round trips."""
    known = await all_tiers(db)
    members = await members_at(db, {each.tier.code for each in known})
    return [CountedTier(each.tier, each.benefits, members[each.tier.code]) for each in known]
