"""`longan bench stranger`: how long others wait while one address sends its worst as fast as it can."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from itertools import count
from statistics import median
from typing import Annotated

import httpx2
import typer
from rich.console import Console
from rich.table import Table

from infra.background import end
from infra.settings import settings

WINDOW_SECONDS = 3.0
ORDINARY = "{ products(first: 10) { edges { node { id title partner { id name } } } } }"
# Each is as much as a visitor may send, and another one each time, so that no answer is remembered. {n} makes the difference.
WORST = (
    "{{ products(first: 100) {{ edges {{ node {{ id title kind termMonths partner {{ id name }} a{n}: id }} }} }} }}",
    "{{ " + "viewer {{ score {{ id }} }} " * 48 + "z{n}: __typename }}",
    "{{ " + "viewer {{ id score {{ points grade }} membership {{ tier {{ code }} }} }} " * 45 + "z{n}: __typename }}",
    "{{ " + " ".join(f"nothing{i}" for i in range(990)) + " z{n} }}",
    "{{ ...A z{n}: __typename }} fragment A on Query {{ " + "... {{ viewer {{ id }} }} " * 49 + "}}",
    "# {n} " + "x" * 23_000 + "\n{{ __typename }}",
)


class Sent(StrEnum):
    """What the other address sends."""

    DOCUMENTS = "documents"
    SECRETS = "secrets"
    PAGES = "pages"


def stranger(
    address: Annotated[str, typer.Option(help="Of the house that runs.")] = "",
    pairs: Annotated[int, typer.Option(help="Windows of three seconds, alone and beside it.")] = 10,
    at_once: Annotated[int, typer.Option(help="Requests that the other address has open at a time.")] = 30,
    other: Annotated[str, typer.Option(help="The other address, one of this machine's.")] = "127.0.0.2",
    what: Annotated[Sent, typer.Option(help="The worst documents, wrong secrets, or pages.")] = Sent.DOCUMENTS,
) -> None:
    """Measure how long others wait while one address sends its worst."""
    alone, beside, sent = asyncio.run(_measure(address or settings().public_url, pairs, at_once, other, what))
    table = Table("a visitor's request", "median ms", "p95 ms", "requests")
    for name, took in (("alone", alone), ("beside", beside)):
        table.add_row(name, f"{median(took):.1f}", f"{sorted(took)[int(len(took) * 0.95)]:.1f}", str(len(took)))
    Console().print(table)
    answered = ", ".join(f"{status}: {times}" for status, times in sorted(sent.items()))
    Console().print(f"median × {median(beside) / median(alone):.2f}; the other address was answered {answered}")


async def _measure(
    address: str, pairs: int, at_once: int, other: str, what: Sent
) -> tuple[list[float], list[float], dict[int, int]]:
    alone: list[float] = []
    beside: list[float] = []
    sent: dict[int, int] = {}
    async with httpx2.AsyncClient(base_url=address, timeout=60) as http:
        await _window(http)
        for _ in range(pairs):
            alone += await _window(http)
            async with _sending_its_worst(address, other, at_once, what, sent):
                beside += await _window(http)
    return alone, beside, sent


async def _window(http: httpx2.AsyncClient) -> list[float]:
    took: list[float] = []
    ends = time.perf_counter() + WINDOW_SECONDS
    while time.perf_counter() < ends:
        began = time.perf_counter()
        answer = await http.post("/graphql", json={"query": ORDINARY})
        took.append((time.perf_counter() - began) * 1000)
        assert "errors" not in answer.json(), answer.text
        await asyncio.sleep(0.02)
    return took


@asynccontextmanager
async def _sending_its_worst(
    address: str, other: str, at_once: int, what: Sent, sent: dict[int, int]
) -> AsyncIterator[None]:
    transport = httpx2.AsyncHTTPTransport(local_address=other, limits=httpx2.Limits(max_connections=at_once))
    async with httpx2.AsyncClient(base_url=address, timeout=60, transport=transport) as http:
        tasks = [asyncio.create_task(_send(http, what, sent)) for _ in range(at_once)]
        await asyncio.sleep(0.5)
        yield
        for task in tasks:
            await end(task)


_numbers = count(time.time_ns())


async def _send(http: httpx2.AsyncClient, what: Sent, sent: dict[int, int]) -> None:
    while True:
        status = (await _ask(http, what, next(_numbers))).status_code
        sent[status] = sent.get(status, 0) + 1


async def _ask(http: httpx2.AsyncClient, what: Sent, number: int) -> httpx2.Response:
    match what:
        case Sent.SECRETS:
            wrong = {"grant_type": "client_credentials", "client_id": f"nobody-{number}", "client_secret": "wrong"}
            return await http.post("/oauth/token", data=wrong)
        case Sent.PAGES:
            return await http.get("/console/sign-in")
    return await http.post("/graphql", json={"query": WORST[number % len(WORST)].format(n=number)})
