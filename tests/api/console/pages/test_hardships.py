"""Hardships in a browser: what waits for an answer, to risk alone, and a yes and a no."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from api.html import words
from domain.actors import Role
from domain.agreements import breathing, easing, hardships
from domain.agreements.agreements import Agreement
from domain.agreements.easing_terms import HardshipWish
from domain.agreements.hardships import Hardship, HardshipKind
from domain.people.breathing_spaces import BreathingSpace
from infra import clock
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from tests.api.console.pages.conftest import NewBrowser, words_of
from tests.colleagues import COLLEAGUES
from tests.domain.agreements.loans import open_loan, owner, pay_out
from tests.phones import new_key

PAGE = "/console/hardships"
day = words("en")["day"]
RISK = COLLEAGUES[Role.RISK]


@pytest.fixture
async def asked() -> Hardship:
    """Of a loan, longer than is granted at once."""
    async with transaction() as db:
        agreement = await open_loan(db)
        await pay_out(db, agreement, 1_200_00)
        wish = HardshipWish(HardshipKind.PAUSE, 9)
        await easing.request(
            db, owner(agreement), agreement.id, wish, f"My shop burnt down, {agreement.id}.", new_key()
        )
        return (await hardships.of_agreement(db, agreement))[0]


async def test_risk_reads_why_and_says_yes(browser_of: NewBrowser, asked: Hardship) -> None:
    browser, to = await browser_of(Role.RISK), f"{PAGE}/{asked.id}"
    assert f"My shop burnt down, {asked.agreement_id}." in await browser.text(PAGE)
    refused = await browser.send(to, {"answer": "refuse", "comment": " "})
    assert refused.status_code == 400 and "Say why" in words_of(refused)
    assert (await browser.send(to, {"answer": "perhaps"})).status_code == 404
    assert (await browser.send(f"{PAGE}/{new_id()}", {"answer": "grant"})).status_code == 404
    for _ in range(2):
        assert (await browser.send(to, {"answer": "grant"})).status_code == 303
    assert str(asked.agreement_id) not in await browser.text(PAGE)
    assert (await browser.send(to, {"answer": "refuse", "comment": "No."})).status_code == 409
    async with reading() as db:
        agreement = await db.get_one(Agreement, (asked.user_id, asked.agreement_id))
        assert agreement.status == "PAUSED"


@pytest.mark.parametrize("role", [Role.MARKETING, Role.APPROVER, Role.VIEWER])
async def test_nobody_else_reads_it(browser_of: NewBrowser, role: Role) -> None:
    assert (await (await browser_of(role)).open(PAGE)).status_code == 403


async def test_a_breathing_space_is_looked_at_first_and_then_recorded(browser_of: NewBrowser, asked: Hardship) -> None:
    browser, to = await browser_of(Role.RISK), "/console/breathing-spaces"
    async with reading() as db:
        today = await clock.today(db)
    said = {
        "agreement": global_id("Agreement", asked.agreement_id),
        "from": today.isoformat(),
        "until": (today + timedelta(days=59)).isoformat(),
        "reason": "The court granted it.",
    }
    looked = await browser.send(to, {**said, "said": "look"})
    assert looked.status_code == 200 and "A loan CN¥23.96" in words_of(looked)
    wrongs = [{"from": day} for day in ("soon", "9999-12-31", "0001-01-01")] + [{"until": "9999-12-31"}]
    for wrong, status in (({"agreement": global_id("Agreement", new_id())}, 404), *((each, 400) for each in wrongs)):
        assert (await browser.send(to, {**said, **wrong, "said": "record"})).status_code == status
    for _ in range(2):
        assert (await browser.send(to, {**said, "said": "record"})).status_code == 303
    async with reading() as db:
        spaces = select(BreathingSpace).where(BreathingSpace.user_id == asked.user_id)
        assert [each.until_on for each in (await db.execute(spaces)).scalars()] == [today + timedelta(days=59)]
    overlapping = {**said, "until": (today + timedelta(days=9)).isoformat(), "said": "record"}
    assert (await browser.send(to, overlapping)).status_code == 409
    for role in (Role.MARKETING, Role.APPROVER, Role.VIEWER):
        assert (await (await browser_of(role)).send(to, {**said, "said": "record"})).status_code == 403


async def test_a_breathing_space_that_runs_is_ended_with_today(browser_of: NewBrowser, asked: Hardship) -> None:
    browser = await browser_of(Role.RISK)
    async with transaction() as db:
        today = await clock.today(db)
        space = await breathing.record(db, RISK, asked.user_id, today, today + timedelta(days=30), "A court.")
    to, named = f"/console/breathing-spaces/{space.id}/end", f"{day(today)} to {day(today + timedelta(days=30))}"
    assert named in await browser.text(PAGE)
    assert global_id("Agreement", asked.agreement_id) in (await browser.open(PAGE)).text
    assert (await browser.send(to, {"reason": " "})).status_code == 400
    assert (await browser.send("/console/breathing-spaces/it/end", {"reason": "a"})).status_code == 404
    assert (await (await browser_of(Role.APPROVER)).send(to, {"reason": "a"})).status_code == 403
    for _ in range(2):
        assert (await browser.send(to, {"reason": "They wish it."})).status_code == 303
    assert to not in (await browser.open(PAGE)).text
    async with reading() as db:
        assert (await db.get_one(BreathingSpace, (space.user_id, space.id))).ended_on == today
