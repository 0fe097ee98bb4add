"""Alipay and WeChat Pay over real HTTP: what is asked and how it is signed, what each answer means, and what is not believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from domain.payments.cashiers import CashierAway, CashierOrder, PaymentStatus, RefundAnswer, RefundOrder
from infra.ids import new_id
from infra.money import Money
from integrations.cashier import wechat_pay_opening as opening
from tests.integrations.cashier import stand_ins
from tests.integrations.cashier.stand_ins import AlipayStandIn, WeChatStandIn, alipay_of, is_ours, wechat_of

S = PaymentStatus
CNY = Money(10_000, "CNY")


def order(amount: Money = CNY) -> CashierOrder:
    return CashierOrder(new_id(), amount, "Longan 还款", datetime.now(UTC) + timedelta(minutes=15), "203.0.113.7")


WAITS_FOR_US = RefundAnswer(S.PENDING, is_stuck=True)


def refund_of(asked: CashierOrder) -> RefundOrder:
    return RefundOrder(new_id(), Money(2_500, "CNY"), asked.id, asked.amount, "R1")


class TestAlipay:
    async def test_the_page_is_an_address_that_we_signed(self) -> None:
        async with alipay_of(AlipayStandIn()) as cashier:
            answer = await cashier.collect(asked := order())
        assert answer.status is S.NEEDS_ACTION and answer.page is not None
        form = dict(parse_qsl(urlsplit(answer.page).query))
        text = "&".join(f"{name}={form[name]}" for name in sorted(form) if name != "sign")
        assert is_ours(text.encode(), form["sign"])
        assert (form["method"], form["notify_url"]) == ("alipay.trade.wap.pay", "https://longan.example/cashier/alipay")
        assert f'"out_trade_no": "{asked.id.hex}"' in form["biz_content"]
        assert '"total_amount": "100.00"' in form["biz_content"]
        assert '"subject": "Longan 还款"' in form["biz_content"]

    async def test_what_it_says_of_an_order(self) -> None:
        async with alipay_of(told := AlipayStandIn()) as cashier:
            asked = order()
            assert await cashier.look_up(asked) is None
            assert (await cashier.close(asked)).status is S.FAILED
            trade = told.trades[asked.id.hex] = {"trade_no": "T1", "trade_status": "WAIT_BUYER_PAY"}
            waiting = await cashier.look_up(asked)
            trade |= {"trade_status": "TRADE_SUCCESS", "total_amount": "100.00", "send_pay_date": "2026-11-28 12:00:00"}
            settled, not_closed = await cashier.look_up(asked), await cashier.close(asked)
            trade["trans_currency"] = "USD"
            foreign = await cashier.look_up(asked)
        assert waiting is not None and waiting.status is S.NEEDS_ACTION
        assert settled is not None and settled == not_closed and settled.paid is not None
        assert (settled.paid.reference, settled.paid.amount) == ("T1", CNY)
        assert settled.paid.at == datetime(2026, 11, 28, 4, tzinfo=UTC)
        assert foreign is not None and foreign.paid is not None and foreign.paid.amount == Money(10_000, "USD")

    async def test_what_was_paid_on_no_order_of_ours_goes_back_by_its_own_number(self) -> None:
        async with alipay_of(told := AlipayStandIn()) as cashier:
            told.trades["theirs"] = {"trade_no": "R1", "trade_status": "TRADE_SUCCESS", "total_amount": "100.00"}
            back = replace(refund_of(order()), of=None)
            assert (await cashier.give_back(back)).status is S.SETTLED
        assert list(told.refunds) == [back.id.hex]

    async def test_a_refund_is_one_however_often_it_is_asked_for(self) -> None:
        async with alipay_of(told := AlipayStandIn()) as cashier:
            asked = order()
            told.trades[asked.id.hex] = {"trade_no": "T1", "trade_status": "TRADE_SUCCESS", "total_amount": "100.00"}
            back, told.is_empty = refund_of(asked), True
            assert await cashier.give_back(back) == WAITS_FOR_US
            assert await cashier.look_up_refund(back) is None
            told.is_empty = False
            for _ in range(2):
                assert (await cashier.give_back(back)).status is S.SETTLED
            looked = await cashier.look_up_refund(back)
            assert looked is not None and looked.status is S.SETTLED
            assert [each["refund_amount"] for each in told.refunds.values()] == ["25.00"]

    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            ({"trade_status": "TRADE_SUCCESS", "total_amount": "100"}, "alipay:no_reference"),
            ({"trade_status": "TRADE_SUCCESS", "trade_no": "T", "total_amount": "-1.00"}, "odd_amount"),
            ({"trade_status": "TRADE_SUCCESS", "trade_no": "T", "total_amount": "0.00"}, "odd_amount"),
            ({"trade_status": "TRADE_SUCCESS", "trade_no": "T", "total_amount": 100.0}, "odd_amount"),
            ({"trade_status": "TRADE_SUCCESS", "trade_no": "T", "total_amount": "1.005"}, "odd_amount"),
            ({"trade_status": "TRADE_WONDERFUL"}, "alipay:odd_status"),
            ({"trade_status": "TRADE_CLOSED", "out_trade_no": "0" * 32}, "alipay:other_order"),
        ],
    )
    async def test_odd_words_are_no_answer(self, told: dict[str, Any], reason: str) -> None:
        async with alipay_of(stand_in := AlipayStandIn()) as cashier:
            stand_in.trades[(asked := order()).id.hex] = told
            with pytest.raises(CashierAway) as away:
                await cashier.look_up(asked)
        assert away.value.reason == reason

    async def test_what_alipay_did_not_sign_is_no_answer(self) -> None:
        async with alipay_of(stand_in := AlipayStandIn(forge=True)) as cashier:
            stand_in.trades[(asked := order()).id.hex] = {"trade_status": "TRADE_CLOSED"}
            with pytest.raises(CashierAway, match="alipay:bad_signature"):
                await cashier.look_up(asked)


class TestWeChatPay:
    async def test_an_order_is_signed_and_has_a_page_and_is_one_however_often_it_is_asked_for(self) -> None:
        async with wechat_of(told := WeChatStandIn()) as cashier:
            asked = order()
            pages = {(await cashier.collect(asked)).page for _ in range(2)}
            theirs = f"https://wx.tenpay.example/pay?prepay_id={asked.id.hex}"
            assert pages == {opening.address(stand_ins.HERE, cashier.keys, theirs)}
        assert told.bodies[0] == told.bodies[1]
        assert told.bodies[0]["amount"] == {"total": 10_000, "currency": "CNY"}
        assert told.bodies[0]["scene_info"]["payer_client_ip"] == "203.0.113.7"
        assert told.bodies[0]["notify_url"] == "https://longan.example/cashier/wechat-pay"

    async def test_what_it_says_of_an_order(self) -> None:
        async with wechat_of(told := WeChatStandIn()) as cashier:
            asked = order()
            assert await cashier.look_up(asked) is None
            assert (await cashier.close(asked)).status is S.FAILED
            for state, status in (("NOTPAY", S.NEEDS_ACTION), ("USERPAYING", S.PENDING), ("CLOSED", S.FAILED)):
                told.trades[asked.id.hex] = {"trade_state": state}
                answer = await cashier.look_up(asked)
                assert answer is not None and answer.status is status
            told.trades[asked.id.hex] = stand_ins.wechat_trade(asked.id)
            settled = await cashier.look_up(asked)
            # Asked for once more, and asked to end, it says that it was paid.
            assert settled is not None and settled.paid is not None and settled.paid.amount == CNY
            assert await cashier.collect(asked) == settled == await cashier.close(asked)

    async def test_what_was_refused_will_not_be_collected(self) -> None:
        async with wechat_of(WeChatStandIn()) as cashier:
            assert (await cashier.collect(order(Money(100, "USD")))).status is S.FAILED

    async def test_what_was_paid_on_no_order_of_ours_goes_back_by_its_own_number(self) -> None:
        async with wechat_of(told := WeChatStandIn()) as cashier:
            await cashier.give_back(replace(refund_of(order()), of=None))
        assert told.bodies[-1]["transaction_id"] == "R1" and "out_trade_no" not in told.bodies[-1]

    async def test_a_refund_is_looked_after_until_it_is_known(self) -> None:
        async with wechat_of(told := WeChatStandIn()) as cashier:
            back, told.is_empty = refund_of(order()), True
            assert await cashier.give_back(back) == WAITS_FOR_US
            assert await cashier.look_up_refund(back) is None
            told.is_empty = False
            assert (await cashier.give_back(back)).status is S.PENDING
            for word, status in (("ABNORMAL", S.PENDING), ("CLOSED", S.FAILED), ("SUCCESS", S.SETTLED)):
                told.refunds[back.id.hex]["status"] = word
                looked = await cashier.look_up_refund(back)
                assert looked is not None and (looked.status, looked.is_stuck) == (status, word == "ABNORMAL")

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"Wechatpay-Serial": "PUB_KEY_ID_OTHER"}, "wechat_pay:serial"),
            ({"Wechatpay-Signature": "WECHATPAY/SIGNTEST/x"}, "wechat_pay:signature"),
            ({"Wechatpay-Timestamp": "1"}, "wechat_pay:signature"),
            ({"Wechatpay-Nonce": "another"}, "wechat_pay:signature"),
        ],
    )
    async def test_what_wechat_pay_did_not_sign_is_no_answer(self, changed: dict[str, str], reason: str) -> None:
        async with wechat_of(told := WeChatStandIn(misbehave=lambda headers: {**headers, **changed})) as cashier:
            asked = order()
            told.trades[asked.id.hex] = stand_ins.wechat_trade(asked.id)
            with pytest.raises(CashierAway) as away:
                await cashier.look_up(asked)
        assert away.value.reason == reason
