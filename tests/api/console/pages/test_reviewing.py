"""The review queue in a browser: what waits, the clocks of its promises, filters, and totals in each currency apart."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from sqlalchemy import update

from domain.actors import Role
from domain.applications.applications import Application, ApplicationStatus
from domain.people.partners import Partner
from infra.database import transaction
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.api.console.pages.reviews import LONG_AGO, answer, path_of, referred
from tests.api.people import Shop, apply_at, open_shop, shown_id
from tests.statements import statements
from tests.tampering import tamper

pytestmark = pytest.mark.usefixtures("steady_scorer")


@pytest.fixture
async def browser(browser_of: NewBrowser) -> Browser:
    return await browser_of(Role.RISK)


async def shop_of_its_own() -> tuple[Shop, str]:
    """And a word that finds it and no other."""
    shop, word = await open_shop(), uuid4().hex
    async with transaction() as db:
        await db.execute(update(Partner).where(Partner.id == shop.partner.id).values(name=f"Shop {word}"))
    return shop, word


async def shown(browser: Browser, application: Application, **narrowed: str) -> str | None:
    """The part of the queue that shows this application. What other tests left may fill a page: narrow it by a word."""
    page = (await browser.open(f"/console/reviews?{urlencode(narrowed)}")).text
    found = re.search(rf'<article id="case-{shown_id(application)}".*?</article>', page, re.DOTALL)
    return found and found[0]


async def test_a_case_tells_what_is_asked_and_why_it_is_here(browser: Browser) -> None:
    shop, q = await shop_of_its_own()
    application = await referred(shop=shop)
    case = await shown(browser, application, q=q)
    assert case and "A loan" in case and "CN¥5,000.00" in case and "12 months" in case
    assert "CN¥444.24 a month" in case and f'href="{path_of(application)}"' in case
    assert "More than &lt;30%&gt; of a year&#39;s income." in case
    assert re.search(r'class="clock late">\s*\d+ years overdue', case)


async def test_it_narrows_to_what_was_referred_and_to_promises_that_were_missed(browser: Browser) -> None:
    shop, q = await shop_of_its_own()
    sent, missed = await referred(shop=shop), await apply_at(shop, status=ApplicationStatus.DELAYED)
    for why, seen in (("referred", (True, False)), ("missed", (False, True)), ("nonsense", (True, True))):
        found = [await shown(browser, each, q=q, why=why) is not None for each in (sent, missed)]
        assert tuple(found) == seen


async def test_it_narrows_to_what_is_overdue(browser: Browser) -> None:
    shop, q = await shop_of_its_own()
    late, soon = await referred(shop=shop), await referred(timedelta(minutes=2), shop=shop)
    assert await shown(browser, late, q=q, overdue="yes") and not await shown(browser, soon, q=q, overdue="yes")
    assert await shown(browser, soon, q=q)


async def test_it_is_searched_by_words_as_they_are(browser: Browser) -> None:
    shop, word = await shop_of_its_own()
    application = await referred(shop=shop)
    assert await shown(browser, application, q=word.upper())
    for words in (f"{word[:9]}%", f"{word[:31]}_", "no-such-thing"):
        assert not await shown(browser, application, q=words)


async def test_totals_are_told_in_each_currency_apart(browser: Browser) -> None:
    shop, q = await shop_of_its_own()
    applications = [await referred(shop=shop) for _ in range(3)]
    async with transaction() as db:
        in_yen = update(Application).where(Application.id == applications[0].id)
        await tamper(db)
        await db.execute(in_yen.values(currency="JPY", amount=70_000))
    told = words_of(await browser.open(f"/console/reviews?q={q}"))
    assert "3 wait · 3 overdue · asked for together: CN¥10,000.00, ¥70,000" in told


async def test_a_full_page_costs_as_many_statements_as_one_case(browser: Browser) -> None:
    shop, q = await shop_of_its_own()
    counts = []
    for more in (1, 5):
        for _ in range(more):
            await referred(shop=shop)
        await browser.open(f"/console/reviews?q={q}")
        counts.append(min([await _statements_of(browser, q) for _ in range(4)]))
    assert counts[0] == counts[1] <= 13


async def _statements_of(browser: Browser, q: str) -> int:
    """With those of the heartbeat, where it falls between; so the fewest of a few are the page's own."""
    with statements() as sent:
        await browser.open(f"/console/reviews?q={q}")
    return len(sent)


async def test_clocks_are_told_anew_until_somebody_answers(browser: Browser) -> None:
    application = await referred(timedelta(minutes=4))
    path = f"/console/reviews/clocks?id={shown_id(application)}&id=nonsense"
    told = await browser.open(path)
    assert f'<span id="clock-{shown_id(application)}" class="clock soon" hx-swap-oob="true">4 minutes left</span>' in (
        told.text
    )
    await answer(browser, application)
    assert words_of(await browser.open(path)) == ""


async def test_the_queue_goes_on_page_by_page(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.console.pages import reviewing

    monkeypatch.setattr(reviewing, "PAGE", 1)
    shop, q = await shop_of_its_own()
    first, second = await referred(LONG_AGO, shop=shop), await referred(LONG_AGO + timedelta(days=1), shop=shop)
    page = (await browser.open(f"/console/reviews?why=referred&q={q}")).text
    assert shown_id(first) in page and shown_id(second) not in page
    further = re.search(r'href="(/console/reviews\?[^"]*after=[^"]+)"', page)
    assert further
    assert shown_id(second) in (await browser.open(unescape(further[1]))).text


async def test_a_cursor_of_elsewhere_begins_anew(browser: Browser) -> None:
    response = await browser.open("/console/reviews?after=nonsense")
    assert (response.status_code, response.headers["location"]) == (303, "/console/reviews")


async def test_the_first_page_counts_what_waits(browser: Browser) -> None:
    def count(text: str) -> int:
        found = re.search(r'href="/console/reviews"><span class="count \w+">([\d,]+)</span>', text)
        assert found
        return int(found[1].replace(",", ""))

    before = count((await browser.open("/console")).text)
    application = await referred()
    assert count((await browser.open("/console")).text) == before + 1
    await answer(browser, application)
    assert count((await browser.open("/console")).text) == before
