"""One call to a gateway: who fails to answer may still have sent, so nothing here tries again."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from integrations.client import outgoing
from integrations.replies import Reply, json_object
from integrations.sms.messages import NotSent, Unsure

DEADLINE_SECONDS = 10


@asynccontextmanager
async def gateway_client(allow: frozenset[str]) -> AsyncIterator[httpx2.AsyncClient]:
    try:
        async with outgoing(allow) as client, asyncio.timeout(DEADLINE_SECONDS):
            yield client
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        raise NotSent("no_connection") from None
    except (httpx2.HTTPError, TimeoutError):
        raise Unsure("no_answer") from None


def reply_of(answer: httpx2.Response) -> Reply:
    """The JSON object of an answer, error or not."""
    if answer.status_code == 429:
        raise NotSent("http_429")
    reply = json_object(answer.content)
    if reply is None:
        raise Unsure(f"http_{answer.status_code}")
    return reply


def code_word(text: object) -> str:
    """What a gateway calls its error, cut to what is fit for a log."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", str(text))[:60]
