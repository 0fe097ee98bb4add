"""`longan bench webhooks`: how many deliveries a minute one sender posts to servers of partners on this machine."""

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from infra.database import Db

ENDPOINTS = 20
EACH_APPLICATION = 4  # events of it, one after another
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True)
class WebhookPace:
    """`lost`, `twice`, `disordered`: by what arrived; all of them 0, or the figure is worth nothing."""

    deliveries: int
    seconds: float
    per_minute: float
    sender_cpu_seconds: float
    lost: int
    twice: int
    disordered: int


def webhooks(
    deliveries: Annotated[int, typer.Option(min=ENDPOINTS, help="How many, at least.")] = 10_000,
    with_a_slow_one: Annotated[bool, typer.Option("--slow", help="One more webhook, that never answers.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how fast one sender posts what is due, signed, to twenty webhooks, each application in its order."""
    from api.cli import lab
    from api.cli.bench import figures, scratch

    with scratch.servers_alone():
        measured = asyncio.run(_measure(deliveries, with_a_slow_one))
    if as_json:
        lab.write(figures.figures_of(measured))
        return
    typer.echo(
        f"{measured.deliveries:,} deliveries in {measured.seconds:.1f} s: {measured.per_minute:,.0f} a minute; "
        f"the sender used {measured.sender_cpu_seconds:.1f} s of the processor; "
        f"{measured.lost} lost, {measured.twice} twice, {measured.disordered} out of order"
    )


class Partners:
    """All partners' server: answers at once, or at `/slow` never, and remembers what came in which order."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.came: list[tuple[str, str, str]] = []  # webhook, application, event
        self.all_came = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        import orjson

        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ", 2)[1]
        length = next(line for line in head.lower().split("\r\n") if line.startswith("content-length:"))
        told = orjson.loads(await reader.readexactly(int(length.partition(":")[2])))
        if path == "/slow":
            await reader.read()  # until the sender gives up
        else:
            self.came.append((path, told["data"]["applicationId"], told["id"]))
            writer.write(OK)
            await writer.drain()
            if len(self.came) == self.wanted:
                self.all_came.set()
        writer.close()


async def _measure(wanted: int, with_a_slow_one: bool) -> WebhookPace:
    from api.cli.house import PYTHON
    from infra import database

    partners = Partners(wanted)
    server = await asyncio.start_server(partners.serve, "127.0.0.1", 0, backlog=1_000)
    port = server.sockets[0].getsockname()[1]
    os.environ |= {"LONGAN_WEBHOOK_ALLOW": f'["127.0.0.1:{port}"]', "LONGAN_LOG_LEVEL": "WARNING"}
    order = await _fill(port, wanted, with_a_slow_one)
    await database.close_engine()
    before, began = os.times(), time.perf_counter()
    sender = await asyncio.create_subprocess_exec(PYTHON, "-m", "api.sender")
    await partners.all_came.wait()
    seconds = time.perf_counter() - began
    sender.terminate()
    await sender.wait()
    after = os.times()
    server.close()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return _judged(partners, order, seconds, cpu)


def _judged(partners: Partners, order: list[str], seconds: float, cpu: float) -> WebhookPace:
    place = {id: at for at, id in enumerate(order)}
    seen: dict[tuple[str, str], list[int]] = {}
    for webhook, application, event in partners.came:
        seen.setdefault((webhook, application), []).append(place[event])
    distinct = {(webhook, event) for webhook, _, event in partners.came}
    return WebhookPace(
        deliveries=len(partners.came),
        seconds=seconds,
        per_minute=60 * len(partners.came) / seconds,
        sender_cpu_seconds=cpu,
        lost=partners.wanted - len(distinct),
        twice=len(partners.came) - len(distinct),
        disordered=sum(places != sorted(places) for places in seen.values()),
    )


async def _fill(port: int, wanted: int, with_a_slow_one: bool) -> list[str]:
    """Deliveries that are due, spread over the webhooks; answers the ids of their events as they happened."""
    from sqlalchemy import insert

    from infra.database import transaction
    from infra.ids import new_id
    from integrations.webhooks.deliveries import DeliveryState, WebhookDelivery
    from integrations.webhooks.event_types import EventType
    from integrations.webhooks.payloads import event_global_id

    async with transaction() as db:
        partner_id, webhooks, now = await _webhooks(db, port, with_a_slow_one)
        rows = []
        for number in range(wanted):
            if number % EACH_APPLICATION == 0:
                application = new_id()
                webhook = webhooks[number // EACH_APPLICATION % ENDPOINTS]
            rows.append((webhook, application, new_id()))
        rows += [(webhook, new_id(), new_id()) for webhook in webhooks[ENDPOINTS:] for _ in range(200)]
        common = {
            "partner_id": partner_id,
            "event_type": EventType.APPLICATION_DECIDED,
            "happened_at": now,
            "created_at": now,
            "next_at": now,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "tries": 0,
        }
        told = [
            {
                "id": new_id(),
                "endpoint_id": webhook,
                "subject_id": subject,
                "event_id": event,
                "position": place,
                **common,
            }
            for place, (webhook, subject, event) in enumerate(rows)
        ]
        await db.execute(insert(WebhookDelivery), told)
    return [event_global_id(event) for _, _, event in rows]


async def _webhooks(db: "Db", port: int, with_a_slow_one: bool) -> "tuple[UUID, list[UUID], datetime]":
    from domain.people.partners import Partner
    from infra import clock
    from infra.ids import new_id
    from integrations.webhooks import signing
    from integrations.webhooks.endpoints import WebhookEndpoint
    from integrations.webhooks.event_types import EventType

    now = await clock.now(db)
    partner = Partner(id=new_id(), code="bench", name="Bench", purpose="LENDING")
    db.add(partner)
    await db.flush()
    paths = [*(str(number) for number in range(ENDPOINTS)), *(["slow"] if with_a_slow_one else [])]
    made = [
        WebhookEndpoint(
            partner_id=partner.id, url=f"http://127.0.0.1:{port}/{path}", event_types=[*EventType], created_at=now
        )
        for path in paths
    ]
    db.add_all(made)
    await db.flush()
    for each in made:
        await signing.make(db, each.id)
    return partner.id, [each.id for each in made], now
