"""Audience: whom a campaign is for, by tier, plan, use and inactivity. Nothing here knows a score or who would be approved."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from infra.database import Db
from infra.errors import Faults, invalid
from infra.words import N_
from membership import tiers
from membership.benefits import Segment
from membership.plans.plans import MembershipPlan

INACTIVE_DAYS_MAX = 730
Path = tuple[str, ...]


@dataclass(frozen=True)
class Audience:
    """All four hold; of each, any one of what it names. Empty, or 0 days: it asks nothing.

    Somebody has used a segment who used a benefit of it in the last 365 days. Inactive for so many days is who has earned no
    point of activity since, and joined before.
    """

    tier_codes: tuple[str, ...] = ()
    plan_codes: tuple[str, ...] = ()
    used_segments: tuple[Segment, ...] = ()
    inactive_days_at_least: int = 0

    @property
    def content(self) -> dict[str, Any]:
        """What is stored and hashed of it, as JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Audience":
        return cls(
            tier_codes=tuple(content["tier_codes"]),
            plan_codes=tuple(content["plan_codes"]),
            used_segments=tuple(map(Segment, content["used_segments"])),
            inactive_days_at_least=content["inactive_days_at_least"],
        )


async def checked(
    db: Db,
    *,
    tier_codes: Sequence[str] | None,
    plan_codes: Sequence[str] | None,
    used_segments: Sequence[Segment] | None,
    inactive_days_at_least: int | None,
    field: Path,
) -> Audience:
    """The audience, however its parts were ordered. Refuses INVALID, under `field`, codes that nothing has and days that no year has."""
    known_tiers = {*(await tiers.tiers_by_code(db))}
    known_plans = {*(await db.execute(select(MembershipPlan.code).distinct())).scalars()}
    faults, days = Faults(), inactive_days_at_least or 0
    faults.of(lambda: _refuse_unknown(tier_codes, known_tiers, (*field, "tierCodes")))
    faults.of(lambda: _refuse_unknown(plan_codes, known_plans, (*field, "planCodes")))
    faults.of(lambda: _refuse_days(days, (*field, "inactiveDaysAtLeast")))
    faults.refuse()
    return Audience(
        tier_codes=tuple(sorted({*(tier_codes or ())})),
        plan_codes=tuple(sorted({*(plan_codes or ())})),
        used_segments=tuple(sorted({*(used_segments or ())})),
        inactive_days_at_least=days,
    )


def _refuse_unknown(codes: Sequence[str] | None, known: set[str], field: Path) -> None:
    if not known.issuperset(codes or ()):
        raise invalid(N_("Name some of these codes: {codes}."), field, codes=", ".join(sorted(known)))


def _refuse_days(days: int, field: Path) -> None:
    if not 0 <= days <= INACTIVE_DAYS_MAX:
        raise invalid(N_("Enter a number from 0 to {most}."), field, most=INACTIVE_DAYS_MAX)
