"""Who may open which page, and what a page lets in from elsewhere."""

import re
from pathlib import Path

import pytest

from domain.actors import Role
from tests.api.console.pages.conftest import NewBrowser
from tests.house.test_words import HOUSE

ALL = list(Role)
MAY = {
    "/console": ALL,
    "/console/approvals": ALL,
    "/console/approvals.csv": ALL,
    "/console/benefits": ALL,
    "/console/changes": ALL,
    "/console/members": [Role.MARKETING, Role.RISK],
    "/console/plans": ALL,
    "/console/plans.csv": ALL,
    "/console/regulator": ALL,
    "/console/regulator.csv": ALL,
    "/console/tiers": ALL,
    "/console/campaigns": ALL,
    "/console/campaigns.csv": ALL,
    "/console/campaigns/new": [Role.MARKETING],
    "/console/products": ALL,
    "/console/products/groups": ALL,
    "/console/products/groups.csv": ALL,
    "/console/reviews": [Role.RISK],
    "/console/reviews/clocks": [Role.RISK],
    "/console/hardships": [Role.RISK],
    "/console/claims": [Role.RISK],
    "/console/disputes": [Role.RISK],
    "/console/signals": [Role.RISK],
    "/console/stops": [Role.RISK, Role.APPROVER],
    "/console/money": [Role.RISK, Role.APPROVER],
    "/console/partners": [Role.RISK, Role.APPROVER],
    "/console/matching": [Role.RISK, Role.APPROVER, Role.VIEWER],
    "/console/watch": [Role.RISK, Role.APPROVER, Role.VIEWER],
    "/console/watch.csv": [Role.RISK, Role.APPROVER, Role.VIEWER],
}


@pytest.mark.parametrize("path", MAY)
@pytest.mark.parametrize("role", ALL)
async def test_each_role_opens_its_own_pages(browser_of: NewBrowser, role: Role, path: str) -> None:
    response = await (await browser_of(role)).open(path)
    assert response.status_code == (200 if role in MAY[path] else 403)


@pytest.mark.parametrize("path", MAY)
async def test_nobody_is_asked_to_sign_in_first(browser_of: NewBrowser, path: str) -> None:
    response = await (await browser_of(None)).open(path)
    after = "" if path == "/console" else f"?next={path}"
    assert (response.status_code, response.headers["location"]) == (303, f"/console/sign-in{after}")


async def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(browser_of: NewBrowser) -> None:
    response = await (await browser_of(None)).open("/console/reviews/clocks", **{"HX-Request": "true"})
    assert (response.status_code, response.headers["hx-redirect"]) == (204, "/console/sign-in")


@pytest.mark.parametrize("role", ALL)
async def test_the_first_page_offers_only_what_opens(browser_of: NewBrowser, role: Role) -> None:
    browser = await browser_of(role)
    offered = set(re.findall(r'href="(/console/[a-z]+)"', (await browser.open("/console")).text))
    assert offered == {
        path for path, roles in MAY.items() if role in roles and path.count("/") == 2 and "." not in path
    }


async def test_a_page_lets_nothing_else_in(browser_of: NewBrowser) -> None:
    response = await (await browser_of(Role.RISK)).open("/console/watch")
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert response.headers["cache-control"] == "no-store"
    assert not re.search(r"(?:https?:)?//[a-z]", response.text.replace("http://www.w3.org", ""))
    assert not re.search(r"\son[a-z]+=|style=|<style|<script>", response.text)


async def test_its_own_files_are_there(browser_of: NewBrowser) -> None:
    browser = await browser_of(None)
    named = re.findall(r'(?:href|src)="(/console/static/[^"]+)"', (await browser.open("/console/sign-in")).text)
    assert {Path(name.split("?")[0]).suffix for name in named} == {".svg", ".css", ".js"}
    assert {(await browser.open(name)).status_code for name in named} == {200}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MARKETING, None])
async def test_only_those_who_act_on_it_have_the_watch_counted(browser_of: NewBrowser, role: Role | None) -> None:
    browser = await browser_of(role)
    token = await browser.form_token("/console" if role else "/console/sign-in")
    response = await browser.send("/console/watch/count", token=token)
    assert response.status_code == (403 if role else 303)
    assert role or response.headers["location"] == "/console/sign-in"


def test_what_scrolls_takes_the_focus_and_has_a_name() -> None:
    """By one macro; who has no mouse would never see the rest of it."""
    found = [each.name for each in (HOUSE / "api").rglob("*.html") if 'class="scroll"' in each.read_text("utf-8")]
    assert found == ["scrolling.html"]
