"""What marketing sees of the tiers: how many members each has, and what it grants."""

from dataclasses import dataclass

from sqlalchemy import func, select

from domain.people import invented
from infra.database import Db
from membership import benefits, tiers
from membership.benefits import Benefit, tier_source
from membership.members import Member
from membership.tiers import Tier


@dataclass(frozen=True)
class TierOverview:
    tier: Tier
    members: int
    benefits: list[Benefit]


async def by_codes(db: Db, codes: set[str]) -> dict[str, TierOverview]:
    """Tiers of these codes, for whoever loads them together."""
    return {each.tier.code: each for each in await tiers_with_counts(db) if each.tier.code in codes}


async def tiers_with_counts(db: Db) -> list[TierOverview]:
    """All tiers, lowest first, in three round trips."""
    known = await tiers.tiers_by_code(db)
    counts = select(Member.tier_code, func.count()).where(invented.counts(Member.user_id)).group_by(Member.tier_code)
    members = dict((await db.execute(counts)).all())
    granted = await benefits.granted_by(db, {tier_source(code) for code in known})
    return [
        TierOverview(tier, members.get(code, 0), granted.get(tier_source(code), [])) for code, tier in known.items()
    ]
