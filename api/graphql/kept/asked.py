"""What was asked over HTTP, as far as its answer depends on it; read before anything is parsed."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from api.graphql.context import bearer
from infra.words import Locale, preferred_locale

MEANS = ("accept", "content-type")
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
    headers = Headers(scope=scope)
    messages = [await receive()] if scope["method"] == "POST" else []
    while messages and messages[-1].get("more_body"):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)
    locale = locale_of(headers.get("accept-language"))
    means = tuple(headers.get(name) for name in MEANS)
    key = scope["method"], scope["query_string"], means, locale, body
    named = ",".join(headers.getlist("if-none-match"))
    return AskedRequest(bearer(headers.get("authorization")), locale, named or None, key, len(body), messages)
