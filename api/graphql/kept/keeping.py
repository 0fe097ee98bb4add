"""Keeping: before a door, whoever asks is looked at; what they asked before and is right still they are given again."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import compressing
from api.addresses import client_address
from api.graphql.budgets import charge_for
from api.graphql.context import Authenticate, Began, Context
from api.graphql.errors import PublicError
from api.graphql.kept.answers import KeptAnswer, KeptAnswers
from api.graphql.kept.asked import AskedRequest, asked_of
from domain.actors import Actor
from infra import database
from infra.lasting import Lasting

# Of a request, in its scope: when it began, and what the door said of the answer.
BEGAN, VERDICT = "longan.began", "longan.verdict"


class Look(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def revision(self) -> Hashable: ...
    @property
    def everybodys(self) -> int | None: ...
    @property
    def actor(self) -> Actor | None: ...
    @property
    def is_over(self) -> bool: ...


@dataclass(frozen=True)
class AnswerVerdict:
    """What a door says of an answer: what it was made from, and what was charged for it."""

    lasting: Lasting
    charge: int


class Keeping:
    """`look`: at who shows this token; None where nobody could. `serving`: what is live in this process; None: nothing is."""

    def __init__(
        self,
        door: ASGIApp,
        *,
        look: Callable[[str | None], Awaitable[Look | None]],
        serving: Callable[[], Hashable],
        authenticate: Authenticate,
        most: int,
    ) -> None:
        self.door, self.look, self.serving, self.authenticate = door, look, serving, authenticate
        self.answers = KeptAnswers(most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "POST"}:
            await self.door(scope, receive, send)
            return
        asked = await asked_of(scope, receive)
        look = await self._look(asked.token)
        if look is None or (asked.token is not None and look.actor is None):
            await self.door(scope, asked.replayed.before(receive), send)
            return
        key = look.actor.name if look.actor else None, asked.key
        made_from = look.revision, self.serving()
        found = self.answers.find(key)
        if found is not None and found.is_right(made_from, look.at) and await self._is_paid(scope, asked, look, found):
            compressing.allow(scope)  # nothing is kept that holds a token or a code
            for message in _as_asked(found, asked):
                await send(message)
            return
        said, scope[BEGAN] = SaidAnswer(send), Began(look.at, look.everybodys)
        await self.door(scope, asked.replayed.before(receive), said)
        if made_from[1] is not None and made_from[1] == self.serving():
            self._keep(key, asked, said, scope.get(VERDICT), made_from, look.at)

    async def _look(self, token: str | None) -> Look | None:
        """None too while the database is away: the door then says so."""
        try:
            return await self.look(token)
        except Exception as error:
            if not database.is_away(error):
                raise
            return None

    async def _is_paid(self, scope: Scope, asked: AskedRequest, look: Look, answer: KeptAnswer) -> bool:
        """Where it is not, the door says so."""
        ip = client_address(scope) if look.actor is None else ""  # whoever has signed in is charged by name
        asker = Context(asked.locale, ip, self.authenticate, actor=look.actor)
        try:
            await charge_for(asker, answer.charge)
        except PublicError:
            return False
        return True

    def _keep(
        self,
        key: Hashable,
        asked: AskedRequest,
        said: "SaidAnswer",
        verdict: AnswerVerdict | None,
        made_from: Hashable,
        at: datetime,
    ) -> None:
        if verdict is None or verdict.lasting.doubts or said.status != 200:
            return
        answer = KeptAnswer(said.headers, said.body, verdict.charge, made_from, at, verdict.lasting.until)
        self.answers.keep(key, answer, asked.size + len(said.body))


class SaidAnswer:
    """Says it, and remembers what was said."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")
        await self._send(message)


def _as_asked(answer: KeptAnswer, asked: AskedRequest) -> tuple[Message, Message]:
    start, body = answer.messages
    tag = next((value.decode() for name, value in answer.headers if name == b"etag"), None)
    if tag is None or asked.if_none_match is None or not is_named(tag, asked.if_none_match):
        return start, body
    kept = [(name, value) for name, value in answer.headers if name in {b"etag", b"cache-control", b"vary"}]
    return {**start, "status": 304, "headers": kept}, {**body, "body": b""}


def is_named(tag: str, if_none_match: str) -> bool:
    """Weakly compared, as RFC 9110 13.1.2 asks: a proxy that compresses makes a tag weak."""
    named = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in named or "*" in named
