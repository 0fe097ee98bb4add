"""The tiers in a browser, side by side: members, what each asks for, and what it grants."""

import math
import re
from html import unescape

from api.console.pages.tiers import MatrixRow, matrix_of
from domain.actors import Role
from infra.database import reading
from membership import overview
from membership.benefits import Segment
from tests.api.console.pages.conftest import NewBrowser
from tests.api.console.pages.test_listing import rows_of


async def test_every_benefit_is_a_row_and_every_tier_a_column(browser_of: NewBrowser) -> None:
    text = (await (await browser_of(Role.MARKETING)).open("/console/tiers")).text
    async with reading() as db:
        known = await overview.tiers_with_counts(db)
    head = re.findall(r'<th scope="col" class="tier rank\d"><a [^>]+>([^<]+)</a></th>', text)
    assert head == [each.tier.name for each in known]
    names = [unescape(name) for name in re.findall(r'<th scope="row">([^<]+)</th>', text)]
    asked = ["Members", "Points of the score", "Activity points", "Days of grace"]
    assert names == [*asked, *(row.name for row in matrix_of(known))]
    assert {benefit.name for each in known for benefit in each.benefits} <= set(names)


async def row_of(name: str) -> MatrixRow:
    async with reading() as db:
        known = await overview.tiers_with_counts(db)
    return next(row for row in matrix_of(known) if row.name == name)


async def test_what_differs_from_the_tier_below_stands_out() -> None:
    lounge = await row_of("Airport or railway lounge visit")
    assert lounge.segment is Segment.TRANSPORT
    assert [(cell.benefit.quota if cell.benefit else 0, cell.differs) for cell in lounge.cells] == [
        (0, False),
        (0, False),
        (2, True),
        (6, True),
        (6, False),
    ]


async def test_quotas_are_said_in_words(browser_of: NewBrowser) -> None:
    told = await (await browser_of(Role.VIEWER)).text("/console/tiers")
    assert "Cinema ticket for 9.9 yuan 1 a month 1 a month" in told
    assert re.search(r"Member prices in partner shops – no unlimited", told)


async def test_benefits_are_searched_and_sorted_by_what_a_tier_grants(browser_of: NewBrowser) -> None:
    viewer = await browser_of(Role.VIEWER)
    told = await viewer.text("/console/tiers?q=transport&sort=BLACK")
    assert "5 yuan off a city ride" in told and "Cinema ticket" not in told
    lines = await rows_of(viewer, "/console/tiers.csv?q=transport&sort=BLACK")
    assert lines[0]["benefit"] == "members" and {line["segment"] for line in lines[1:]} == {"TRANSPORT"}
    assert lines == [lines[0], *sorted(lines[1:], key=lambda line: -times_a_year(line["BLACK"]))]
    by_name = [line["benefit"] for line in (await rows_of(viewer, "/console/tiers.csv?sort=name"))[1:]]
    assert by_name == sorted(by_name, key=str.casefold) and len(by_name) > len(lines)
    nothing = await viewer.text("/console/tiers?q=nothing+is+called+so")
    assert "No benefit is like that" in nothing and "Points of the score" in nothing


def times_a_year(told: str) -> float:
    quota, _, reset = told.partition(" ")
    return math.inf if quota == "unlimited" else int(quota) * (12 if reset == "MONTHLY" else 1) if quota else -1
