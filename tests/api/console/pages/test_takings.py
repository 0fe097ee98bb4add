"""Money that fits nothing, in a browser: what is known of it, and two ways out, each shown when it is done."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from domain.actors import Role
from domain.agreements.agreements import Agreement
from domain.payments import takings
from domain.payments.cashiers import Paid
from domain.payments.refunds import Refund
from domain.payments.takings import Taking, WhyUnmatched
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from infra.money import Money
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.domain.agreements.loans import open_loan, pay_out


@pytest.fixture
async def taking() -> Taking:
    paid = Paid(f"ref-{new_id()}", Money(77_00, "CNY"), datetime(2026, 1, 2, tzinfo=UTC))
    async with transaction() as db:
        taking = await takings.take(db, "sandbox", f"strange-{new_id()}", paid)
        assert taking is not None
        await takings.set_apart(db, taking, WhyUnmatched.UNKNOWN_PAYMENT)
    return taking


async def lent() -> Agreement:
    async with transaction() as db:
        agreement = await open_loan(db, 1_200_00)
        await pay_out(db, agreement, 500_00)
    return agreement


async def status(browser: Browser, path: str, **said: str) -> int:
    return (await browser.send(path, said)).status_code


async def test_it_is_booked_for_an_agreement(browser_of: NewBrowser, taking: Taking) -> None:
    browser, agreement, path = await browser_of(Role.RISK), await lent(), f"/console/takings/{taking.id}"
    shown = global_id("Agreement", agreement.id)
    assert f'href="{path}"' in (await browser.open("/console/money")).text
    assert "CN¥77.00 Money that fits nothing Why No payment of ours has this number" in await browser.text(path)
    assert await status(browser, f"{path}/fit", agreement=shown, reason="") == 400
    refused = await browser.send(
        f"{path}/fit", {"agreement": global_id("User", agreement.user_id), "reason": "Why not"}
    )
    assert refused.status_code == 404 and refused.text.count('value="Why not"') == 1, "of the two forms in one"
    assert await status(browser, f"{path}/fit", agreement=shown, reason="They wrote to us.") == 303
    page = await browser.open(path)
    assert "They wrote to us. It is a payment of an agreement." in words_of(page)
    assert f'href="/console/agreements/{shown}"' in page.text and str(agreement.user_id) not in page.text
    assert path not in (await browser.open("/console/money")).text
    assert await status(browser, f"{path}/back", reason="Not ours.") == 409


async def test_it_goes_back_when_another_agrees(browser_of: NewBrowser, taking: Taking) -> None:
    one, other, path = await browser_of(Role.RISK), await browser_of(Role.APPROVER), f"/console/takings/{taking.id}"
    assert await status(one, f"{path}/back", reason="Not ours.") == 303
    assert "It was proposed to send it back: Not ours. Take it back" in await one.text(path)
    text = (await other.open(path)).text
    seen = text.split('name="seen" value="', 1)[1].split('"', 1)[0]
    assert "Send it back" in text
    assert await status(one, f"{path}/back", verdict="APPROVED", seen=seen) == 409
    assert await status(other, f"{path}/back", verdict="APPROVED", seen="another") == 409
    assert await status(other, f"{path}/back", verdict="REJECTED") == 303
    assert await status(one, f"{path}/back", reason="Really not ours.") == 303
    seen = (await other.open(path)).text.split('name="seen" value="', 1)[1].split('"', 1)[0]
    assert await status(other, f"{path}/back", verdict="APPROVED", seen=seen) == 303
    # The sandbox knows nothing of it, so it lies where it lay.
    assert "Propose to send it back" in await one.text(path)
    async with reading() as db:
        refund_id = await db.scalar(select(Refund.id).where(Refund.cause_id == taking.id))
    assert await status(one, f"/console/refunds/{refund_id}/by-hand", reference="ICBC 1") == 303
    text = await one.text(path)
    assert "It is on its way back." in text and "Propose to send it back" not in text


async def test_what_is_not_there_is_said_to_be_so(browser_of: NewBrowser) -> None:
    browser = await browser_of(Role.RISK)
    for each in ("nonsense", str(new_id())):
        assert (await browser.open(f"/console/takings/{each}")).status_code == 404
        assert await status(browser, f"/console/takings/{each}/back", reason="Not ours.") == 404
