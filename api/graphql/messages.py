"""The messages of graphql-transport-ws: what a client may send, and how a socket ends that was sent something else.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from enum import IntEnum
from typing import Any, Literal, NamedTuple

import orjson

ID_MAX = 128
REASON_BYTES_MAX = 123


class CloseCode(IntEnum):
    TOO_BIG = 1009
    TRY_AGAIN = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    INIT_TIMEOUT = 4408
    ALREADY_EXISTS = 4409
    TOO_MANY = 4429
    FAILED = 4500


class Closing(Exception):
    """The socket ends with this code and these words."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        # A close frame has room for so many bytes, of characters that are whole.
        self.reason = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")


class Message(NamedTuple):
    """One that a client may send; `id` is empty where its kind has none."""

    kind: Literal["connection_init", "ping", "pong", "subscribe", "complete"]
    id: str
    payload: dict[str, Any]


def read(text: str | None) -> Message:
    """Raises Closing, 4400, for what is no message of a client's."""
    if text is None:
        raise _bad("A message is text.")
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _bad("A message is JSON.") from None
    if not isinstance(said, dict):
        raise _bad("A message is a JSON object.")
    match said.get("type"):
        case "connection_init" | "ping" | "pong" as kind:
            return Message(kind, "", _payload(said))
        case "subscribe":
            if said.get("payload") is None:
                raise _bad("A subscribe message has a payload.")
            return Message("subscribe", _id(said), _payload(said))
        case "complete":
            return Message("complete", _id(said), {})
    raise _bad("There is no such type of message.")


def _payload(said: dict[str, Any]) -> dict[str, Any]:
    payload = said.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise _bad("A payload is a JSON object.")
    return payload or {}


def _id(said: dict[str, Any]) -> str:
    id = said.get("id")
    if not isinstance(id, str) or not 1 <= len(id) <= ID_MAX:
        raise _bad(f"An id is a string of 1 to {ID_MAX} characters.")
    return id


def _bad(reason: str) -> Closing:
    return Closing(CloseCode.BAD_REQUEST, reason)
