"""Notifications at our doors: replayed, changed, sealed for another, old, of unknown orders, and with two stories of one order."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from domain.payments import paying, refunding, takings
from domain.payments.cashiers import PaymentStatus
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.payments.takings import Taking, WhyUnmatched
from infra.database import reading, transaction
from infra.ids import new_id
from infra.money import Money
from infra.settings import settings
from integrations.sandbox.credentials import APP_KEY
from tests.api.people import somebody
from tests.domain.payments.scripted import CAUSE
from tests.integrations.cashier import stand_ins
from tests.integrations.cashier.stand_ins import (
    AlipayStandIn,
    alipay_keys,
    wechat_headers,
    wechat_notification,
    wechat_trade,
)
from tests.integrations.cashier.wechat_contracts import PLAN, contract_keys, drawn, news

ALIPAY = AlipayStandIn()


@pytest.fixture(autouse=True)
def cashiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The house has both, and asks neither."""
    monkeypatch.setattr(settings().cashiers, "alipay", alipay_keys())
    monkeypatch.setattr(settings().cashiers, "wechat_pay", contract_keys())
    CAUSE.happened.clear()
    CAUSE.takes = True


async def begun(cashier: str) -> Payment:
    async with transaction() as db:
        user = await somebody(db)
        payment = await paying.begin(db, user.id, PaidFor("test", new_id()), Money(10_000, "CNY"))
        payment.cashier = cashier
        return payment


async def status_of(payment: Payment) -> PaymentStatus:
    async with reading() as db:
        return (await db.get_one(Payment, (payment.user_id, payment.id))).status


async def apart(cashier: str, order_id: object) -> list[tuple[int, str, WhyUnmatched | None, bool]]:
    wanted = select(Taking).where(Taking.cashier == cashier, Taking.order_id == str(order_id)).order_by(Taking.id)
    async with reading() as db:
        rows = (await db.execute(wanted)).scalars().all()
    return [(row.amount, row.currency, row.why, row.contradicted_at is not None) for row in rows]


async def alipay_tells(web: httpx2.AsyncClient, form: dict[str, str]) -> tuple[int, str]:
    answer = await web.post("/cashier/alipay", data=form)
    return answer.status_code, answer.text


async def wechat_tells(web: httpx2.AsyncClient, body: bytes, **headers: str) -> int:
    return (
        await web.post("/cashier/wechat-pay", content=body, headers={**wechat_headers(body), **headers})
    ).status_code


async def test_alipay_is_believed_once_and_answered_as_it_wants(web: httpx2.AsyncClient) -> None:
    payment = await begun("alipay")
    form = ALIPAY.notification(payment.id.hex)
    for _ in range(3):
        assert await alipay_tells(web, form) == (200, "success")
    assert CAUSE.happened == [("settled", payment.id)]
    # Closed after all, it says; and that some of it went back as we asked, which is no word on whether it came.
    async with transaction() as db:
        await refunding.begin(db, payment.user_id, PaidFor("test", payment.cause_id), Money(2_500, "CNY"))
    closed = ALIPAY.notification(payment.id.hex, trade_status="TRADE_CLOSED", refund_fee="25.00")
    assert await alipay_tells(web, closed) == (200, "success")
    assert await apart("alipay", payment.id) == [(10_000, "CNY", None, False)]
    assert await alipay_tells(web, ALIPAY.notification(payment.id.hex, trade_status="TRADE_CLOSED")) == (200, "success")
    assert await apart("alipay", payment.id) == [(10_000, "CNY", None, True)]
    assert await status_of(payment) is PaymentStatus.SETTLED


@pytest.mark.parametrize(
    "changed",
    [
        {"key": APP_KEY},
        {"sign_type": "RSA"},
        {"app_id": "2021000000000009"},
        {"notify_time": "2020-01-01 00:00:00"},
        {"total_amount": "1e2"},
        {"trade_status": "TRADE_WONDERFUL"},
    ],
)
async def test_what_alipay_did_not_tell_us_leaves_nothing(web: httpx2.AsyncClient, changed: dict[str, str]) -> None:
    payment = await begun("alipay")
    assert await alipay_tells(web, ALIPAY.notification(payment.id.hex, **changed)) == (400, "fail")
    changed_later = {**ALIPAY.notification(payment.id.hex), "total_amount": "100.01"}
    assert await alipay_tells(web, changed_later) == (400, "fail")
    twice = await web.post("/cashier/alipay", content=b"app_id=1&app_id=2")
    assert (twice.status_code, twice.text) == (400, "fail")
    assert await status_of(payment) is PaymentStatus.PENDING
    assert await apart("alipay", payment.id) == []


