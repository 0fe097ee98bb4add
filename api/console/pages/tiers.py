"""Tiers side by side: how many members each has, what it asks for, and what it grants."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.console.pages.listing import TableQuery, query_of
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from domain.permissions import Permission
from infra.database import reading
from infra.words import N_, say
from membership import overview, rules
from membership.benefits import Benefit, QuotaReset, Segment
from membership.overview import TierOverview

ADDRESS = "/console/tiers"
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
TIMES_A_YEAR = {QuotaReset.MONTHLY: 12, QuotaReset.YEARLY: 1, QuotaReset.ONCE: 1}  # in the first one


@dataclass(frozen=True)
class MatrixCell:
    """What a tier grants of one benefit; None: nothing. `differs` from the tier below."""

    benefit: Benefit | None
    differs: bool

    @property
    def as_text(self) -> str | None:
        """How often, for a spreadsheet; empty: never."""
        if self.benefit is None:
            return None
        return f"{self.benefit.quota} {self.benefit.reset.value}" if self.benefit.quota else "unlimited"

    @property
    def times_a_year(self) -> float:
        """To sort by: nothing comes last."""
        if self.benefit is None:
            return -1
        return self.benefit.quota * TIMES_A_YEAR[self.benefit.reset] if self.benefit.quota else math.inf


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
    asked, rows = _asked(request, known)
    return page(
        request,
        "tiers.html",
        tiers=known,
        ladder=live.ladder,
        asked=asked,
        matrix=rows,
        members=sum(each.members for each in known),
        segments=SEGMENTS,
        quotas=QUOTAS,
    )


@requires(Permission.SEE_TIERS)
async def exported(request: Request, visit: StaffVisit) -> Response:
    """The same rows: how often each tier grants a benefit, empty where it does not."""
    async with reading() as db:
        known = await overview.tiers_with_counts(db)
    _, rows = _asked(request, known)
    columns = ("segment", "benefit", *(each.tier.code for each in known))
    lines = [("", "members", *(each.members for each in known))]
    lines += [(row.segment.value, row.name, *(cell.as_text for cell in row.cells)) for row in rows]
    return table_as_csv("tiers", columns, lines)


def _asked(request: Request, known: Sequence[TierOverview]) -> tuple[TableQuery, list[MatrixRow]]:
    """The rows whose benefit or segment has the words: as people read them, by name, or what a tier grants most of first."""
    locale = locale_of(request)
    sorts: dict[str, Callable[[MatrixRow], Any]] = {
        "segment": lambda row: "",
        "name": lambda row: say(row.name, locale).casefold(),
        **{each.tier.code: partial(_granted_at, place) for place, each in enumerate(known)},
    }
    asked = query_of(request, ADDRESS, sorts)
    found = [row for row in matrix_of(known) if asked.has(row.name, SEGMENTS[row.segment], row.segment.value)]
    return asked, asked.sorted(found, sorts)


def _granted_at(place: int, row: MatrixRow) -> float:
    return row.cells[place].times_a_year


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


routes: list[Route] = [
    Route("/console/tiers", tiers),
    Route("/console/tiers.csv", exported),
]
