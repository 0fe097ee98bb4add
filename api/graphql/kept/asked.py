"""What was asked over HTTP, as far as its answer depends on it; read before anything is parsed."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import Message, Receive, Scope

from api.graphql.context import bearer
from infra.words import Locale, preferred_locale

MEANS = (b"accept", b"content-type")
locale_of = lru_cache(1024)(preferred_locale)


@dataclass(frozen=True)
class AskedRequest:
    token: str | None
    locale: Locale
    if_none_match: str | None
    key: Hashable  # the same bytes ask for the same
    size: int
    messages: list[Message]

    @property
    def replayed(self) -> "Replayed":
        return Replayed(self.messages)


class Replayed:
    """What was received already, once more."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = iter(messages)

    def before(self, receive: Receive) -> Receive:
        async def received() -> Message:
            return next(self._messages, None) or await receive()

        return received


async def asked_of(scope: Scope, receive: Receive) -> AskedRequest:
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, value)
    messages = [await receive()] if scope["method"] == "POST" else []
    while messages and messages[-1].get("more_body"):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)
    locale = locale_of(_text(headers.get(b"accept-language")))
    means = tuple(headers.get(name) for name in MEANS)
    key = scope["method"], scope["query_string"], means, locale, body
    named = b",".join(value for name, value in scope["headers"] if name == b"if-none-match")
    token = bearer(_text(headers.get(b"authorization")))
    return AskedRequest(token, locale, _text(named) or None, key, len(body), messages)


def _text(value: bytes | None) -> str | None:
    return value.decode("latin-1") if value is not None else None
