"""Twilio: Programmable Messaging, 2010-04-01, with HTTP Basic.

https://www.twilio.com/docs/messaging/api/message-resource
"""

from dataclasses import dataclass, field
from typing import ClassVar

from integrations.sms.asking import code_word, gateway_client, reply_of
from integrations.sms.messages import NotSent, Rejected, TextMessage, Unsure

URL = "https://api.twilio.com"
TOO_MANY_REQUESTS = 20429


@dataclass(frozen=True)
class Twilio:
    """`sender` is a number in E.164, or the id of a messaging service."""

    drops_repeats: ClassVar[bool] = False

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    url: str = URL
    allow: frozenset[str] = frozenset()

    async def send(self, message: TextMessage) -> None:
        sender = "MessagingServiceSid" if self.sender.startswith("MG") else "From"
        async with gateway_client(self.allow) as client:
            answer = await client.post(
                f"{self.url}/2010-04-01/Accounts/{self.account_sid}/Messages.json",
                data={"To": message.to, sender: self.sender, "Body": message.body},
                auth=(self.account_sid, self.auth_token),
            )
        reply = reply_of(answer)
        if answer.is_success and reply.get("sid"):
            return
        reason = f"twilio:{code_word(reply.get('code', answer.status_code))}"
        if reply.get("code") == TOO_MANY_REQUESTS:
            raise NotSent(reason)
        raise (Rejected if 400 <= answer.status_code < 500 else Unsure)(reason)
