"""Tiers side by side: how many members each has, what it asks for, and what it grants."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from api.console.pages.exporting import table_as_csv
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain.permissions import Permission
from infra.database import reading
from infra.words import N_
from membership import overview, rules
from membership.benefits import Benefit, QuotaReset, Segment
from membership.overview import TierOverview

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


@dataclass(frozen=True)
class MatrixCell:
    """What a tier grants of one benefit; None: nothing. `differs` from the tier below."""

    benefit: Benefit | None
    differs: bool


@dataclass(frozen=True)
class MatrixRow:
    """Benefits of one name, as a tier grants more of it than the tier below, in one row."""

    segment: Segment
    name: str
    cells: Sequence[MatrixCell]


@requires(Permission.SEE_TIERS)
async def tiers(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        known, live = await overview.tiers_with_counts(db), await rules.live(db)
    members = sum(each.members for each in known)
    return page(
        request,
        "tiers.html",
        tiers=known,
        ladder=live.ladder,
        matrix=matrix_of(known),
        members=members,
        segments=SEGMENTS,
        quotas=QUOTAS,
    )


@requires(Permission.SEE_TIERS)
async def exported(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        known = await overview.tiers_with_counts(db)
    lines = ((each.tier.code, each.tier.rank, each.members, len(each.benefits)) for each in known)
    return table_as_csv("tiers", ("tier", "rank", "members", "benefits"), lines)


def matrix_of(known: Sequence[TierOverview]) -> list[MatrixRow]:
    """Benefits down, tiers across, in the order in which people read them."""
    granted = [{(benefit.segment, benefit.name): benefit for benefit in each.benefits} for each in known]
    names = {name: place for each in granted for place, name in enumerate(each)}
    order = sorted(names, key=lambda name: (list(Segment).index(name[0]), names[name], name[1]))
    return [MatrixRow(*name, _cells([each.get(name) for each in granted])) for name in order]


def _cells(row: Sequence[Benefit | None]) -> list[MatrixCell]:
    below = [row[0], *row]
    return [MatrixCell(each, _worth(each) != _worth(low)) for each, low in zip(row, below, strict=False)]


def _worth(benefit: Benefit | None) -> tuple[int | None, QuotaReset] | None:
    return (benefit.quota, benefit.reset) if benefit else None
