"""Tables of the console are searched, sorted, added up, narrowed to days of one's own and exported, all by one address."""

import csv
import io
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.routing import Route

from api.console.pages import routes
from api.console.pages.changes import NOUNS
from api.console.pages.listing import FALLS, NO_DAY, TableQuery, query_of
from domain.actors import Role
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.api.console.pages.test_campaigns import made_by

SORTS = {"name": str, "used": int}


def asked(query: str) -> TableQuery:
    return query_of(Request({"type": "http", "query_string": query.encode(), "headers": []}), "/console/things", SORTS)


def test_what_is_asked_for_is_asked_for_again() -> None:
    told = asked("sort=used&q=+a+b+&from=2026-01-01&to=2026-01-31&skip=50&other=1")
    assert (told.sort, told.q, told.first, told.last, told.skip) == (
        "used",
        "a b",
        date(2026, 1, 1),
        date(2026, 1, 31),
        50,
    )
    assert asked(told.to(skip=100)) == TableQuery(**{**vars(told), "skip": 100})
    assert told.to(sort="name", q=None) == "sort=name&from=2026-01-01&to=2026-01-31"


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("from=tomorrow", NO_DAY),
        ("to=9999-12-31", NO_DAY),
        ("from=0001-01-01", NO_DAY),
        ("from=2026-02-01&to=2026-01-31", FALLS),
        ("from=2026-02-01&to=2026-02-01", None),
        ("sort=nothing&skip=-1", None),
    ],
)
def test_what_are_no_days_is_said_and_all_are_shown(query: str, error: str | None) -> None:
    told = asked(query)
    assert (told.error, told.sort, told.skip) == (error, "name", 0)
    assert (told.first is None) is (error is not None or "from" not in query)


def test_numbers_fall_and_names_rise() -> None:
    rows = [("b", 2), ("a", 1), ("c", 3)]
    sorts = {"name": lambda row: row[0], "used": lambda row: row[1]}
    assert [row[0] for row in asked("").sorted(rows, sorts)] == ["a", "b", "c"]
    assert [row[1] for row in asked("sort=used").sorted(rows, sorts)] == [3, 2, 1]
    assert asked("").sorted([], sorts) == []


async def rows_of(browser: Browser, address: str) -> list[dict[str, str]]:
    text = (await browser.open(address)).text.lstrip("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


async def test_campaigns_are_found_by_name_and_day_and_added_up(browser_of: NewBrowser) -> None:
    marketing, name, today = await browser_of(Role.MARKETING), f"Cinema {uuid4()}", datetime.now(UTC).date()
    made = [await made_by(marketing, name=f"{name} {number}") for number in (1, 2)]
    told = await marketing.text(f"/console/campaigns?sort=name&q={name}")
    assert "2 campaigns" in told and "All together" in told and told.index(made[0].name) < told.index(made[1].name)
    lines = await rows_of(marketing, f"/console/campaigns.csv?sort=name&q={name}")
    assert [(line["campaign"], line["status"], line["told"]) for line in lines] == [
        (each.name, "DRAFT", "0") for each in made
    ]
    assert await rows_of(marketing, f"/console/campaigns.csv?q={name}&to=2020-01-01") == []
    assert "No campaign is like that" in await marketing.text(f"/console/campaigns?q={name}&to=2020-01-01")
    wrong = await marketing.open(f"/console/campaigns?q={name}&from=never")
    assert wrong.status_code == 400 and "Write a day as 2026-01-31." in words_of(wrong)
    trail = await rows_of(marketing, f"/console/changes.csv?q={name}&from={today.year - 1}-01-01")
    assert {(line["what"], line["which"]) for line in trail} == {("campaign", each.name) for each in made}
    assert await rows_of(marketing, f"/console/changes.csv?q={name}&to=2020-01-01") == []


async def test_what_a_page_refuses_is_no_file_either(browser_of: NewBrowser) -> None:
    approver, files = await browser_of(Role.APPROVER), [each.path for each in routes() if isinstance(each, Route)]
    refused = set[str]()
    for file in (path for path in files if path.endswith(".csv")):
        page = "/console" if file == "/console/overview.csv" else file.removesuffix(".csv")
        shown, taken = [await approver.open(f"{address}?from=never") for address in (page, file)]
        assert shown.status_code == taken.status_code, file
        if shown.status_code == 400:
            assert "Write a day as 2026-01-31." in words_of(taken)
            refused.add(file.removeprefix("/console/"))
    assert refused == {f"{name}.csv" for name in ("overview", "approvals", "benefits", "campaigns", "changes", "plans")}


async def test_plans_and_what_waits_are_tables_too(browser_of: NewBrowser) -> None:
    approver = await browser_of(Role.APPROVER)
    assert {line["code"] for line in await rows_of(approver, "/console/plans.csv?q=vip-year")} == {"vip-year"}
    assert "All together" in await approver.text("/console/plans?sort=haveIt")
    assert "No plan is like that" in await approver.text("/console/plans?q=nothing+is+called+so")
    lines = await rows_of(approver, "/console/approvals.csv?sort=kind")
    names = [NOUNS[line["kind"]] for line in lines]
    assert names == sorted(names)
    assert await rows_of(approver, f"/console/approvals.csv?q={uuid4()}") == []


@pytest.mark.parametrize(
    ("path", "words", "code"),
    [
        ("/console/benefits", "早餐", "hotel-breakfast"),
        ("/console/plans", "年度", "vip-year"),
        ("/console/tiers", "早餐", "YEARLY"),
    ],
)
async def test_words_are_looked_for_as_the_reader_reads_them(
    browser_of: NewBrowser, path: str, words: str, code: str
) -> None:
    """On the page, and in the file that is taken away from it."""
    viewer = await browser_of(Role.VIEWER)
    viewer.headers["Accept-Language"] = "zh-CN"
    assert words in (await viewer.text(f"{path}?q={words}")).replace(f"“{words}”", "")
    assert code in (await viewer.open(f"{path}.csv?q={words}")).text
    assert code not in (await viewer.open(f"{path}.csv?q=nothing-of-the-kind")).text
