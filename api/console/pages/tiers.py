"""Tiers: how many members each has, and what it grants."""

from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from api.console.pages.exporting import table_as_csv
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain.permissions import Permission
from infra.database import reading
from infra.words import N_
from membership import overview
from membership.benefits import Benefit, QuotaReset, Segment

SEGMENTS = {
    Segment.HOSPITALITY: N_("Hospitality"),
    Segment.TRANSPORT: N_("Transport"),
    Segment.SHOPPING: N_("Shopping"),
    Segment.ENTERTAINMENT: N_("Entertainment"),
    Segment.HOME: N_("Home"),
    Segment.FINANCE: N_("Finance"),
}
QUOTAS = {
    QuotaReset.MONTHLY: N_("{times} a month"),
    QuotaReset.YEARLY: N_("{times} a year"),
    QuotaReset.ONCE: N_("{times} in all"),
}


@requires(Permission.SEE_TIERS)
async def tiers(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        known = await overview.tiers_with_counts(db)
    granted = {each.tier.code: _by_segment(each.benefits) for each in known}
    members = sum(each.members for each in known)
    most = max((each.members for each in known), default=0)
    return page(
        request,
        "tiers.html",
        tiers=known,
        granted=granted,
        members=members,
        most=most,
        segments=SEGMENTS,
        quotas=QUOTAS,
    )


@requires(Permission.SEE_TIERS)
async def exported(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        known = await overview.tiers_with_counts(db)
    lines = ((each.tier.code, each.tier.rank, each.members, len(each.benefits)) for each in known)
    return table_as_csv("tiers", ("tier", "rank", "members", "benefits"), lines)


def _by_segment(benefits: list[Benefit]) -> list[tuple[Segment, list[Benefit]]]:
    """Benefits by segment, in the order in which people read them."""
    return [(segment, list(some)) for segment, some in groupby(benefits, lambda benefit: benefit.segment)]
