"""Alipay as a cashier: pages on a phone (`alipay.trade.wap.pay`), RSA2 both ways, notifications as signed forms.

https://opendocs.alipay.com/open/203/107090 (wap.pay), 02ivbt (query), 02ivbw (refund), 02ivbx (refund query), 02ivbz (close),
https://opendocs.alipay.com/open/203/105286 (notifications)
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2

from domain.payments import paying, refunding, signing
from domain.payments.cashiers import (
    Cashier,
    CashierAnswer,
    CashierAway,
    CashierOrder,
    MandateAnswer,
    MandateOrder,
    MandateStatus,
    Paid,
    PaymentStatus,
    RefundAnswer,
    RefundOrder,
)
from infra.setting_credentials import AlipayCashier
from integrations import beijing, rsa2
from integrations.cashier import alipay_mandates
from integrations.cashier.reading import NotBelieved, decimal_amount, moment, order_id
from integrations.client import outgoing, patiently
from integrations.providers.alipay import OK, reply_in, signed_form, signed_text
from integrations.providers.failures import ProviderFailure
from integrations.replies import Reply, code_in, id_in, text_in

NAME = "alipay"
CURRENCY = "CNY"
DEADLINE_SECONDS = 12
CLOCK_TOLERANCE = timedelta(hours=26)  # it notifies for a day, each time with the time of that try

STATUSES: Mapping[str, PaymentStatus] = {
    "WAIT_BUYER_PAY": PaymentStatus.NEEDS_ACTION,
    "TRADE_CLOSED": PaymentStatus.FAILED,
    "TRADE_SUCCESS": PaymentStatus.SETTLED,
    "TRADE_FINISHED": PaymentStatus.SETTLED,
}
NOTHING: Mapping[str, str] = {}
WAITING, REFUSED, UNSURE = "10003", "40004", "ACQ.SYSTEM_ERROR"  # of a draw
UNKNOWN_TRADE, WRONG_STATE = "ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_STATUS_ERROR"
EMPTY = "ACQ.SELLER_BALANCE_NOT_ENOUGH"  # our own account there; a refund is asked for again once it is filled
REFUSED_REFUNDS = frozenset({"ACQ.TRADE_NOT_ALLOW_REFUND", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "ACQ.TRADE_HAS_FINISHED"})


@dataclass(frozen=True)
class AlipayWap(Cashier):
    """`here` is our own address, without a slash at the end: it hears notifications, and people come back to it."""

    keys: AlipayCashier
    here: str
    allow: frozenset[str] = field(default=frozenset())

    async def collect(self, order: CashierOrder) -> CashierAnswer:
        """The page is an address that only we can have signed; Alipay makes the order when somebody opens it."""
        if order.amount.currency != CURRENCY:
            return CashierAnswer(PaymentStatus.FAILED)
        if order.mandate is not None:
            return await self._draw(order, order.mandate)
        asked = {
            "out_trade_no": order.id.hex,
            "total_amount": str(order.amount),
            "subject": order.title,
            "product_code": "QUICK_WAP_WAY",
            "quit_url": self.here,
            "time_expire": beijing.written(order.expires_at),
        }
        where = {"notify_url": self._notify_url, "return_url": f"{self.here}/cashier/done"}
        form = self._signed("alipay.trade.wap.pay", asked, where)
        return CashierAnswer(PaymentStatus.NEEDS_ACTION, page=f"{self.keys.url}?{urlencode(form)}")

    async def _draw(self, order: CashierOrder, agreement_no: str) -> CashierAnswer:
        """What it says of the draw is asked of the trade itself: an order that was refused may still wait for its payer."""
        asked = {
            "out_trade_no": order.id.hex,
            "total_amount": str(order.amount),
            "subject": order.title,
            "product_code": alipay_mandates.PRODUCT,
            "agreement_params": {"agreement_no": agreement_no},
        }
        reply = await self._ask("alipay.trade.pay", asked, {"notify_url": self._notify_url})
        code = code_in(reply, "code", absent="error")
        if code in (OK, WAITING):
            return await self.look_up(order) or CashierAnswer(PaymentStatus.PENDING)
        if code == REFUSED and text_in(reply, "sub_code") != UNSURE:
            return await self.close(order)
        raise CashierAway(f"alipay:{code}")

    async def sign(self, mandate: MandateOrder) -> MandateAnswer:
        """The page is an address that only we can have signed; Alipay makes the agreement when somebody opens it."""
        if self.keys.mandate_scene is None:
            return MandateAnswer(MandateStatus.ENDED)
        asked = {**alipay_mandates.named(mandate, self.keys.mandate_scene), "access_params": {"channel": "ALIPAYAPP"}}
        where = {"notify_url": self._notify_url, "return_url": f"{self.here}/cashier/done"}
        page = f"{self.keys.url}?{urlencode(self._signed(alipay_mandates.SIGN, asked, where))}"
        return MandateAnswer(MandateStatus.PENDING, page=page)

    async def look_up_mandate(self, mandate: MandateOrder) -> MandateAnswer | None:
        return await alipay_mandates.look_up(self._ask, mandate, self.keys.mandate_scene or "")

    async def withdraw(self, mandate: MandateOrder) -> MandateAnswer:
        return await alipay_mandates.withdraw(self._ask, mandate, self.keys.mandate_scene or "")

    async def look_up(self, order: CashierOrder) -> CashierAnswer | None:
        reply = await self._ask("alipay.trade.query", {"out_trade_no": order.id.hex})
        if _is(reply, UNKNOWN_TRADE):
            return None
        _require_ok(reply)
        if text_in(reply, "out_trade_no") != order.id.hex:
            raise CashierAway("alipay:other_order")
        return _answer(reply)

    async def close(self, order: CashierOrder) -> CashierAnswer:
        reply = await self._ask("alipay.trade.close", {"out_trade_no": order.id.hex})
        if _is(reply, WRONG_STATE):
            # It was paid or closed in the meantime.
            return await self.look_up(order) or CashierAnswer(PaymentStatus.FAILED)
        if not _is(reply, UNKNOWN_TRADE):
            _require_ok(reply)
        return CashierAnswer(PaymentStatus.FAILED)

    async def give_back(self, refund: RefundOrder) -> RefundAnswer:
        asked = {
            **_trade_of(refund),
            "refund_amount": str(refund.amount),
            "out_request_no": refund.id.hex,
        }
        reply = await self._ask("alipay.trade.refund", asked)
        if text_in(reply, "sub_code") in REFUSED_REFUNDS:
            return RefundAnswer(PaymentStatus.FAILED)
        if _is(reply, EMPTY):
            return RefundAnswer(PaymentStatus.PENDING, is_stuck=True)
        _require_ok(reply)
        # What it answers here is how much went back of the whole trade.
        return await self.look_up_refund(refund) or RefundAnswer(PaymentStatus.PENDING)

    async def look_up_refund(self, refund: RefundOrder) -> RefundAnswer | None:
        asked = {**_trade_of(refund), "out_request_no": refund.id.hex}
        reply = await self._ask("alipay.trade.fastpay.refund.query", asked)
        if _is(reply, UNKNOWN_TRADE):
            return None
        _require_ok(reply)
        # An answer without a status is about a refund that it does not have.
        if text_in(reply, "out_request_no") != refund.id.hex or text_in(reply, "refund_status") != "REFUND_SUCCESS":
            return None
        back = decimal_amount(reply.get("refund_amount"), refund.amount.currency)
        return RefundAnswer(PaymentStatus.SETTLED, back, id_in(reply, "trade_no"), _beijing(reply, "gmt_refund_pay"))

    async def hear(self, form: Mapping[str, str], now: datetime) -> None:
        """Take a notification in. Raises NotBelieved where Alipay did not send it to us."""
        self._require_believable(form, now)
        if form.get("notify_type") in alipay_mandates.NEWS:
            if isinstance(mandate_id := order_id(form.get("external_agreement_no", "")), UUID):
                await signing.hear(NAME, mandate_id)
            return
        if form.get("gmt_refund") or form.get("refund_fee"):
            await _hear_of_refund(form)
            return
        try:
            answer = _answer(dict(form))
        except CashierAway as odd:
            raise NotBelieved(odd.reason) from None
        await paying.hear(NAME, order_id(form.get("out_trade_no", "")), answer)

    def _require_believable(self, form: Mapping[str, str], now: datetime) -> None:
        signed = {name: value for name, value in form.items() if name != "sign_type"}
        if form.get("sign_type") != "RSA2":
            raise NotBelieved("alipay:sign_type")
        if not rsa2.is_signed(signed_text(signed), form.get("sign", ""), self.keys.public_key):
            raise NotBelieved("alipay:signature")
        if form.get("app_id") != self.keys.app_id:
            raise NotBelieved("alipay:other_app")
        if abs(now - _beijing(form, "notify_time")) > CLOCK_TOLERANCE:
            raise NotBelieved("alipay:old")

    @property
    def _notify_url(self) -> str:
        return f"{self.here}/cashier/alipay"

    def _signed(self, method: str, asked: Mapping[str, Any], also: Mapping[str, str]) -> dict[str, str]:
        content = json.dumps(dict(asked), ensure_ascii=False, sort_keys=True)
        key = self.keys.private_key.get_secret_value()
        return signed_form(self.keys.app_id, method, {"biz_content": content, **also}, key)

    async def _ask(self, method: str, asked: Mapping[str, Any], also: Mapping[str, str] = NOTHING) -> Reply:
        """All of these may be asked twice. What was answered is believed where Alipay signed it."""
        try:
            async with outgoing(self.allow) as client, asyncio.timeout(DEADLINE_SECONDS):
                answer = await patiently(lambda: client.post(self.keys.url, data=self._signed(method, asked, also)))
            return reply_in(answer.content, method, self.keys.public_key)
        except (httpx2.HTTPError, TimeoutError):
            raise CashierAway("alipay:no_answer") from None
        except ProviderFailure as failure:
            raise CashierAway(failure.reason) from None


async def _hear_of_refund(form: Mapping[str, str]) -> None:
    """How much went back in all is no word on whether it came. Who gave it back of us was told; Alipay may have, by its own judgement."""
    try:
        back = decimal_amount(form.get("refund_fee"), form.get("trans_currency") or CURRENCY)
    except CashierAway:
        return  # nothing went back
    await refunding.hear_of_all(NAME, form.get("trade_no", ""), back, order_id(form.get("out_biz_no", "")))


def _answer(reply: Mapping[str, Any]) -> CashierAnswer:
    status = STATUSES.get(text_in(reply, "trade_status"))
    if status is None:
        raise CashierAway("alipay:odd_status")
    if status is not PaymentStatus.SETTLED:
        return CashierAnswer(status)
    reference = id_in(reply, "trade_no")
    if not reference:
        raise CashierAway("alipay:no_reference")
    amount = decimal_amount(reply.get("total_amount"), text_in(reply, "trans_currency") or CURRENCY)
    name = "send_pay_date" if "send_pay_date" in reply else "gmt_payment"
    return CashierAnswer(status, Paid(reference, amount, _beijing(reply, name)))


def _is(reply: Reply, sub_code: str) -> bool:
    return text_in(reply, "sub_code") == sub_code


def _require_ok(reply: Reply) -> None:
    if (code := code_in(reply, "code", absent="error")) != OK:
        raise CashierAway(f"alipay:{code}")


def _beijing(reply: Mapping[str, Any], name: str) -> datetime:
    text = text_in(reply, name)
    return moment(f"{text}+08:00" if text else None)


def _trade_of(refund: RefundOrder) -> dict[str, str]:
    return {"out_trade_no": refund.of.hex} if refund.of else {"trade_no": refund.of_reference}
