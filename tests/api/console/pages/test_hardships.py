"""Hardships in a browser: what waits for an answer, to risk alone, and a yes and a no."""

import pytest

from domain.actors import Role
from domain.agreements import easing, hardships
from domain.agreements.agreements import Agreement
from domain.agreements.easing_terms import HardshipWish
from domain.agreements.hardships import Hardship, HardshipKind
from infra.database import reading, transaction
from infra.ids import new_id
from tests.api.console.pages.conftest import NewBrowser, words_of
from tests.domain.agreements.loans import open_loan, owner, pay_out
from tests.phones import new_key

PAGE = "/console/hardships"


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
