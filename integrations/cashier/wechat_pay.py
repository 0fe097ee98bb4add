"""WeChat Pay as a cashier, API v3: pages in a phone's browser (H5), every request and answer signed, notifications sealed.

https://pay.weixin.qq.com/doc/v3/merchant/4012791834 (H5), 4012791838 (query), 4012791840 (close), 4012791842 (refund),
4012791844 (refund query), 4012791836 and 4012791846 (notifications), 4013053249 (signatures). What it draws by itself goes by its older
words; money goes back by these also of that.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx2

from domain.payments import paying, refunding
from domain.payments.cashiers import (
    Cashier,
    CashierAnswer,
    CashierAway,
    CashierOrder,
    DrawDays,
    MandateAnswer,
    MandateOrder,
    MandateStatus,
    PaymentStatus,
    RefundAnswer,
    RefundOrder,
)
from infra.money import Money
from infra.setting_credentials import WeChatPayCashier
from integrations.cashier import wechat_pay_answers as answers
from integrations.cashier import wechat_pay_foretelling as foretelling
from integrations.cashier import wechat_pay_opening as opening
from integrations.cashier import wechat_pay_signing as signatures
from integrations.cashier.reading import NotBelieved, order_id
from integrations.cashier.wechat_pay_contracts import WeChatPayContracts
from integrations.cashier.wechat_pay_draws import WeChatPayDraws, time_until_day
from integrations.cashier.wechat_pay_line import WeChatPayLine
from integrations.client import outgoing, patiently
from integrations.replies import Reply, id_in, json_object, part_of, text_in

NAME = "wechat-pay"
DEADLINE_SECONDS = 12
UNKNOWN_ADDRESS = "127.0.0.1"
SUCCESS = 200, 204

UNKNOWN = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
PAID_OR_USED = frozenset({"ORDERPAID", "OUT_TRADE_NO_USED"})
EMPTY = "NOT_ENOUGH"  # our own account there; a refund is asked for again once it is filled
REFUSED_REFUNDS = frozenset({"NOT_ENOUGH_REFUND", "USER_ACCOUNT_ABNORMAL", "TRADE_OVERDUE"})


@dataclass(frozen=True)
class WeChatPayH5(Cashier):
    """`here` is our own address, without a slash at the end, which hears notifications."""

    keys: WeChatPayCashier
    here: str
    allow: frozenset[str] = field(default=frozenset())
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    async def collect(self, order: CashierOrder) -> CashierAnswer:
        if order.amount.currency != answers.CURRENCY:
            return CashierAnswer(PaymentStatus.FAILED)
        if order.mandate is not None:
            return await self._draws.draw(order) if self._draws else CashierAnswer(PaymentStatus.FAILED)
        asked = {
            "appid": self.keys.app_id,
            "mchid": self.keys.merchant_id,
            "description": order.title,
            "out_trade_no": order.id.hex,
            "time_expire": order.expires_at.isoformat(timespec="seconds"),
            "notify_url": self._notify_url,
            "amount": {"total": order.amount.minor, "currency": order.amount.currency},
            "scene_info": {"payer_client_ip": order.address or UNKNOWN_ADDRESS, "h5_info": {"type": "Wap"}},
        }
        status, reply = await self._ask("POST", "/v3/pay/transactions/h5", asked)
        if status == 200 and (page := text_in(reply, "h5_url")):
            return CashierAnswer(PaymentStatus.NEEDS_ACTION, page=opening.address(self.here, self.keys, page))
        if text_in(reply, "code") in PAID_OR_USED and (answer := await self.look_up(order)):
            return answer
        if 400 <= status < 500 and status not in (401, 429):
            # It says why it will collect nothing, under its signature.
            return CashierAnswer(PaymentStatus.FAILED)
        raise CashierAway(f"wechat_pay:http_{status}")

    async def sign(self, mandate: MandateOrder) -> MandateAnswer:
        if self._contracts is None:
            return MandateAnswer(MandateStatus.ENDED)
        answer = await self._contracts.sign(mandate)
        return replace(answer, page=opening.address(self.here, self.keys, answer.page or ""))

    async def look_up_mandate(self, mandate: MandateOrder) -> MandateAnswer | None:
        return await self._contracts.look_up(mandate) if self._contracts else None

    async def withdraw(self, mandate: MandateOrder) -> MandateAnswer:
        return await self._contracts.withdraw(mandate) if self._contracts else MandateAnswer(MandateStatus.ENDED)

    @property
    def signs_once(self) -> bool:
        return True

    def draws_from(self, now: datetime) -> datetime:
        return now + time_until_day(self.now())

    def draw_days(self, now: datetime) -> DrawDays | None:
        return foretelling.draw_days(now)

    async def foretell(self, reference: str, amount: Money) -> None:
        if self._draws is not None:
            await foretelling.foretell(self._ask, self.keys, reference, amount, self.now())

    async def look_up(self, order: CashierOrder) -> CashierAnswer | None:
        if order.mandate is not None and self._draws:
            return await self._draws.look_up(order)
        where = f"/v3/pay/transactions/out-trade-no/{order.id.hex}?mchid={self.keys.merchant_id}"
        status, reply = await self._ask("GET", where)
        if text_in(reply, "code") in UNKNOWN:
            return None
        _require(status)
        if text_in(reply, "out_trade_no") != order.id.hex or not self._is_ours(reply):
            raise CashierAway("wechat_pay:other_order")
        return answers.read_order(reply)

    async def close(self, order: CashierOrder) -> CashierAnswer:
        if order.mandate is not None and self._draws:
            return await self._draws.close(order)
        where = f"/v3/pay/transactions/out-trade-no/{order.id.hex}/close"
        status, reply = await self._ask("POST", where, {"mchid": self.keys.merchant_id})
        if text_in(reply, "code") not in UNKNOWN and status not in SUCCESS:
            # It was paid or closed in the meantime.
            if 400 <= status < 500 and (answer := await self.look_up(order)):
                return answer
            raise CashierAway(f"wechat_pay:http_{status}")
        return CashierAnswer(PaymentStatus.FAILED)

    async def give_back(self, refund: RefundOrder) -> RefundAnswer:
        asked = {
            **({"out_trade_no": refund.of.hex} if refund.of else {"transaction_id": refund.of_reference}),
            "out_refund_no": refund.id.hex,
            "notify_url": self._notify_url,
            "amount": {
                "refund": refund.amount.minor,
                "total": refund.of_amount.minor,
                "currency": refund.amount.currency,
            },
        }
        status, reply = await self._ask("POST", "/v3/refund/domestic/refunds", asked)
        if text_in(reply, "code") in REFUSED_REFUNDS:
            return RefundAnswer(PaymentStatus.FAILED)
        if text_in(reply, "code") == EMPTY:
            return RefundAnswer(PaymentStatus.PENDING, is_stuck=True)
        _require(status)
        return answers.read_refund(reply, refund)

    async def look_up_refund(self, refund: RefundOrder) -> RefundAnswer | None:
        status, reply = await self._ask("GET", f"/v3/refund/domestic/refunds/{refund.id.hex}")
        if text_in(reply, "code") in UNKNOWN:
            return None
        _require(status)
        return answers.read_refund(reply, refund)

    async def hear(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Take a notification in. Raises NotBelieved where WeChat Pay did not send it to us just now."""
        if failure := signatures.disbelief(headers, body, self.keys, now):
            raise NotBelieved(failure)
        told = json_object(body) or {}
        inside = signatures.unseal(part_of(told, "resource"), self.keys.api_v3_key.get_secret_value())
        if inside is None or text_in(inside, "mchid") != self.keys.merchant_id:
            raise NotBelieved("wechat_pay:resource")
        try:
            await self._hear_inside(text_in(told, "event_type"), inside)
        except CashierAway as odd:
            raise NotBelieved(odd.reason) from None

    async def _hear_inside(self, event_type: str, inside: Reply) -> None:
        if event_type.startswith("REFUND."):
            answer, of = answers.read_refund_news(inside), id_in(inside, "transaction_id")
            await refunding.hear_by_id(NAME, order_id(text_in(inside, "out_refund_no")), answer, of)
        elif not self._is_ours(inside):
            raise CashierAway("wechat_pay:other_app")
        else:
            await paying.hear(NAME, order_id(text_in(inside, "out_trade_no")), answers.read_order(inside))

    async def hear_of_mandates(self, body: bytes) -> None:
        """Take news of a contract or a draw in. Raises NotBelieved where WeChat Pay did not tell it to us."""
        contracts, draws = self._contracts, self._draws
        if contracts is None or draws is None:
            raise NotBelieved("wechat_pay:not_ours")
        told = contracts.line.believed(body)
        await (contracts if "change_type" in told else draws).hear(told)

    @property
    def _notify_url(self) -> str:
        return f"{self.here}/cashier/wechat-pay"

    @property
    def _line(self) -> WeChatPayLine | None:
        key, where = self.keys.api_v2_key, f"{self._notify_url}/mandates"
        return WeChatPayLine(self.keys, key.get_secret_value(), where, self.allow) if key else None

    @property
    def _contracts(self) -> WeChatPayContracts | None:
        line, plan = self._line, self.keys.mandate_plan
        return WeChatPayContracts(line, plan) if line and plan else None

    @property
    def _draws(self) -> WeChatPayDraws | None:
        return WeChatPayDraws(self._line, self.now) if self._line else None

    def _is_ours(self, reply: Reply) -> bool:
        return (text_in(reply, "appid"), text_in(reply, "mchid")) == (self.keys.app_id, self.keys.merchant_id)

    async def _ask(self, method: str, where: str, asked: Mapping[str, Any] | None = None) -> tuple[int, Reply]:
        """(status, answer). All of these may be asked twice, each time signed anew. Believed where WeChat Pay signed it."""
        body = b"" if asked is None else json.dumps(asked, ensure_ascii=False).encode()

        async def send() -> httpx2.Response:
            headers = signatures.headers(method, where, body, self.keys)
            return await client.request(method, f"{self.keys.url}{where}", content=body, headers=headers)

        try:
            async with outgoing(self.allow) as client, asyncio.timeout(DEADLINE_SECONDS):
                answer = await patiently(send)
        except (httpx2.HTTPError, TimeoutError):
            raise CashierAway("wechat_pay:no_answer") from None
        if failure := signatures.disbelief(dict(answer.headers), answer.content, self.keys):
            raise CashierAway(failure)
        return answer.status_code, json_object(answer.content) or {}


def _require(status: int) -> None:
    if status != 200:
        raise CashierAway(f"wechat_pay:http_{status}")
