"""A push, what whoever delivers it promises, and the ways in which it can fail."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from infra.words import Locale


@dataclass(frozen=True)
class PushMessage:
    """`id` is the same however often it is sent; of one `collapse_key` a device shows the newest alone, and shows it once.

    `title` and `body` stand on a lock screen. `is_urgent`: it rings now, however the device saves its power.
    """

    id: UUID
    token: str = field(repr=False)
    title: str
    body: str
    link: str | None
    collapse_key: str
    expires_at: datetime
    is_urgent: bool
    locale: Locale


class PushPort(Protocol):
    """`drops_repeats`: the same message again shows as one."""

    drops_repeats: ClassVar[bool]

    async def send(self, message: PushMessage) -> None:
        """Returns when it was taken; raises a PushFailure otherwise."""


class PushFailure(Exception):
    """`reason` is a short code for logs, without anything personal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PushNotSent(PushFailure):
    """Raised where it surely was not sent, and may go through later: not before `after_seconds`, where that is told."""

    def __init__(self, reason: str, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


class PushRejected(PushFailure):
    """Raised where it surely was not sent, and never will be."""


class PushUnsure(PushFailure):
    """Raised where it may have been sent: the line broke, or the answer made no sense."""


class TokenGone(PushFailure):
    """Raised where the token is no more; since when, where that is told."""

    def __init__(self, reason: str, since: datetime | None = None) -> None:
        super().__init__(reason)
        self.since = since


class ConsentSpent(PushFailure):
    """Raised where the person allows no further message just now."""
