"""Answers over a kilobyte are sent compressed, if the asker likes and the answerer said that they may be.

Never what carries a token or a code: from the length of compressed answers that hold a secret beside what an attacker chose,
the secret can be guessed (BREACH). So whoever answers says so first, and nothing is compressed by itself.
"""

import asyncio
import gzip
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import brotli
import zstandard
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAY = "longan.may_compress"
BYTES_MIN = 1_000
BYTES_AT_ONCE = 200_000  # from so many on, others need not wait for it
HEADER_MAX = 1_000
# Of equals the first. As strong as they are quick: for an app's page some ten microseconds, and a few hundred.
CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: gzip.compress(body, compresslevel=5, mtime=0),
}
# A coding and its weight, RFC 9110, 12.4.2 and 12.5.3.
ACCEPTED = re.compile(
    r"([a-z0-9!#$%&'+.^_`|~-]+|\*)(?:[ \t]*;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?", re.IGNORECASE
)


def allow(scope: Scope) -> None:
    """Say that the answer to this request holds no token and no code."""
    scope[MAY] = True


@lru_cache(256)
def _best(accept_encoding: str) -> str | None:
    wanted: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        if found := ACCEPTED.fullmatch(part.strip(" \t")):
            wanted[found[1]] = float(found[2] or 1)
    weights = {name: wanted.get(name, wanted.get("*", 0.0)) for name in CODINGS}
    best = max(weights, key=lambda name: weights[name])
    # Whoever would rather have it as it is says so by a greater weight.
    return best if weights[best] > 0 and weights[best] >= wanted.get("identity", 0.0) else None


def coding_for(accept_encoding: str) -> str | None:
    """The one with the greatest weight that we speak; None for the answer as it is. What is malformed is passed over."""
    return _best(accept_encoding) if len(accept_encoding) <= HEADER_MAX else None


class Compressing:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, HeldAnswer(scope, send).hear)


class HeldAnswer:
    """One answer: handed on as it comes, or held back until it is whole, where the asker likes it short and it may be so."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.send = send
        self.start: Message | None = None
        self.coding = ""
        self.body = b""

    async def hear(self, message: Message) -> None:
        if message["type"] == "http.response.start" and (coding := self._coding(message)):
            self.start, self.coding = message, coding
        elif self.start is None:
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_whole(self.start)

    def _coding(self, start: Message) -> str | None:
        """Which it is to have; None for the answer as it is."""
        if not self.scope.get(MAY) or start["status"] not in {200, 304}:
            return None
        headers = MutableHeaders(scope=start)
        headers.add_vary_header("Accept-Encoding")
        if start["status"] == 304 or self.scope["method"] == "HEAD" or "content-encoding" in headers:
            return None
        wanted = [value.decode("latin-1") for name, value in self.scope["headers"] if name == b"accept-encoding"]
        return coding_for(",".join(wanted))

    async def _send_whole(self, start: Message) -> None:
        body = self.body
        if len(body) >= BYTES_MIN:
            compress = CODINGS[self.coding]
            body = compress(body) if len(body) < BYTES_AT_ONCE else await asyncio.to_thread(compress, body)
            headers = MutableHeaders(scope=start)
            headers["Content-Encoding"], headers["Content-Length"] = self.coding, str(len(body))
            # Its bytes differ from those that the tag was made of; what they say does not.
            if (tag := headers.get("etag")) and not tag.startswith("W/"):
                headers["ETag"] = f"W/{tag}"
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})
