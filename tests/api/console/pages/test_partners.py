"""Partners in a browser: a share that two people agree on, and what is owed until somebody says that it is paid."""

from uuid import UUID

import pytest
from sqlalchemy import select

from domain.actors import Role
from domain.people import commissions
from domain.people.commissions import CommissionRate
from domain.people.partners import Partner
from domain.reconciling import remittances
from domain.reconciling.remittances import Remittance
from infra import clock
from infra.database import reading, transaction
from infra.ids import new_id
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.domain.agreements.loans import open_loan, pay_out, repay

PAGE = "/console/partners"


@pytest.fixture
async def partner() -> Partner:
    async with transaction() as db:
        partner = Partner(id=new_id(), code=f"p-{new_id()}", name=f"Bank {new_id()}", purpose="loan")
        db.add(partner)
    return partner


async def row_of(browser: Browser, partner: Partner) -> str:
    """What stands beside a partner, in the table of commissions."""
    after = (await browser.text(PAGE)).split("Another share", 1)[1]
    return after.split(partner.name, 1)[1].split(" Bank ", 1)[0]


async def waiting(partner: Partner) -> CommissionRate:
    async with reading() as db:
        theirs = select(CommissionRate).where(CommissionRate.partner_id == partner.id)
        return (await db.execute(theirs.where(CommissionRate.agreed_at.is_(None)))).scalar_one()


async def test_a_share_is_proposed_by_one_and_agreed_to_by_another(browser_of: NewBrowser, partner: Partner) -> None:
    one, other = await browser_of(Role.RISK), await browser_of(Role.APPROVER)
    to_propose = f"{PAGE}/{partner.id}/commission"
    for wrong in ("much", "21", "-1", "0.0001", "nan", "inf", "1e9999999"):
        assert (await one.send(to_propose, {"rate": wrong})).status_code == 400
    assert "0.000%" in await row_of(one, partner)
    assert (await one.send(to_propose, {"rate": "0.515"})).status_code == 303
    proposed = await waiting(partner)
    said = {"verdict": "APPROVED", "seen": proposed.hash}
    assert "Take it back" in await row_of(one, partner)
    refused = await one.send(f"/console/commissions/{proposed.id}", said)
    assert refused.status_code == 409 and "somebody else must approve it" in words_of(refused)
    assert "0.515% was proposed. Agree" in await row_of(other, partner)
    assert (await other.send(f"/console/commissions/{proposed.id}", said)).status_code == 303
    assert "0.515%" in await row_of(one, partner) and "was proposed" not in await row_of(one, partner)
    assert (await other.send(to_propose, {"rate": "1"})).status_code == 303
    back = await other.send(f"/console/commissions/{(await waiting(partner)).id}", {"verdict": "REJECTED"})
    async with reading() as db:
        rate = await commissions.rate_of(db, partner.id)
    assert (back.status_code, str(rate)) == (303, "0.00515")


async def due_to(partner: Partner) -> UUID:
    async with transaction() as db:
        agreement = await open_loan(db, partner_id=partner.id)
        await pay_out(db, agreement, 1_200_00)
        await repay(db, agreement, 345_67)
        await remittances.reckon(db, await clock.today(db))
        return (await db.execute(select(Remittance.id).where(Remittance.partner_id == partner.id))).scalar_one()


async def test_what_is_owed_stands_there_until_somebody_says_by_what_it_was_paid(
    browser_of: NewBrowser, partner: Partner
) -> None:
    browser, id = await browser_of(Role.RISK), await due_to(partner)
    assert f"{partner.name} " in await browser.text(PAGE) and "CN¥345.67" in await browser.text(PAGE)
    assert (await browser.send(f"/console/remittances/{id}", {"reference": " "})).status_code == 400
    for _ in range(2):
        assert (await browser.send(f"/console/remittances/{id}", {"reference": f"BANK-{id}"})).status_code == 303
    assert f"CN¥345.67 CN¥0.00 BANK-{id}" in await browser.text(PAGE)
    assert (await browser.send(f"/console/remittances/{id}", {"reference": "other"})).status_code == 409
    assert (await browser.send("/console/remittances/nonsense", {"reference": "other"})).status_code == 404
    assert (await browser.send(f"/console/remittances/{new_id()}", {"reference": "other"})).status_code == 404
