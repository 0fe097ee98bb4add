"""Aliyun SMS: `SendSms` of Dysmsapi 2017-05-25, signed the RPC way (HMAC-SHA1).

https://help.aliyun.com/document_detail/315526.html (signature), document_detail/419273.html (SendSms).
"""

import json
from dataclasses import dataclass, field
from typing import ClassVar

from integrations.aliyun_rpc import signed
from integrations.sms.asking import code_word, gateway_client, reply_of
from integrations.sms.messages import NotSent, Rejected, TextMessage

URL = "https://dysmsapi.aliyuncs.com/"
MAINLAND = "+86"


@dataclass(frozen=True)
class Aliyun:
    """The parameter of the codes' template must be called `code`; the notices' has none, and says that there is news. That of a
    change of number has `code` too, and says what the code stops.
    """

    drops_repeats: ClassVar[bool] = False

    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    template_code: str
    notice_template_code: str | None = None
    stop_template_code: str | None = None
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

    def _template(self, message: TextMessage) -> str | None:
        if message.code is None:
            return self.notice_template_code
        return (self.stop_template_code if message.stops_change else None) or self.template_code

    def _signed(self, message: TextMessage) -> dict[str, str]:
        template = self._template(message)
        if template is None:
            raise Rejected("aliyun:no_notice_template")
        asked = {
            "Action": "SendSms",
            "PhoneNumbers": message.to.removeprefix(MAINLAND).removeprefix("+"),
            "SignName": self.sign_name,
            "TemplateCode": template,
            "TemplateParam": json.dumps({"code": message.code} if message.code else {}),
            "Version": "2017-05-25",
        }
        return signed(asked, self.access_key_id, self.access_key_secret)
