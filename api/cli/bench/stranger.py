"""`longan bench stranger`: how long others wait while one address sends its worst as fast as it can."""

import asyncio
import time
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.bench import windows
from api.cli.options import AsJson
from infra import terminal

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response

    from api.story import Step

PATH = "/graphql"
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


class StrangerLoad(StrEnum):
    """What the other address sends."""

    DOCUMENTS = "documents"
    SECRETS = "secrets"
    PAGES = "pages"


def stranger(
    address: Annotated[str, typer.Option(help="Where Longan runs; by default what runs here.")] = "",
    pairs: Annotated[int, typer.Option(min=1, help="Windows of three seconds, alone and beside it.")] = 10,
    at_once: Annotated[int, typer.Option(min=1, help="Requests that the other address has open at a time.")] = 30,
    other: Annotated[str, typer.Option(help="The other address, one of this machine's.")] = "127.0.0.2",
    what: Annotated[
        StrangerLoad, typer.Option(help="The worst documents, wrong secrets, or pages.")
    ] = StrangerLoad.DOCUMENTS,
    as_json: AsJson = False,
) -> None:
    """Measure how long others wait while one address sends its worst."""
    import httpx2

    from api.cli import lab
    from api.cli.address import address_of
    from api.story import ConsoleStory
    from infra.settings import settings

    asked = address or address_of(settings().var.resolve()) or settings().public_url
    story = ConsoleStory(terminal.console(stderr=True) if as_json else None)
    try:
        with story.step("Visitors") as step:
            found = asyncio.run(_measure(asked, pairs, at_once, other, what, step))
    except (httpx2.TransportError, OSError) as error:
        typer.echo(f"{asked} could not be asked from here and from {other} ({type(error).__name__}).", err=True)
        raise typer.Exit(1) from None
    if as_json:
        lab.write(found.figures)
    else:
        _show(found)


@dataclass
class Waits:
    """How long each of a visitor's requests took, in milliseconds, and how often the other address was answered with what."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    sent: dict[int, int] = field(default_factory=dict)

    @property
    def times_as_long(self) -> float:
        return median(self.beside) / median(self.alone)

    @property
    def figures(self) -> dict[str, Any]:
        answered = {str(status): times for status, times in sorted(self.sent.items())}
        rows = {name: _of(took) for name, took in (("alone", self.alone), ("beside", self.beside))}
        return {**rows, "timesAsLong": round(self.times_as_long, 3), "otherWasAnswered": answered}


def _of(took: list[float]) -> dict[str, float]:
    p95 = sorted(took)[int(len(took) * 0.95)]
    return {"medianMs": round(median(took), 1), "p95Ms": round(p95, 1), "requests": len(took)}


def _show(found: Waits) -> None:
    headers = ("median ms", "p95 ms", "requests")
    table = terminal.Listing("a visitor's request", *headers, right=headers)
    for name in ("alone", "beside"):
        table.add_row(name, *(f"{value:,}" for value in found.figures[name].values()))
    console = terminal.console()
    console.print(table)
    answered = ", ".join(f"{status}: {times:,}" for status, times in sorted(found.sent.items()))
    console.print(f"median × {found.times_as_long:.2f}; the other address was answered {answered}", soft_wrap=True)


async def _measure(address: str, pairs: int, at_once: int, other: str, what: StrangerLoad, step: "Step") -> Waits:
    import httpx2

    found = Waits()
    transport = httpx2.AsyncHTTPTransport(local_address=other, limits=httpx2.Limits(max_connections=at_once))
    async with (
        httpx2.AsyncClient(base_url=address, timeout=60, trust_env=False) as http,
        httpx2.AsyncClient(base_url=address, timeout=60, trust_env=False, transport=transport) as stranger,
    ):
        await windows.waits(http, PATH, ORDINARY)
        for pair in range(pairs):
            found.alone += await windows.waits(http, PATH, ORDINARY)
            async with windows.beside(lambda: _send_worst(stranger, what), at_once, found.sent):
                found.beside += await windows.waits(http, PATH, ORDINARY)
            step.at(pair + 1, pairs)
    return found


_numbers = count(time.time_ns())


async def _send_worst(http: "AsyncClient", what: StrangerLoad) -> int:
    return (await _ask(http, what, next(_numbers))).status_code


async def _ask(http: "AsyncClient", what: StrangerLoad, number: int) -> "Response":
    match what:
        case StrangerLoad.SECRETS:
            wrong = {"grant_type": "client_credentials", "client_id": f"nobody-{number}", "client_secret": "wrong"}
            return await http.post("/oauth/token", data=wrong)
        case StrangerLoad.PAGES:
            return await http.get("/console/sign-in")
    return await http.post(PATH, json={"query": WORST[number % len(WORST)].format(n=number)})
