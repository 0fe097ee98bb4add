"""The review queue in a browser: the same verb as the API's, once, with its reasons and its clock."""

import re
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from domain.actors import Role
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import Decision, DecisionOutcome
from infra import clock
from infra.database import reading, transaction
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.api.people import apply_at, open_shop, shown_id

pytestmark = pytest.mark.usefixtures("steady_scorer")
LONG_AGO = timedelta(days=-4000)


@pytest.fixture
async def browser(browser_of: NewBrowser) -> Browser:
    return await browser_of(Role.RISK)


async def referred(promised_in: timedelta = LONG_AGO) -> Application:
    """First in the queue, because nobody has waited as long."""
    shop = await open_shop()
    application = await apply_at(shop, status=ApplicationStatus.IN_REVIEW, promised_in=promised_in)
    async with transaction() as db:
        db.add(
            Decision(
                user_id=application.user_id,
                application_id=application.id,
                outcome=DecisionOutcome.REFER,
                decided_at=await clock.now(db),
                decided_by="rules",
                reasons_told=[["AMOUNT_LARGE", "More than {share} of a year's income.", {"share": "<30%>"}]],
                rule_version="test",
                model_version=None,
                vector_sealed=None,
            )
        )
    return application


async def case(browser: Browser, application: Application) -> str:
    """The part of the page that shows this application."""
    found = re.search(rf'<article id="case-{shown_id(application)}".*?</article>', await _queue(browser), re.DOTALL)
    assert found
    return found[0]


async def _queue(browser: Browser) -> str:
    return (await browser.open("/console/reviews")).text


async def answer(browser: Browser, application: Application, *, htmx: bool = True, **said: str) -> httpx2.Response:
    fields = {"outcome": "decline", "reasons": "We looked.", "key": uuid4().hex, **said}
    return await browser.send(f"/console/reviews/{shown_id(application)}", fields, htmx=htmx)


async def stands(application: Application) -> tuple[ApplicationStatus, int]:
    """Its status, and how many final decisions there are."""
    final = (Decision.application_id == application.id, Decision.outcome != DecisionOutcome.REFER)
    async with reading() as db:
        kept = await db.get_one(Application, (application.user_id, application.id))
        return kept.status, (await db.execute(select(func.count()).where(*final))).scalar_one()


async def test_a_case_tells_what_is_asked_and_why_it_is_here(browser: Browser) -> None:
    application = await referred()
    shown = await case(browser, application)
    assert "A loan" in shown and "CN¥5,000.00" in shown and "12 months" in shown
    assert "More than &lt;30%&gt; of a year&#39;s income." in shown
    assert re.search(r'class="clock late">\s*\d+ years overdue|class="clock late">\d+ years overdue', shown)


@pytest.mark.parametrize(("outcome", "status"), [("approve", "APPROVED"), ("decline", "DECLINED")])
@pytest.mark.parametrize("htmx", [True, False])
async def test_an_answer_decides_and_is_shown(browser: Browser, outcome: str, status: str, htmx: bool) -> None:
    application = await referred()
    response = await answer(
        browser, application, htmx=htmx, outcome=outcome, reasons="Paid for years.\n\n Known here. "
    )
    assert response.status_code == (200 if htmx else 303)
    assert await stands(application) == (ApplicationStatus(status), 1)
    if htmx:
        assert "Paid for years." in words_of(response) and "Known here." in words_of(response)
    assert shown_id(application) not in await _queue(browser)


async def test_two_taps_are_one_answer(browser: Browser) -> None:
    application, key = await referred(), uuid4().hex
    first = await answer(browser, application, key=key)
    second = await answer(browser, application, key=key)
    assert words_of(first) == words_of(second)
    assert await stands(application) == (ApplicationStatus.DECLINED, 1)


async def test_who_comes_second_is_told_so(browser: Browser, browser_of: NewBrowser) -> None:
    application = await referred()
    await answer(browser, application)
    other = await browser_of(Role.RISK)
    assert "not open for a decision" in words_of(await answer(other, application, outcome="approve"))
    assert (await answer(other, application, outcome="approve", htmx=False)).status_code == 409
    assert await stands(application) == (ApplicationStatus.DECLINED, 1)


@pytest.mark.parametrize("reasons", ["", "  \n ", "a\nb\nc\nd\ne", "x" * 201])
async def test_what_was_typed_comes_back_with_what_is_wrong(browser: Browser, reasons: str) -> None:
    application = await referred()
    response = await answer(browser, application, reasons=reasons)
    assert "Give one to four reasons of up to 200 characters each." in words_of(response)
    assert reasons.strip() in response.text
    assert (await answer(browser, application, reasons=reasons, htmx=False)).status_code == 400
    assert await stands(application) == (ApplicationStatus.IN_REVIEW, 0)


@pytest.mark.parametrize("said", [{"outcome": "refer"}, {"outcome": ""}])
async def test_there_are_two_answers(browser: Browser, said: dict[str, str]) -> None:
    application = await referred()
    assert (await answer(browser, application, htmx=False, **said)).status_code == 404
    assert await stands(application) == (ApplicationStatus.IN_REVIEW, 0)


async def test_an_id_of_nothing_decides_nothing(browser: Browser) -> None:
    token = await browser.form_token()
    for id in ("nonsense", "VXNlcjo"):
        said = {"outcome": "approve", "reasons": "x", "key": "k" * 8}
        response = await browser.send(f"/console/reviews/{id}", said, token=token)
        assert response.status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.RISK])
async def test_other_roles_decide_nothing(browser_of: NewBrowser, role: Role) -> None:
    application = await referred()
    assert (await answer(await browser_of(role), application)).status_code == 403
    assert await stands(application) == (ApplicationStatus.IN_REVIEW, 0)


async def test_a_form_without_its_token_decides_nothing(browser: Browser) -> None:
    application = await referred()
    path = f"/console/reviews/{shown_id(application)}"
    response = await browser.send(path, {"outcome": "approve", "reasons": "x", "key": uuid4().hex}, token="")
    assert response.status_code == 403
    assert await stands(application) == (ApplicationStatus.IN_REVIEW, 0)


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
    first, second = await referred(LONG_AGO - timedelta(days=9)), await referred(LONG_AGO - timedelta(days=8))
    page = await _queue(browser)
    assert shown_id(first) in page and shown_id(second) not in page
    further = re.search(r'href="(/console/reviews\?after=[^"]+)"', page)
    assert further
    assert shown_id(second) in (await browser.open(further[1])).text
    for application in (first, second):
        await answer(browser, application)


async def test_a_cursor_of_elsewhere_begins_anew(browser: Browser) -> None:
    response = await browser.open("/console/reviews?after=nonsense")
    assert (response.status_code, response.headers["location"]) == (303, "/console/reviews")


async def test_the_first_page_counts_what_waits(browser: Browser) -> None:
    def count(text: str) -> int:
        found = re.search(r'<span class="count \w+">([\d,]+)</span>', text)
        assert found
        return int(found[1].replace(",", ""))

    before = count((await browser.open("/console")).text)
    application = await referred()
    assert count((await browser.open("/console")).text) == before + 1
    await answer(browser, application)
    assert count((await browser.open("/console")).text) == before
