"""One call to whoever delivers pushes. Nothing here tries again: the line may break when they have the message already."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from integrations.push.messages import PushNotSent, PushUnsure
from integrations.replies import Reply, json_object, pause_asked

DEADLINE_SECONDS = 10
PAUSE_SECONDS = 60.0  # where somebody asks for a pause and does not say how long
PAUSE_SECONDS_MAX = 3_600.0


@asynccontextmanager
async def one_call() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
        raise PushNotSent("no_connection") from None
    except (httpx2.HTTPError, TimeoutError):
        raise PushUnsure("no_answer") from None


def reply_of(answer: httpx2.Response) -> Reply:
    """The JSON object of an answer, empty where it is none."""
    return json_object(answer.content) or {}


def pause_of(headers: Mapping[str, str]) -> float:
    """How long we are asked to send nothing."""
    asked = pause_asked(headers.get("retry-after", ""))
    return PAUSE_SECONDS if asked is None else min(asked, PAUSE_SECONDS_MAX)


def inner(reply: Any, *names: str) -> Any:
    """What stands in an answer under these names, one within the other; None where it does not."""
    for name in names:
        reply = reply.get(name) if isinstance(reply, dict) else None
    return reply
