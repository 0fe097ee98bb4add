"""Apple's push service: HTTP/2, one stream a message, a token of ours signed with ES256 and used for most of an hour.

https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns, .../handling-notification-
responses-from-apns, .../establishing-a-token-based-connection-to-apns
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, NoReturn
from urllib.parse import quote

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from domain.notices.devices import is_token
from integrations.client import outgoing_to
from integrations.push.asking import one_call, pause_of, reply_of
from integrations.push.messages import PushMessage, PushNotSent, PushRejected, TokenGone
from integrations.sms.asking import code_word

URL = "https://api.push.apple.com"
# Apple refuses a token that is older than an hour, and one that is made anew within twenty minutes.
RENEWED_AFTER_SECONDS = 2_400.0
OURS = frozenset({"ExpiredProviderToken", "InvalidProviderToken", "MissingProviderToken"})


@dataclass
class Apns:
    drops_repeats: ClassVar[bool] = True

    key: str = field(repr=False)
    key_id: str
    team_id: str
    topic: str
    url: str = URL
    allow: frozenset[str] = frozenset()
    _token: tuple[float, str] | None = field(default=None, init=False, repr=False)
    _client: httpx2.AsyncClient | None = field(default=None, init=False, repr=False)

    async def send(self, message: PushMessage) -> None:
        if not is_token(message.token):  # one of dots leads elsewhere, however it is quoted
            raise PushRejected("apns:no_token")
        async with one_call():
            answer = await self._connection().post(
                f"/3/device/{quote(message.token, safe='')}", json=_payload(message), headers=self._headers(message)
            )
        if answer.status_code != 200:
            self._refuse(answer)

    def _connection(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = outgoing_to(self.url, self.allow)
        return self._client

    def _headers(self, message: PushMessage) -> dict[str, str]:
        return {
            "authorization": f"bearer {self._signed()}",
            "apns-id": str(message.id),
            "apns-topic": self.topic,
            "apns-push-type": "alert",
            "apns-priority": "10" if message.is_urgent else "5",
            "apns-expiration": str(int(message.expires_at.timestamp())),
            "apns-collapse-id": message.collapse_key,
        }

    def _signed(self) -> str:
        now = time.time()
        if self._token is None or now - self._token[0] > RENEWED_AFTER_SECONDS:
            claims = {"iss": self.team_id, "iat": int(now)}
            key = ECKey.import_key(self.key)
            self._token = now, jwt.encode({"alg": "ES256", "kid": self.key_id}, claims, key, algorithms=["ES256"])
        return self._token[1]

    def _refuse(self, answer: httpx2.Response) -> NoReturn:
        reply, status = reply_of(answer), answer.status_code
        named = str(reply.get("reason", status))
        reason = f"apns:{code_word(named)}"
        if status == 410:
            raise TokenGone(reason, _moment(reply.get("timestamp")))
        if status == 429:
            raise PushNotSent(reason, pause_of(answer.headers))
        if named in OURS:
            if named == "ExpiredProviderToken":
                self._token = None
            raise PushNotSent(reason)
        if status >= 500:
            raise PushNotSent(reason, pause_of(answer.headers))
        raise PushRejected(reason)


def _payload(message: PushMessage) -> dict[str, Any]:
    alert = {"title": message.title, "body": message.body}
    return {"aps": {"alert": alert, "sound": "default", "thread-id": message.collapse_key}, "link": message.link}


def _moment(milliseconds: object) -> datetime | None:
    """When the token was seen to be gone."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if isinstance(milliseconds, int | float) else None
