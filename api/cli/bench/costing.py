"""What an account costs: the processor's time of everything that runs while people register and apply, and their bytes."""

import asyncio
import io
import os
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import httpx2
from rich.console import Console

from api.cli.bench import multiplying
from api.cli.bench.scratch import running
from api.cli.bench.serving import crowds, processor
from api.cli.demo.doors import Data
from api.cli.demo.journey import SHARED, Journey
from api.cli.demo.telling import DemoTeller
from api.cli.house import House
from api.story import ConsoleStory, Step
from domain.market import catalogue
from infra import backlog, postgres_url
from infra.entity import Entity
from infra.ids import global_id, parse_global_id
from infra.settings import settings

IDLE_SECONDS = 5.0
QUIET_SECONDS_MAX = 120.0
HEAVIEST = 8
PERSONA = {"key": "steady-shopper", "name": "Somebody"}


@dataclass(frozen=True)
class AccountCost:
    """What one account costs. The processor's seconds are those of the API, worker, relay, Postgres and Valkey, without what they
    take when nobody asks; bytes are those of rows and indexes, by table for the heaviest.
    """

    people: int
    copies: int
    cpu_seconds: float
    idle_share: float  # of one core, when nobody asks
    bytes_at_rest: float
    tables: dict[str, float]


async def cost(story: ConsoleStory, house: House, people: int, copies: int) -> AccountCost:
    with running(house):
        async with httpx2.AsyncClient(base_url=house.address, timeout=60, trust_env=False) as http:
            walked = [await Account(http, house).walk_whole()]  # whatever is loaded once is loaded now
            with story.step("Nobody") as step:
                idle = await _idle()
                step.note = f"{idle:.1%} of a core"
            with story.step("Accounts") as step:
                began, before = time.perf_counter(), _taken()
                for number in range(people):
                    walked.append(await Account(http, house).walk_whole())
                    step.at(number + 1, people)
                await _quiet()
                taken = _taken() - before - idle * (time.perf_counter() - began)
    with story.step("At rest") as step:
        tables = await _weigh(settings().database_url or "", walked, copies, step)
    heaviest = sorted(tables, key=lambda name: -tables[name])[:HEAVIEST]
    return AccountCost(
        people, copies, taken / people, idle, sum(tables.values()), {name: tables[name] for name in heaviest}
    )


class Account(Journey):
    """From a number to a decision: one account linked, Home read, and the loan asked for that the rules decide."""

    def __init__(self, http: httpx2.AsyncClient, house: House) -> None:
        async def nobody() -> None:
            return None

        super().__init__(http, house.address, DemoTeller("en", Console(file=io.StringIO())), PERSONA, nobody)

    async def walk_whole(self) -> UUID:
        """Whose account it is."""
        await self.register()
        await self.introduce()
        await self.link_accounts()
        viewer = await self.home()
        product = global_id("Product", catalogue.product_id(crowds.PARTNER, crowds.SKU))
        wish: Data = {"productId": product, "amount": {"amount": "1000.00", "currency": "CNY"}, "termMonths": 6}
        answer = await self.app.send("Apply", input={**wish, "share": SHARED, "idempotencyKey": uuid4().hex})
        assert answer["decision"] is not None, answer
        named = parse_global_id(viewer["id"])
        assert named is not None
        return named[1]


def _taken() -> float:
    """What descends from this process: the servers and the house's programs. This process only asks."""
    return processor.seconds([os.getpid()]) - processor.alone(os.getpid())


async def _idle() -> float:
    """The share of a core that goes when nobody asks."""
    began, before = time.perf_counter(), _taken()
    await asyncio.sleep(IDLE_SECONDS)
    return (_taken() - before) / (time.perf_counter() - began)


async def _quiet() -> None:
    """Returns when nothing is owed that is due."""
    async with asyncio.timeout(QUIET_SECONDS_MAX):
        while True:
            now = await backlog.soon(backlog.look)
            if now is not None and not now.waiting:
                return
            await asyncio.sleep(0.2)


async def _weigh(url: str, people: list[UUID], copies: int, step: Step) -> dict[str, float]:
    """Bytes of one person in each table, with its indexes."""
    before = await _sizes(url)
    await multiplying.multiply(url, people, copies, step)
    after = await _sizes(url)
    return {name: (after[name] - before[name]) / copies for name in after if after[name] > before[name]}


async def _sizes(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(postgres_url.dsn(url))
    try:
        asked = "SELECT pg_total_relation_size($1::text::regclass)"
        return {name: await connection.fetchval(asked, name) for name in Entity.metadata.tables}
    finally:
        await connection.close()
