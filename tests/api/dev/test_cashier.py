"""The sandbox cashier in each of its modes, over the dev door and its real page; what it says is the database's alone."""

from typing import Any

import httpx2
import pytest

from domain.agreements.draw_downs import PAYOUT_REQUESTED, DrawDown
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind
from domain.payments import paying, refunding
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment, actions
from domain.payments.refunds import Refund
from infra import outbox
from infra.database import reading, transaction
from infra.ids import new_id
from infra.money import Money
from tests.api.people import somebody
from tests.clocks import Clock
from tests.domain.agreements.loans import open_loan, send
from tests.domain.payments.scripted import CAUSE
from tests.working import work_off

CNY = Money(10_000, "CNY")


@pytest.fixture(autouse=True)
async def nothing_planned(web: httpx2.AsyncClient) -> None:
    CAUSE.happened.clear()
    CAUSE.takes = True
    assert (await web.delete("/dev/cashier")).json() == {"next": []}


async def pay(amount: Money = CNY) -> Payment:
    async with transaction() as db:
        user = await somebody(db)
        payment = await paying.begin(db, user.id, PaidFor("test", new_id()), amount)
    return await paying.ask(payment.user_id, payment.id)


async def now(payment: Payment) -> Payment:
    async with reading() as db:
        return await db.get_one(Payment, (payment.user_id, payment.id))


def happened(payment: Payment) -> list[str]:
    return [word for word, id in CAUSE.happened if id == payment.id]


async def test_it_goes_as_it_is_told_as_often_as_it_is_told(web: httpx2.AsyncClient, clock: Clock) -> None:
    for mode, times in (("FAIL", 2), ("DELAY", 1), ("REPEAT", 1), ("CONTRADICT", 1)):
        await web.post("/dev/cashier", json={"mode": mode, "times": times})
    payments = [await pay() for _ in range(6)]
    assert [payment.status for payment in payments] == ["FAILED", "FAILED", "PENDING", *["SETTLED"] * 3]
    assert (await web.get("/dev/cashier")).json() == {"next": []}
    # What was asked for again is the same order, whatever the next one's way.
    assert (await paying.ask(payments[0].user_id, payments[0].id)).status == "FAILED"
    await clock.forward(minutes=2)
    for payment in payments:
        await work_off(payment.user_id, payment.id)
    assert [happened(payment) for payment in payments] == [["failed"], ["failed"], *[["settled"]] * 4]


@pytest.mark.parametrize(
    "body", [{}, {"mode": "LIE"}, {"mode": "FAIL", "times": 0}, {"mode": "FAIL", "times": True}, []]
)
async def test_other_words_are_refused(web: httpx2.AsyncClient, body: Any) -> None:
    answer = await web.post("/dev/cashier", json=body)
    assert (answer.status_code, (await web.get("/dev/cashier")).json()) == (400, {"next": []})


@pytest.mark.parametrize(("word", "status", "follows"), [("pay", "SETTLED", "settled"), ("refuse", "FAILED", "failed")])
async def test_a_page_has_to_be_opened(web: httpx2.AsyncClient, word: str, status: str, follows: str) -> None:
    await web.post("/dev/cashier", json={"mode": "ACTION"})
    payment = await pay()
    assert payment.status == "NEEDS_ACTION"
    key = payment.user_id, payment.id
    async with reading() as db:
        page = (await actions(db, {key}))[key].page
    shown = await web.get(page, headers={"Accept-Language": "en"})
    assert "100.00 CNY" in shown.text and 'value="pay"' in shown.text
    for _ in range(2):
        assert 'value="pay"' not in (await web.post(page, data={"press": word})).text
    assert ((await now(payment)).status, happened(payment)) == (status, [follows])
    assert (await web.get(page.replace(str(payment.id), str(new_id())))).status_code == 404


async def test_a_page_that_nobody_opens_is_over_at_the_cashier_and_here(web: httpx2.AsyncClient, clock: Clock) -> None:
    await web.post("/dev/cashier", json={"mode": "ACTION"})
    payment = await pay()
    await clock.stand_at(payment.expires_at)
    await work_off(payment.user_id)
    assert ((await now(payment)).status, happened(payment)) == ("FAILED", ["failed"])
    late = await web.post(f"/sandbox/cashier/{payment.id}", data={"press": "pay"}, headers={"Accept-Language": "en"})
    assert "can no longer be paid" in late.text


async def test_what_came_goes_back_once_and_not_beyond(web: httpx2.AsyncClient) -> None:
    one = await pay()
    for_it = PaidFor("test", one.cause_id)
    async with transaction() as db:
        refunds = await refunding.begin(db, one.user_id, for_it, Money(7_000, "CNY"))
        assert await refunding.begin(db, one.user_id, for_it, Money(3_001, "CNY")) == []
    assert [refund.amount for refund in refunds] == [7_000]
    for _ in range(2):
        await refunding.ask(one.user_id, refunds[0].id)
    async with reading() as db:
        assert (await db.get_one(Refund, (one.user_id, refunds[0].id))).status == "SETTLED"
    assert [word for word, id in CAUSE.happened if id == refunds[0].id] == ["refunded"]


async def drawn() -> DrawDown:
    async with transaction() as db:
        agreement = await open_loan(db)
        draw_down = await send(db, agreement, 600_00)
        await outbox.announce(db, PAYOUT_REQUESTED, user_id=draw_down.user_id, subject_id=draw_down.id)
    await work_off(draw_down.user_id, draw_down.id)
    return draw_down


async def became(draw_down: DrawDown) -> str:
    async with reading() as db:
        return (await db.get_one(DrawDown, (draw_down.user_id, draw_down.id))).status.value


async def test_payouts_settle_by_themselves_and_go_otherwise_when_told(web: httpx2.AsyncClient, clock: Clock) -> None:
    for mode in ("FAIL", "REPEAT", "CONTRADICT", "DELAY", "ACTION"):
        await web.post("/dev/cashier", json={"mode": mode})
    payouts = [await drawn() for _ in range(6)]
    assert [await became(each) for each in payouts] == ["FAILED", "SETTLED", "SETTLED", "SENT", "SENT", "SETTLED"]
    await web.post(f"/sandbox/cashier/{payouts[4].id}", data={"press": "pay"})
    await clock.forward(minutes=2)
    for each in payouts:
        await work_off(each.user_id, each.id)
    assert [await became(each) for each in payouts] == ["FAILED", *["SETTLED"] * 5]
    async with reading() as db:
        for each in payouts[1:]:
            assert (await balances_of(db, each.user_id, each.agreement_id))[AccountKind.PRINCIPAL] == 600_00
