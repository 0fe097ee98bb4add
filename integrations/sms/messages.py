"""A text message, what a gateway promises, and the three ways in which it can fail."""

from dataclasses import dataclass, field
from typing import ClassVar, Protocol
from uuid import UUID


@dataclass(frozen=True)
class TextMessage:
    """`to` is E.164; `id` is the same however often one message is sent.

    Gateways with templates of their own send `code` and `minutes`, or without a code that there is news in the app; the
    others send `body`. `stops_change`: the code signs nobody in, and stops a change of number.
    """

    id: UUID
    to: str = field(repr=False)
    body: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    minutes: int = 0
    stops_change: bool = False


class SmsGateway(Protocol):
    """`drops_repeats`: it knows a message that it was given before by its id, and sends it once."""

    drops_repeats: ClassVar[bool]

    async def send(self, message: TextMessage) -> None:
        """Returns when the gateway has taken the message; raises a SmsFailure otherwise."""


class SmsFailure(Exception):
    """`reason` is a short code for logs, without anything personal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(SmsFailure):
    """Raised where it surely was not sent, and may go through later."""


class Rejected(SmsFailure):
    """Raised where it surely was not sent, and never will be: a wrong number, a template that does not exist."""


class Unsure(SmsFailure):
    """Raised where it may have been sent: the answer was lost, or made no sense."""
