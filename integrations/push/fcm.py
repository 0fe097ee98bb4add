"""Google's push service, HTTP v1: one message a call, as a service account that signs for an access token.

https://firebase.google.com/docs/cloud-messaging/send/v1-api, .../reference/fcm/rest/v1/ErrorCode;
https://developers.google.com/identity/protocols/oauth2/service-account (the token)
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NoReturn

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey

from integrations.client import outgoing, outgoing_to
from integrations.push.asking import inner, one_call, pause_of, reply_of
from integrations.push.messages import PushMessage, PushNotSent, PushRejected, PushUnsure, TokenGone
from integrations.sms.asking import code_word

URL = "https://fcm.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - where tokens are had
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIVES_MAX = timedelta(days=28)
SPARE_SECONDS = 60.0


@dataclass
class Fcm:
    drops_repeats: ClassVar[bool] = True

    account: dict[str, str] = field(repr=False)
    url: str = URL
    allow: frozenset[str] = frozenset()
    _token: tuple[float, str] | None = field(default=None, init=False, repr=False)
    _client: httpx2.AsyncClient | None = field(default=None, init=False, repr=False)

    async def send(self, message: PushMessage) -> None:
        token = await self._access_token()
        async with one_call():
            answer = await self._connection().post(
                f"/v1/projects/{self.account['project_id']}/messages:send",
                json={"message": _payload(message)},
                headers={"authorization": f"Bearer {token}"},
            )
        if answer.status_code != 200:
            self._refuse(answer)

    def _connection(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = outgoing_to(self.url, self.allow)
        return self._client

    async def _access_token(self) -> str:
        """Nothing is sent before it is there, so whatever goes wrong here may be tried again."""
        if self._token is not None and time.time() < self._token[0]:
            return self._token[1]
        form = {"grant_type": GRANT, "assertion": self._signed()}
        try:
            async with one_call(), outgoing(self.allow) as client:
                answer = await client.post(self.account.get("token_uri", TOKEN_URL), data=form)
        except PushUnsure:
            raise PushNotSent("fcm:no_token") from None
        reply = reply_of(answer)
        token, lives = reply.get("access_token"), reply.get("expires_in")
        if answer.status_code != 200 or not isinstance(token, str) or not isinstance(lives, int):
            raise PushNotSent(f"fcm:{code_word(reply.get('error', answer.status_code))}")
        self._token = time.time() + lives - SPARE_SECONDS, token
        return token

    def _signed(self) -> str:
        now = int(time.time())
        audience = self.account.get("token_uri", TOKEN_URL)
        claims = {"iss": self.account["client_email"], "scope": SCOPE, "aud": audience, "iat": now, "exp": now + 3600}
        header = {"alg": "RS256", "typ": "JWT", "kid": self.account.get("private_key_id", "")}
        return jwt.encode(header, claims, RSAKey.import_key(self.account["private_key"]), algorithms=["RS256"])

    def _refuse(self, answer: httpx2.Response) -> NoReturn:
        reply, status = reply_of(answer), answer.status_code
        named = _error_code(reply) or str(inner(reply, "error", "status") or status)
        reason = f"fcm:{code_word(named)}"
        if status == 404 and named == "UNREGISTERED":
            raise TokenGone(reason)
        if status == 401:
            self._token = None
            raise PushNotSent(reason)
        if status == 429 or status >= 500:
            raise PushNotSent(reason, pause_of(answer.headers))
        # 400 may be of our own making, and so is no word on the token.
        raise PushRejected(reason)


def _error_code(reply: Any) -> str | None:
    """What FCM itself calls it, among the details."""
    details = inner(reply, "error", "details")
    named = [inner(each, "errorCode") for each in details] if isinstance(details, list) else []
    return next((str(each) for each in named if each), None)


def _payload(message: PushMessage) -> dict[str, Any]:
    lives = max(timedelta(0), min(LIVES_MAX, message.expires_at - datetime.now(UTC)))
    return {
        "token": message.token,
        "notification": {"title": message.title, "body": message.body},
        "data": {"id": str(message.id), "link": message.link or ""},
        "android": {
            "collapse_key": message.collapse_key,
            "priority": "HIGH" if message.is_urgent else "NORMAL",
            "ttl": f"{int(lives.total_seconds())}s",
            # On the screen, too, the newer takes the place of the older.
            "notification": {"tag": message.collapse_key},
        },
    }
