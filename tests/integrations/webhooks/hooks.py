"""A partner's server on a real socket, which may be as hostile as a test wants, and an application that things happen to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from domain.applications.applications import Application
from infra import clock, outbox, reacting
from infra.database import reading, transaction
from infra.outbox import Event
from infra.settings import settings
from integrations.webhooks import posting, settling, signing, taking
from integrations.webhooks.deliveries import WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint
from integrations.webhooks.event_types import EventType
from integrations.webhooks.settling import Attempted
from integrations.webhooks.telling import TELL_PARTNER
from tests.api.people import Shop

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True)
class Posted:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> Any:
        return orjson.loads(self.body)


Behave = Callable[[Posted, asyncio.StreamWriter], Awaitable[None]]


async def accept(posted: Posted, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


def answering(head: bytes) -> Behave:
    async def behave(posted: Posted, writer: asyncio.StreamWriter) -> None:
        writer.write(head)

    return behave


@dataclass
class Hook:
    port: int
    behave: Behave = accept
    posted: list[Posted] = field(default_factory=list)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.authority}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            (_, path, _), *lines = [line.split(" ", 2) for line in head.strip().split("\r\n")]
            headers = {line[0].rstrip(":").lower(): " ".join(line[1:]) for line in lines}
            body = await reader.readexactly(int(headers["content-length"]))
            self.posted.append(Posted(path, headers, body))
            await self.behave(self.posted[-1], writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def hook(behave: Behave = accept, *, port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[Hook]:
    """A server on a port of its own; what it has under way ends with it."""
    hook = Hook(port, behave)
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await hook.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            running.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    hook.port = server.sockets[0].getsockname()[1]
    try:
        yield hook
    finally:
        server.close()
        for task in [*running]:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def listen(shop: Shop, url: str, *types: EventType) -> tuple[UUID, str]:
    """A webhook for everything, or for these types; its id and secret."""
    async with transaction() as db:
        now = await clock.now(db)
        endpoint = WebhookEndpoint(
            partner_id=shop.partner.id, url=url, event_types=[*(types or EventType)], created_at=now
        )
        db.add(endpoint)
        await db.flush()
        return endpoint.id, signing.text_of(await signing.make(db, endpoint.id))


async def happen(application: Application, *names: str, tell: bool = True) -> list[Event]:
    """These events, one after another, each in a transaction of its own; and a worker that comes to them in this order."""
    events = []
    for name in names:
        data: Any = {"by": "rules"} if name.endswith(("approved", "declined", "referred")) else {}
        async with transaction() as db:
            events.append(
                await outbox.announce(db, name, user_id=application.user_id, subject_id=application.id, **data)
            )
    for event in events if tell else ():
        await reacting.react(event.id, TELL_PARTNER)
    return events


async def send() -> list[Attempted]:
    """What is due, once: taken, posted and settled."""
    limits = settings().webhook_limits
    taken = await taking.take(limits.at_once, limits.at_once_per_endpoint, {})
    answers = await asyncio.gather(*(posting.post(each.url, each.headers, each.body) for each in taken))
    results = [Attempted(each, answer) for each, answer in zip(taken, answers, strict=True)]
    if results:
        await settling.settle(results)
    return results


async def send_all() -> list[Attempted]:
    """Round after round, until nothing is due."""
    every: list[Attempted] = []
    while results := await send():
        every += results
    return every


async def deliveries_of(endpoint_id: UUID) -> list[WebhookDelivery]:
    """In the order of their events."""
    its = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    async with reading() as db:
        return list((await db.execute(its.order_by(WebhookDelivery.position))).scalars())


async def endpoint_of(endpoint_id: UUID) -> WebhookEndpoint:
    async with reading() as db:
        return await db.get_one(WebhookEndpoint, endpoint_id)
