"""Pushes of the embedded default: kept where a developer can read them, by the device's token."""

from typing import ClassVar

from integrations.push.messages import PushMessage
from integrations.sms.kept import KeepingGateway
from integrations.sms.messages import TextMessage


class KeepingPush:
    drops_repeats: ClassVar[bool] = True

    async def send(self, message: PushMessage) -> None:
        await KeepingGateway().send(TextMessage(message.id, message.token, message.body))
