"""WeChat's subscribed messages: one consent lets one message through, with values of at most twenty characters.

https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html;
.../mp-access-token/getStableAccessToken.html
"""

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from infra.words import N_, Locale, say
from integrations.client import outgoing
from integrations.push.asking import PAUSE_SECONDS_MAX, one_call, reply_of
from integrations.push.messages import (
    ConsentSpent,
    PushMessage,
    PushNotSent,
    PushRejected,
    PushUnsure,
    TokenGone,
)

URL = "https://api.weixin.qq.com"
SPARE_SECONDS = 60.0
NEWS = N_("News in Longan")
LANGUAGES: dict[Locale, str] = {"zh": "zh_CN", "en": "en_US"}
TOKEN_OVER = frozenset({40001, 40014, 42001})


@dataclass
class WeChatMessages:
    """The template has one parameter, `thing1`, which says that there is something to read."""

    drops_repeats: ClassVar[bool] = False

    app_id: str
    app_secret: str = field(repr=False)
    template_id: str
    url: str = URL
    allow: frozenset[str] = frozenset()
    _token: tuple[float, str] | None = field(default=None, init=False, repr=False)

    async def send(self, message: PushMessage) -> None:
        token = await self._access_token()
        code = await self._ask("/cgi-bin/message/subscribe/send", self._payload(message), access_token=token)
        if code.get("errcode") != 0:
            self._refuse(code.get("errcode"))

    def _payload(self, message: PushMessage) -> dict[str, Any]:
        return {
            "touser": message.token,
            "template_id": self.template_id,
            "page": (message.link or "").removeprefix("longan://"),
            "lang": LANGUAGES[message.locale],
            "data": {"thing1": {"value": say(NEWS, message.locale)}},
        }

    async def _access_token(self) -> str:
        """The stable one, which whoever else asks for it does not end."""
        if self._token is not None and time.time() < self._token[0]:
            return self._token[1]
        asked = {"grant_type": "client_credential", "appid": self.app_id, "secret": self.app_secret}
        try:
            reply = await self._ask("/cgi-bin/stable_token", asked)
        except PushUnsure:
            raise PushNotSent("wechat:no_token") from None
        token, lives = reply.get("access_token"), reply.get("expires_in")
        if not isinstance(token, str) or not isinstance(lives, int):
            raise PushNotSent(f"wechat:{reply.get('errcode', 'no_token')}")
        self._token = time.time() + lives - SPARE_SECONDS, token
        return token

    async def _ask(self, path: str, body: dict[str, Any], **query: str) -> dict[str, Any]:
        async with one_call(), outgoing(self.allow) as client:
            answer = await client.post(f"{self.url}{path}", json=body, params=query)
        if answer.status_code >= 500:
            raise PushUnsure(f"wechat:http_{answer.status_code}")
        return reply_of(answer)

    def _refuse(self, code: object) -> NoReturn:
        reason = f"wechat:{code if isinstance(code, int) else 'no_code'}"
        match code:
            case 43101:  # the person allows none
                raise ConsentSpent(reason)
            case 40003:  # there is no such openid
                raise TokenGone(reason)
            case 45009:  # enough for today
                raise PushNotSent(reason, PAUSE_SECONDS_MAX)
            case -1:  # busy
                raise PushNotSent(reason)
            case int() if code in TOKEN_OVER:
                self._token = None
                raise PushNotSent(reason)
            case int():
                raise PushRejected(reason)
        raise PushUnsure(reason)
