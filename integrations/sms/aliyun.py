"""Aliyun SMS: `SendSms` of Dysmsapi 2017-05-25, signed the RPC way (HMAC-SHA1).

https://help.aliyun.com/document_detail/315526.html (signature), document_detail/419273.html (SendSms).
"""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote

from integrations.sms.asking import code_word, gateway_client, reply_of
from integrations.sms.messages import NotSent, Rejected, TextMessage

URL = "https://dysmsapi.aliyuncs.com/"
MAINLAND = "+86"


@dataclass(frozen=True)
class Aliyun:
    """The template's parameter must be called `code`."""

    drops_repeats: ClassVar[bool] = False

    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    template_code: str
    url: str = URL
    allow: frozenset[str] = frozenset()

    async def send(self, message: TextMessage) -> None:
        async with gateway_client(self.allow) as client:
            answer = await client.post(self.url, data=self._signed(message))
        code = str(reply_of(answer).get("Code", "none"))
        if code == "OK":
            return
        # `isp.` errors are the platform's own; throttling and full minutes pass too.
        passes = code.startswith(("isp.", "Throttling", "ServiceUnavailable"))
        raise (NotSent if passes else Rejected)(f"aliyun:{code_word(code)}")

    def _signed(self, message: TextMessage) -> dict[str, str]:
        form = {
            "AccessKeyId": self.access_key_id,
            "Action": "SendSms",
            "Format": "JSON",
            "PhoneNumbers": message.to.removeprefix(MAINLAND).removeprefix("+"),
            "SignName": self.sign_name,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": secrets.token_hex(16),
            "SignatureVersion": "1.0",
            "TemplateCode": self.template_code,
            "TemplateParam": json.dumps({"code": message.code}),
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Version": "2017-05-25",
        }
        return {**form, "Signature": sign(form, self.access_key_secret)}


def sign(form: Mapping[str, str], secret: str, method: str = "POST") -> str:
    """Base64 of HMAC-SHA1 over the sorted parameters, percent-encoded twice."""
    canonical = "&".join(f"{_encode(name)}={_encode(form[name])}" for name in sorted(form) if name != "Signature")
    text = f"{method}&%2F&{_encode(canonical)}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), "sha1")).decode()


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
