"""WeChat Pay's contracts to withhold (委托代扣): signed on a page that opens WeChat, looked up and ended by our own number.

They speak API v2: API v3 has contracts for one draw each (预约扣费), and those for repayments (自动还款) only for service providers.
Of its pages this is the one that a phone's browser opens; that of API v3 wants the app's own library, or a second screen.
https://pay.weixin.qq.com/doc/v2/merchant/4011987295 (page), 4011987640 (query), 4011987432 (end), 4011987586 (notifications)
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.payments import signing
from domain.payments.cashiers import CashierAway, MandateAnswer, MandateOrder, MandateStatus
from integrations.cashier.reading import order_id
from integrations.cashier.wechat_pay_line import WeChatPayLine, require_done
from integrations.cashier.wechat_pay_v2 import Fields
from integrations.replies import id_in

PAGE_LASTS = timedelta(minutes=10)
UNKNOWN_ADDRESS = "127.0.0.1"
ACCOUNT_CHARACTERS_MAX = 32
SERIAL_BITS = 63
VERSION = "1.0"
PLANE_CHARACTERS = 1 << 16
SIGNED, BEING_SIGNED, NOT_SIGNED = "0", "9", "1"
NO_CONTRACT = "CONTRACT_NOT_EXIST"
ENDED = MandateAnswer(MandateStatus.ENDED)


@dataclass(frozen=True)
class WeChatPayContracts:
    """`plan` is the template that WeChat Pay agreed on, by which people sign from now on."""

    line: WeChatPayLine
    plan: str

    async def sign(self, mandate: MandateOrder) -> MandateAnswer:
        asked = {
            **self._by_plan(mandate),
            "version": VERSION,
            "request_serial": str(mandate.id.int & (1 << SERIAL_BITS) - 1),
            "contract_display_account": _plain(mandate.title),
            "notify_url": self.line.notify_url,
            "timestamp": str(int(time.time())),
            "clientip": mandate.address or UNKNOWN_ADDRESS,
        }
        page = await self.line.page("/papay/h5entrustweb", asked)
        return MandateAnswer(MandateStatus.PENDING, page=page, page_lasts=PAGE_LASTS)

    async def look_up(self, mandate: MandateOrder) -> MandateAnswer | None:
        named = self._named(mandate)
        reply = await self.line.ask("/papay/querycontract", {**named, "version": VERSION})
        if reply.get("err_code") == NO_CONTRACT:
            return None
        require_done(reply)
        if reply.get("contract_code") != mandate.id.hex or any(reply.get(name) != said for name, said in named.items()):
            raise CashierAway("wechat_pay:other_mandate")
        state, reference = reply.get("contract_state"), id_in(reply, "contract_id")
        if state == SIGNED and reference:
            return MandateAnswer(MandateStatus.SIGNED, reference)
        if state == BEING_SIGNED:
            return MandateAnswer(MandateStatus.PENDING)
        if state == NOT_SIGNED:
            return ENDED if _was_ended(reply) else None
        raise CashierAway("wechat_pay:odd_mandate")

    async def withdraw(self, mandate: MandateOrder) -> MandateAnswer:
        """Whatever it answers to that, it is over once it is found to be."""
        asked = {**self._named(mandate), "version": VERSION, "contract_termination_remark": "ENDED"}
        await self.line.ask("/papay/deletecontract", asked)
        found = await self.look_up(mandate)
        if found is not None and found.status is not MandateStatus.ENDED:
            raise CashierAway("wechat_pay:still_signed")
        return ENDED

    async def hear(self, told: Fields) -> None:
        """What it tells of a contract only makes us ask, also of one that was signed when the plan was another."""
        if isinstance(mandate_id := order_id(told.get("contract_code", "")), UUID):
            await signing.hear("wechat-pay", mandate_id)

    def _named(self, mandate: MandateOrder) -> dict[str, str]:
        """What names a mandate to WeChat Pay: its own reference as soon as there is one, for the plan may be another by then."""
        return {"contract_id": mandate.reference} if mandate.reference else self._by_plan(mandate)

    def _by_plan(self, mandate: MandateOrder) -> dict[str, str]:
        return {"plan_id": self.plan, "contract_code": mandate.id.hex}


def _was_ended(reply: Fields) -> bool:
    """Whether one that is not signed was; otherwise nobody has signed it yet."""
    return bool(reply.get("contract_terminated_time")) or reply.get("contract_termination_mode", "0") != "0"


def _plain(title: str) -> str:
    """For its page, which takes no spaces and signs, and only letters of the first plane."""
    return "".join(char for char in title if char.isalnum() and ord(char) < PLANE_CHARACTERS)[:ACCOUNT_CHARACTERS_MAX]
