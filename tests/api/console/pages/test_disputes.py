"""Disputes in a browser: the facts to risk alone, what is ticked withdrawn, and an answer either way."""

import re

import pytest

from domain.actors import Role
from domain.disputes.disputes import Dispute
from domain.facts import readings
from infra.database import reading
from infra.ids import new_id
from tests.api.console.pages.conftest import NewBrowser, words_of
from tests.phones import Phone, new_key, uuid_of

PAGE = "/console/disputes"


@pytest.fixture
async def disputed(shopper: Phone) -> Dispute:
    message = f"It was not me, {shopper.user_id}."
    made = await shopper.do("DisputeFactor", factorCode="ability", message=message, idempotencyKey=new_key())
    async with reading() as db:
        return await db.get_one(Dispute, (shopper.user_id, uuid_of(made["id"])))


async def test_risk_reads_the_facts_and_withdraws_one(browser_of: NewBrowser, disputed: Dispute) -> None:
    browser, to = await browser_of(Role.RISK), f"{PAGE}/{disputed.id}"
    assert f"It was not me, {disputed.user_id}." in await browser.text(PAGE)
    its = (await browser.open(PAGE)).text.partition(str(disputed.id))[2]
    found = re.search(r'name="wrong" value="([0-9a-f-]{36})"> Money coming in each month', its)
    assert found
    for said, status in (
        ({"answer": "perhaps"}, 404),
        ({"answer": "uphold", "comment": "Wrong."}, 400),
        ({"answer": "reject", "comment": " "}, 400),
    ):
        assert (await browser.send(to, said)).status_code == status
    ticked = await browser.send(to, {"answer": "uphold", "comment": " ", "wrong": found[1]})
    assert f'name="wrong" value="{found[1]}" checked' in ticked.text
    typed = await browser.send(to, {"answer": "uphold", "comment": "You are right."})
    assert typed.text.count('value="You are right."') == 1
    assert (await browser.send(f"{PAGE}/{new_id()}", {"answer": "reject", "comment": "Right."})).status_code == 404
    for _ in range(2):
        yes = {"answer": "uphold", "comment": "Wrong.", "wrong": found[1]}
        assert (await browser.send(to, yes)).status_code == 303
    assert str(disputed.user_id) not in await browser.text(PAGE)
    late = await (await browser_of(Role.RISK)).send(to, {"answer": "reject", "comment": "Right."})
    assert late.status_code == 409 and "answered already" in words_of(late)
    async with reading() as db:
        assert "income.monthly_inflow" not in (await readings.sheet(db, disputed.user_id)).values


@pytest.mark.parametrize("role", [Role.MARKETING, Role.APPROVER, Role.VIEWER])
async def test_nobody_else_reads_it(browser_of: NewBrowser, role: Role) -> None:
    assert (await (await browser_of(role)).open(PAGE)).status_code == 403
