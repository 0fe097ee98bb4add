"""What WeChat Pay draws by a contract (申请扣款): asked for by day, and known only when it is told of or looked up.

https://pay.weixin.qq.com/doc/v2/merchant/4011987377 (draw), 4011987538 (query), 4011987803 (close), 4011987465 (notifications)
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.payments import paying
from domain.payments.cashiers import CashierAnswer, CashierAway, CashierOrder, Paid, PaymentStatus
from integrations.beijing import BEIJING
from integrations.cashier import wechat_pay_v2 as v2
from integrations.cashier.reading import NotBelieved, minor_amount, moment, order_id
from integrations.cashier.wechat_pay_line import WeChatPayLine, require_done
from integrations.cashier.wechat_pay_v2 import Fields
from integrations.replies import id_in, word_in

UNKNOWN_ADDRESS = "127.0.0.1"
DAY_FROM, DAY_UNTIL = 7, 22  # hours in Beijing, outside of which it neither draws nor tells anybody
DIGITS_MAX = 15

STATUSES: Mapping[str, PaymentStatus] = {
    "ACCEPT": PaymentStatus.PENDING,
    "NOTPAY": PaymentStatus.PENDING,
    "USERPAYING": PaymentStatus.PENDING,
    "SUCCESS": PaymentStatus.SETTLED,
    "REFUND": PaymentStatus.SETTLED,  # it came, and some of it went back since
    "CLOSED": PaymentStatus.FAILED,
    "REVOKED": PaymentStatus.FAILED,
    "PAYERROR": PaymentStatus.FAILED,
    "PAY_FAIL": PaymentStatus.FAILED,  # so it calls that where it tells of a draw
}
NO_ORDER = frozenset({"ORDERNOTEXIST", "ORDER_NOT_EXIST"})
KNOWN = frozenset({"ORDERPAID", "ORDER_ACCEPTED", "ORDERCLOSED", "OUT_TRADE_NO_USED"})
# It is over: the mandate is looked at after each draw that failed.
OF_CONTRACT = frozenset({"CONTRACTERROR", "CONTRACT_NOT_EXIST"})
OF_PERSON = frozenset(
    {"NOTENOUGH", "ACCOUNTERROR", "USER_ACCOUNT_ABNORMAL", "USER_NOT_EXIST", "BANKERROR", "TRADE_ERROR"}
)
OF_RULES = frozenset({"RULELIMIT", "RULE_LIMIT", "INVALID_REQUEST"})  # the last as where nobody was told in time
UNSURE = "SYSTEMERROR"


@dataclass(frozen=True)
class WeChatPayDraws:
    line: WeChatPayLine
    now: Callable[[], datetime]

    async def draw(self, order: CashierOrder) -> CashierAnswer:
        assert order.mandate is not None, "what is drawn is drawn by a mandate"
        require_day(self.now())
        asked = {
            **_numbered(order),
            "body": order.title,
            "total_fee": str(order.amount.minor),
            "fee_type": order.amount.currency,
            "spbill_create_ip": order.address or UNKNOWN_ADDRESS,
            "notify_url": self.line.notify_url,
            "trade_type": "PAP",
            "contract_id": order.mandate,
        }
        reply = await self.line.ask("/pay/pappayapply", asked)
        if v2.is_done(reply):
            return CashierAnswer(PaymentStatus.PENDING)
        if (code := word_in(reply, "err_code")) not in KNOWN | OF_CONTRACT | OF_PERSON | OF_RULES:
            raise CashierAway(f"wechat_pay:{code}")
        # Asked before without an answer, it may have been taken on then.
        return await self.look_up(order) or CashierAnswer(PaymentStatus.FAILED)

    async def look_up(self, order: CashierOrder) -> CashierAnswer | None:
        # Not `paporderquery`, which knows nothing of an order that was closed.
        reply = await self.line.ask("/pay/orderquery", _numbered(order))
        if reply.get("err_code") in NO_ORDER:
            return None
        require_done(reply)
        if reply.get("out_trade_no") != order.id.hex:
            raise CashierAway("wechat_pay:other_order")
        return _as_it_stands(reply, reply.get("trade_state", ""))

    async def close(self, order: CashierOrder) -> CashierAnswer:
        reply = await self.line.ask("/pay/closeorder", _numbered(order))
        if v2.is_done(reply) or reply.get("err_code") in NO_ORDER:
            return CashierAnswer(PaymentStatus.FAILED)
        # It was paid or closed in the meantime; or it is too young, for none is closed in its first five minutes.
        answer = await self.look_up(order)
        if answer is None or answer.status is PaymentStatus.PENDING:
            raise CashierAway(f"wechat_pay:{word_in(reply, 'err_code')}")
        return answer

    async def hear(self, told: Fields) -> None:
        """Record what it tells of a draw. Raises NotBelieved for money that can't be counted."""
        try:
            await paying.hear("wechat-pay", order_id(told.get("out_trade_no", "")), _heard(told))
        except CashierAway as odd:
            raise NotBelieved(odd.reason) from None


def require_day(now: datetime) -> None:
    if time_until_day(now):
        raise CashierAway("wechat_pay:night")


def time_until_day(now: datetime) -> timedelta:
    """Nothing by day."""
    there = now.astimezone(BEIJING)
    if DAY_FROM <= there.hour < DAY_UNTIL:
        return timedelta(0)
    begins = there.replace(hour=DAY_FROM, minute=0, second=0, microsecond=0)
    return begins - there if begins > there else begins + timedelta(days=1) - there


def _numbered(order: CashierOrder) -> dict[str, str]:
    return {"out_trade_no": order.id.hex, "nonce_str": secrets.token_hex(16)}


def _heard(told: Fields) -> CashierAnswer:
    """Its state counts, where one is told. One that failed for reasons of WeChat Pay's own is still open: what becomes of it is
    looked up.
    """
    if v2.is_done(told):
        return _as_it_stands(told, told.get("trade_state") or v2.SUCCESS)
    is_unsure = told.get("err_code", UNSURE) == UNSURE
    return CashierAnswer(PaymentStatus.PENDING if is_unsure else PaymentStatus.FAILED)


def _as_it_stands(told: Fields, state: str) -> CashierAnswer:
    status = STATUSES.get(state)
    if status is None:
        raise CashierAway("wechat_pay:odd_status")
    return _settled(told) if status is PaymentStatus.SETTLED else CashierAnswer(status)


def _settled(told: Fields) -> CashierAnswer:
    reference, total, ended = id_in(told, "transaction_id"), told.get("total_fee", ""), told.get("time_end", "")
    if not reference:
        raise CashierAway("wechat_pay:no_reference")
    is_whole = total.isascii() and total.isdigit() and len(total) <= DIGITS_MAX
    paid = minor_amount(int(total) if is_whole else None, told.get("fee_type") or "CNY")
    return CashierAnswer(PaymentStatus.SETTLED, Paid(reference, paid, moment(f"{ended[:8]}T{ended[8:]}+0800")))