async def test_what_alipay_collected_for_nothing_lies_apart(web: httpx2.AsyncClient) -> None:
    payment, strange = await begun("alipay"), f"shop-{new_id()}"
    less = ALIPAY.notification(payment.id.hex, total_amount="99.99")
    dollars = ALIPAY.notification(payment.id.hex, trans_currency="USD", trade_no="T-usd")
    for form in (less, dollars, ALIPAY.notification(strange, trade_no=strange)):
        for _ in range(2):
            assert await alipay_tells(web, form) == (200, "success")
    assert await apart("alipay", payment.id) == [
        (9_999, "CNY", WhyUnmatched.WRONG_AMOUNT, False),
        (10_000, "USD", WhyUnmatched.FOREIGN_CURRENCY, False),
    ]
    assert await apart("alipay", strange) == [(10_000, "CNY", WhyUnmatched.UNKNOWN_PAYMENT, False)]
    assert CAUSE.happened == [("failed", payment.id)]
    # Whatever it calls an order, its money is counted.
    odd = f"\0{new_id().hex}"
    assert await alipay_tells(web, ALIPAY.notification(odd, trade_no=odd[1:])) == (200, "success")
    assert await apart("alipay", f"?{odd[1:]}") == [(10_000, "CNY", WhyUnmatched.UNKNOWN_PAYMENT, False)]


async def test_wechat_pay_is_believed_once(web: httpx2.AsyncClient) -> None:
    payment = await begun("wechat-pay")
    body = wechat_notification(wechat_trade(payment.id))
    for _ in range(3):
        assert await wechat_tells(web, body) == 200
    second = wechat_trade(payment.id, transaction_id=f"43{payment.id.hex[:12]}")
    assert await wechat_tells(web, wechat_notification(second)) == 200
    assert CAUSE.happened == [("settled", payment.id)]
    assert await apart("wechat-pay", payment.id) == [
        (10_000, "CNY", None, False),
        (10_000, "CNY", WhyUnmatched.SECOND_PAYMENT, False),
    ]


async def test_what_wechat_pay_did_not_tell_us_now_leaves_nothing(web: httpx2.AsyncClient) -> None:
    payment = await begun("wechat-pay")
    body = wechat_notification(wechat_trade(payment.id))
    refused = [
        await wechat_tells(web, body, **{"Wechatpay-Serial": "PUB_KEY_ID_OTHER"}),
        await wechat_tells(web, body, **wechat_headers(body, key=APP_KEY)),
        await wechat_tells(web, body, **wechat_headers(body, ago=301)),
        await wechat_tells(web, body, **wechat_headers(b"{}")),
        await wechat_tells(web, wechat_notification(wechat_trade(payment.id), key="f" * 32)),
        *[
            await wechat_tells(web, wechat_notification(wechat_trade(payment.id, **changed)))
            for changed in odd_trades()
        ],
    ]
    assert refused == [401] * len(refused)
    assert await status_of(payment) is PaymentStatus.PENDING
    assert await apart("wechat-pay", payment.id) == []


def odd_trades() -> list[dict[str, Any]]:
    return [
        {"mchid": "1900000999"},
        {"appid": "wx2"},
        {"amount": {"total": "10000", "currency": "CNY"}},
        {"amount": {"total": -10_000, "currency": "CNY"}},
        {"amount": {"total": 10_000, "currency": "XXZ"}},
        {"transaction_id": ""},
        {"trade_state": "MAYBE"},
    ]


async def test_a_door_of_a_cashier_that_we_do_not_have_believes_nobody(
    web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings().cashiers, "alipay", None)
    assert await alipay_tells(web, ALIPAY.notification(new_id().hex)) == (400, "fail")
    assert (await web.get("/cashier/done", headers={"Accept-Language": "en"})).text.startswith("You can go back")
    assert stand_ins.HERE not in (await web.get("/cashier/done")).text


async def test_what_wechat_pay_tells_of_a_refund_counts_where_it_is_of_its_amount(web: httpx2.AsyncClient) -> None:
    payment = await begun("wechat-pay")
    assert await wechat_tells(web, wechat_notification(wechat_trade(payment.id))) == 200
    async with transaction() as db:
        (back,) = await refunding.begin(db, payment.user_id, PaidFor("test", payment.cause_id), Money(2_500, "CNY"))
    for told, status in (({}, 401), ({"refund": 2_499}, 200), ({"refund": 2_500}, 200), ({"refund": 2_500}, 200)):
        inside = {
            "mchid": stand_ins.MERCHANT,
            "out_refund_no": back.id.hex,
            "refund_status": "SUCCESS",
            "amount": {"total": 10_000, **told},
        }
        assert await wechat_tells(web, wechat_notification(inside, "REFUND.SUCCESS")) == status
        async with reading() as db:
            is_settled = (await db.get_one(Refund, (back.user_id, back.id))).settled_at is not None
        assert is_settled == (told == {"refund": 2_500})
    assert CAUSE.happened == [("settled", payment.id), ("refunded", back.id)]
    assert await apart("wechat-pay", payment.id) == [(10_000, "CNY", None, True)]


