"""`longan bench share`: how long other clients wait while one client sends the dearest queries as fast as it can."""

import asyncio
import base64
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.bench import windows
from api.cli.options import AsJson
from infra import terminal

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response

    from api.dev.credentials import PartnerCredentials
    from api.story import Step

PATH = "/partner/graphql"
ORDINARY = "{ me { id name scopes } products(first: 10) { nodes { id sku title kind status } } }"
PAGE = """applications(first: 100) { edges { node { id status termMonths grade promisedBy updatedAt amount { amount currency }
  product { id sku title } decision { outcome decidedAt reasons { code } } } } }"""
PAGES = 9  # as many as a request may cost
_numbers = count(time.time_ns())


def share(
    address: Annotated[str, typer.Option(help="Where Longan runs; by default what runs here.")] = "",
    pairs: Annotated[int, typer.Option(min=3, help="Windows of three seconds, alone and beside it.")] = 20,
    at_once: Annotated[int, typer.Option(min=1, help="Requests that the dear client has open at a time.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Measure how long a client waits while another sends the dearest queries as fast as it can. Embedded default only."""
    import httpx2

    from api.cli import lab
    from api.cli.address import address_of
    from api.dev.credentials import read_credentials
    from api.story import ConsoleStory
    from infra.settings import settings

    var = settings().var.resolve()
    asked = address or address_of(var) or settings().public_url
    kept = read_credentials(var / "dev-credentials.json")
    story = ConsoleStory(terminal.console(stderr=True) if as_json else None)
    try:
        with story.step("Clients") as step:
            found = asyncio.run(_measure(asked, kept.landlord, kept.partner, pairs, at_once, step))
    except (httpx2.HTTPError, OSError) as error:
        typer.echo(
            f"{asked} did not let two clients in ({type(error).__name__}): start it, and `longan dev credentials` once.",
            err=True,
        )
        raise typer.Exit(1) from None
    if as_json:
        lab.write(found.figures)
    else:
        _show(found)


@dataclass
class ShareWaits:
    """Milliseconds of another client's requests in each window, alone and beside, and with what the dear client was answered."""

    alone: list[list[float]] = field(default_factory=list)
    beside: list[list[float]] = field(default_factory=list)
    sent: dict[int, int] = field(default_factory=dict)
    cost: int = 0

    @property
    def figures(self) -> dict[str, Any]:
        from api.cli.bench.serving.measuring import spread

        ratio = spread(
            [median(with_it) / median(without) for without, with_it in zip(self.alone, self.beside, strict=True)]
        )
        rows = {name: _of(took) for name, took in (("alone", self.alone), ("beside", self.beside))}
        answered = {str(status): times for status, times in sorted(self.sent.items())}
        told = {"median": round(ratio.median, 3), "low": round(ratio.low, 3), "high": round(ratio.high, 3)}
        return {**rows, "pairs": len(self.alone), "ratio": told, "dearCost": self.cost, "dearWasAnswered": answered}


def _of(windows: list[list[float]]) -> dict[str, float]:
    took = sorted(each for window in windows for each in window)
    return {"medianMs": round(median(took), 1), "p95Ms": round(took[int(len(took) * 0.95)], 1), "requests": len(took)}


def _show(found: ShareWaits) -> None:
    headers = ("median ms", "p95 ms", "requests")
    table = terminal.Listing("another client's request", *headers, right=headers)
    told = found.figures
    for name in ("alone", "beside"):
        table.add_row(name, *(f"{value:,}" for value in told[name].values()))
    console, ratio = terminal.console(), told["ratio"]
    console.print(table)
    answered = ", ".join(f"{status}: {times:,}" for status, times in told["dearWasAnswered"].items())
    console.print(
        f"median × {ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f}) over {told['pairs']} pairs; "
        f"queries that cost {found.cost:,} were answered {answered}",
        soft_wrap=True,
    )


async def _measure(
    address: str, one: "PartnerCredentials", dear: "PartnerCredentials", pairs: int, at_once: int, step: "Step"
) -> ShareWaits:
    found = ShareWaits()
    async with _client(address, one) as http, _client(address, dear, at_once) as other:
        found.cost = (await _send_dear(other)).json()["extensions"]["cost"]["requested"]
        await windows.waits(http, PATH, ORDINARY)
        for pair in range(pairs):
            for is_beside in random.sample((False, True), 2):
                if is_beside:
                    async with windows.beside(lambda: _status_of_dear(other), at_once, found.sent):
                        found.beside.append(await windows.waits(http, PATH, ORDINARY))
                else:
                    await asyncio.sleep(windows.SETTLE_SECONDS)
                    found.alone.append(await windows.waits(http, PATH, ORDINARY))
            step.at(pair + 1, pairs)
    return found


@asynccontextmanager
async def _client(address: str, kept: "PartnerCredentials", at_once: int = 4) -> AsyncIterator["AsyncClient"]:
    """A client that has shown its secret. Raises HTTPError where it was not let in."""
    import httpx2

    limits = httpx2.Limits(max_connections=at_once)
    async with httpx2.AsyncClient(base_url=address, timeout=60, trust_env=False, limits=limits) as http:
        proof = base64.b64encode(f"{kept['clientId']}:{kept['clientSecret']}".encode()).decode()
        form = {"grant_type": "client_credentials"}
        answer = await http.post("/oauth/token", data=form, headers={"Authorization": f"Basic {proof}"})
        token = answer.raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


async def _status_of_dear(http: "AsyncClient") -> int:
    return (await _send_dear(http)).status_code


async def _send_dear(http: "AsyncClient") -> "Response":
    """Another document each time, so that none is known."""
    pages = " ".join(f"p{number}: {PAGE}" for number in range(PAGES))
    return await http.post(PATH, json={"query": f"{{ {pages} z{next(_numbers)}: __typename }}"})
