"""The line on which WeChat Pay is asked in its older words: what it answers is believed where our key signed it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx2

from domain.payments.cashiers import CashierAway
from infra.setting_credentials import WeChatPayCashier
from integrations.cashier import wechat_pay_v2 as v2
from integrations.cashier.reading import NotBelieved
from integrations.cashier.wechat_pay_v2 import Fields
from integrations.client import outgoing, patiently
from integrations.replies import word_in

DEADLINE_SECONDS = 12
Send = Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]


@dataclass(frozen=True)
class WeChatPayLine:
    """`key` is that of API v2; `notify_url` hears of contracts and draws."""

    keys: WeChatPayCashier
    key: str
    notify_url: str
    allow: frozenset[str]

    async def ask(self, where: str, asked: Fields) -> Fields:
        """All of it may be asked twice."""
        body = v2.to_xml(self._signed(asked))
        reply = await self._spoken(lambda client: client.post(f"{self.keys.url}{where}", content=body))
        if not v2.is_signed(reply, self.key):
            raise CashierAway("wechat_pay:signature")
        if not self._is_ours(reply):
            raise CashierAway("wechat_pay:other_app")
        return reply

    async def page(self, where: str, asked: Fields) -> str:
        """This answer alone has no signature, and is believed for the connection that it came by."""
        told = self._signed(asked)
        reply = await self._spoken(lambda client: client.get(f"{self.keys.url}{where}", params=told))
        page = reply.get("redirect_url", "")
        if not v2.is_done(reply) or not page.startswith("https://"):
            raise CashierAway("wechat_pay:no_page")
        return page

    def believed(self, body: bytes) -> Fields:
        """What a notification says. Raises NotBelieved where WeChat Pay did not send it to us."""
        told = v2.from_xml(body)
        if told is None or not v2.is_signed(told, self.key):
            raise NotBelieved("wechat_pay:signature")
        if "mch_id" not in told or not self._is_ours(told):
            raise NotBelieved("wechat_pay:other_app")
        return told

    @property
    def _ours(self) -> dict[str, str]:
        return {"appid": self.keys.app_id, "mch_id": self.keys.merchant_id}

    def _signed(self, asked: Fields) -> dict[str, str]:
        return v2.signed({**self._ours, **asked}, self.key)

    def _is_ours(self, told: Fields) -> bool:
        return all(told.get(name, value) == value for name, value in self._ours.items())

    async def _spoken(self, send: Send) -> Fields:
        """What it answers of the matter; what it says of how it was asked has no signature, and teaches nothing."""
        try:
            async with outgoing(self.allow) as client, asyncio.timeout(DEADLINE_SECONDS):
                answer = await patiently(lambda: send(client))
        except (httpx2.HTTPError, TimeoutError):
            raise CashierAway("wechat_pay:no_answer") from None
        reply = v2.from_xml(answer.content)
        if reply is None or reply.get("return_code") != v2.SUCCESS:
            raise CashierAway(f"wechat_pay:http_{answer.status_code}")
        return reply


def require_done(reply: Fields) -> None:
    if not v2.is_done(reply):
        raise CashierAway(f"wechat_pay:{word_in(reply, 'err_code')}")