async def test_what_a_cashier_gives_back_unasked_is_shown_to_the_staff(web: httpx2.AsyncClient) -> None:
    """As where it judges a complaint, or somebody gives it back on its own pages."""
    ours = await begun("alipay"), await begun("wechat-pay")
    assert await alipay_tells(web, ALIPAY.notification(ours[0].id.hex)) == (200, "success")
    trade = wechat_trade(ours[1].id)
    assert await wechat_tells(web, wechat_notification(trade)) == 200
    async with transaction() as db:
        await refunding.begin(db, ours[0].user_id, PaidFor("test", ours[0].cause_id), Money(2_500, "CNY"))
    inside = {
        "mchid": stand_ins.MERCHANT,
        "transaction_id": trade["transaction_id"],
        "out_refund_no": "by-a-judge",
        "amount": {"total": 10_000, "refund": 3_000},
    }
    for status, total, is_shown in (("CLOSED", "25.00", False), ("SUCCESS", "25.01", True)):
        told = ALIPAY.notification(ours[0].id.hex, trade_status="TRADE_SUCCESS", refund_fee=total)
        assert await alipay_tells(web, told) == (200, "success")
        body = wechat_notification({**inside, "refund_status": status}, f"REFUND.{status}")
        assert await wechat_tells(web, body) == 200
        async with reading() as db:
            odd = {each.order_id for each in await takings.odd(db, 1_000)}
        assert [str(each.id) in odd for each in ours] == [is_shown, is_shown]
    strange = wechat_notification({**inside, "transaction_id": "X", "refund_status": "SUCCESS"}, "REFUND.SUCCESS")
    assert await wechat_tells(web, strange) == 200, "of money that we never heard of it is only logged"


async def wechat_news(web: httpx2.AsyncClient, body: bytes) -> tuple[int, bool]:
    answer = await web.post("/cashier/wechat-pay/mandates", content=body)
    return answer.status_code, "<return_code>SUCCESS</return_code>" in answer.text


async def test_what_wechat_pay_drew_is_believed_once_and_its_failures_are_not_the_last_word(
    web: httpx2.AsyncClient,
) -> None:
    payment = await begun("wechat-pay")
    poor, away = (
        {"appid": "wx1", "out_trade_no": payment.id.hex, "result_code": "FAIL", "err_code": code, "contract_id": "C1"}
        for code in ("NOTENOUGH", "SYSTEMERROR")
    )
    assert await wechat_news(web, news(away)) == (200, True)
    assert await status_of(payment) is PaymentStatus.PENDING
    for _ in range(2):
        assert await wechat_news(web, news(poor)) == (200, True)
    assert await status_of(payment) is PaymentStatus.FAILED
    for md5 in (False, True):  # it chooses how it signs
        assert await wechat_news(web, news(drawn(payment.id), md5=md5)) == (200, True)
    assert CAUSE.happened == [("failed", payment.id), ("settled", payment.id)]
    assert await wechat_news(web, news(drawn(payment.id, transaction_id="43"))) == (200, True)
    assert await wechat_news(web, news(poor)) == (200, True)
    assert await apart("wechat-pay", payment.id) == [
        (10_000, "CNY", None, True),
        (10_000, "CNY", WhyUnmatched.SECOND_PAYMENT, False),
    ]
    less = await begun("wechat-pay")
    assert await wechat_news(web, news(drawn(less.id, 9_999))) == (200, True)
    assert await apart("wechat-pay", less.id) == [(9_999, "CNY", WhyUnmatched.WRONG_AMOUNT, False)]
    lost = await begun("wechat-pay")
    for state, status in (("ACCEPT", PaymentStatus.PENDING), ("PAY_FAIL", PaymentStatus.FAILED)):
        assert await wechat_news(web, news(drawn(lost.id, trade_state=state))) == (200, True)
        assert await status_of(lost) is status, "that it tells of it does not say that it was paid"
    assert await apart("wechat-pay", lost.id) == []


async def test_news_of_mandates_that_wechat_pay_did_not_tell_us_leaves_nothing(
    web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = await begun("wechat-pay")
    told, of_mandate = drawn(payment.id), {"contract_code": payment.id.hex, "change_type": "DELETE", "plan_id": PLAN}
    swollen = b'<!DOCTYPE xml [<!ENTITY a "aaaa">]>' + news(told)
    refused = [
        news(told, key="f" * 32),
        news(told).replace(b"10000", b"10001"),
        news({**told, "mch_id": "1900000999"}),
        news({**told, "appid": "wx2"}),
        news({**told, "total_fee": "-1"}),
        news({**told, "transaction_id": ""}),
        news({**told, "trade_state": "MAYBE"}),
        news({**of_mandate, "mch_id": "1900000999"}),
        swollen,
        b"{}",
        b"<xml><sign></sign></xml>",
    ]
    for body in refused:
        assert await wechat_news(web, body) == (401, False)
    assert await wechat_news(web, news(of_mandate)) == (200, True), "of a mandate that we never gave it is nothing"
    assert await status_of(payment) is PaymentStatus.PENDING
    assert await apart("wechat-pay", payment.id) == []
    monkeypatch.setattr(settings().cashiers.wechat_pay, "api_v2_key", None)
    assert await wechat_news(web, news(told)) == (401, False)
