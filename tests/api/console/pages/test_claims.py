"""Claims in a browser: what waits for whom, how late it is, and how much of it is right, said by risk alone and once."""

import re
from datetime import timedelta

import pytest

from domain.actors import Role
from domain.agreements.agreements import Agreement
from domain.agreements.claims import Claim
from infra.ids import new_id
from tests.api.console.pages.conftest import NewBrowser, words_of
from tests.clocks import Clock
from tests.domain.agreements.leases import status_of
from tests.domain.agreements.test_claims import claim, claim_of, dispute, leaving_tenant
from tests.phones import new_key

PAGE = "/console/claims"


@pytest.fixture
async def claimed(clock: Clock) -> tuple[Agreement, Claim]:
    agreement, _ = await leaving_tenant(clock)
    await claim(agreement, 1_200_00, f"The door is broken, {agreement.id}.")
    return agreement, await claim_of(agreement)


async def test_risk_decides_how_much_is_right(
    browser_of: NewBrowser, claimed: tuple[Agreement, Claim], clock: Clock
) -> None:
    agreement, made = claimed
    browser, to = await browser_of(Role.RISK), f"{PAGE}/{made.id}"
    shown = await browser.text(PAGE)
    assert "CN¥1,200.00 of a deposit of CN¥5,000.00" in shown and f"The door is broken, {agreement.id}." in shown
    said = {"amount": "300", "answer": "The pictures show a scratch.", "key": new_key()}
    assert (await browser.send(to, said)).status_code == 409, "it is the person's turn"
    assert to not in (await browser.open(PAGE)).text

    await dispute(agreement, f"It was broken before, {agreement.id}.")
    page = (await browser.open(PAGE)).text
    assert to in page and f"It was broken before, {agreement.id}." in page
    assert re.search(r'name="key" value="[0-9a-f-]{68}"', page)
    await clock.stand_at((await claim_of(agreement)).answer_by + timedelta(hours=3))
    browser = await browser_of(Role.RISK)
    assert "Late by 3 hours: promised by" in await browser.text(PAGE)
    for amount in ("", "some", "1200.01", "-1", "1.001"):
        wrong = await browser.send(to, said | {"amount": amount})
        assert wrong.status_code == 400 and f'value="{amount}"' in wrong.text, amount
    assert (await browser.send(to, said | {"answer": " "})).status_code == 400
    assert (await browser.send(f"{PAGE}/{new_id()}", said)).status_code == 404
    assert (await browser.send(f"{PAGE}/none", said)).status_code == 404
    for _ in range(2):
        assert (await browser.send(to, said)).status_code == 303
    assert "NOT_OPEN" not in (await browser.open(PAGE)).text and to not in (await browser.open(PAGE)).text
    again = await browser.send(to, said | {"key": new_key()})
    assert again.status_code == 409 and "waits for no decision" in words_of(again)
    decided = await claim_of(agreement)
    assert (decided.status, decided.upheld) == ("UPHELD", 300_00)
    assert (await status_of(agreement))[1] == "HELD", "until the lease is over"


@pytest.mark.parametrize("role", [Role.MARKETING, Role.APPROVER, Role.VIEWER])
async def test_nobody_else_reads_it(browser_of: NewBrowser, role: Role) -> None:
    browser = await browser_of(role)
    assert (await browser.open(PAGE)).status_code == 403
    assert (await browser.send(f"{PAGE}/{new_id()}", {"amount": "0"})).status_code == 403
