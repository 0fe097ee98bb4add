"""Tencent Cloud SMS: `SendSms` 2021-01-11, signed with TC3-HMAC-SHA256.

https://cloud.tencent.com/document/api/382/52072 (signature), 382/55981 (SendSms).
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

from integrations.sms.asking import code_word, gateway_client, reply_of
from integrations.sms.messages import NotSent, Rejected, TextMessage, Unsure

URL = "https://sms.tencentcloudapi.com/"
CONTENT_TYPE = "application/json; charset=utf-8"
SIGNED_HEADERS = "content-type;host"


@dataclass(frozen=True)
class Tencent:
    """The parameters of the codes' template are the code and the minutes, in this order; the notices' has none, and says that
    there is news. Those of the template of a change of number are the codes', and it says what the code stops.
    """

    drops_repeats: ClassVar[bool] = False

    secret_id: str
    secret_key: str = field(repr=False)
    app_id: str
    sign_name: str
    template_id: str
    notice_template_id: str | None = None
    stop_template_id: str | None = None
    region: str = "ap-guangzhou"
    url: str = URL
    allow: frozenset[str] = frozenset()

    async def send(self, message: TextMessage) -> None:
        template = self._template(message)
        if template is None:
            raise Rejected("tencent:no_notice_template")
        body = json.dumps(
            {
                "PhoneNumberSet": [message.to],
                "SmsSdkAppId": self.app_id,
                "SignName": self.sign_name,
                "TemplateId": template,
                "TemplateParamSet": [message.code, str(message.minutes)] if message.code else [],
            }
        ).encode()
        async with gateway_client(self.allow) as client:
            answer = await client.post(self.url, content=body, headers=self._headers(body))
        _check(reply_of(answer).get("Response"))

    def _template(self, message: TextMessage) -> str | None:
        if message.code is None:
            return self.notice_template_id
        return (self.stop_template_id if message.stops_change else None) or self.template_id

    def _headers(self, body: bytes) -> dict[str, str]:
        timestamp = int(time.time())
        host = urlsplit(self.url).netloc
        signature, scope = sign(self.secret_key, host, timestamp, body)
        return {
            "Content-Type": CONTENT_TYPE,
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Timestamp": str(timestamp),
            "X-TC-Region": self.region,
            "Authorization": f"TC3-HMAC-SHA256 Credential={self.secret_id}/{scope}, "
            f"SignedHeaders={SIGNED_HEADERS}, Signature={signature}",
        }


def sign(secret_key: str, host: str, timestamp: int, body: bytes) -> tuple[str, str]:
    """(signature in hex, credential scope) of a POST to the service `sms`."""
    canonical = "\n".join(
        [
            "POST",
            "/",
            "",
            f"content-type:{CONTENT_TYPE}\nhost:{host}\n",
            SIGNED_HEADERS,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{day}/sms/tc3_request"
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for step in (day, "sms", "tc3_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex(), scope


def _check(response: object) -> None:
    if not isinstance(response, dict):
        raise Unsure("tencent:no_response")
    statuses = response.get("SendStatusSet")
    error = response.get("Error")
    if isinstance(error, dict):
        code = str(error.get("Code"))
    elif isinstance(statuses, list) and statuses and isinstance(statuses[0], dict):
        code = str(statuses[0].get("Code"))
    else:
        raise Unsure("tencent:no_status")
    if code == "Ok":
        return
    passes = code.startswith(("InternalError", "RequestLimitExceeded", "ResourceInsufficient"))
    raise (NotSent if passes else Rejected)(f"tencent:{code_word(code)}")
