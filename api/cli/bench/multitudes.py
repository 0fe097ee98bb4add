"""Two databases of one Postgres, few people in one and very many in the other, read in turns."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from statistics import median

import asyncpg

from api.cli.bench import market, multiplying, plans
from api.cli.bench.plans import Scan
from api.cli.bench.serving import crowds, load, measuring
from api.cli.bench.serving.crowds import Crowd
from api.cli.bench.serving.measuring import Contender, Median, spread
from api.cli.bench.serving.rows import Asking, BenchRow
from api.cli.house import House
from api.story import ConsoleStory, Step
from infra import database, embedded, postgres_url
from infra.database import transaction
from infra.embedded import Servers
from infra.embedded.valkey import free_port
from infra.running.programs import Program
from infra.settings import settings

MANY = "many"
TEMPLATES = 10  # people of whom the others are copies
SIGNED_IN_MINUTES = 24 * 60  # they sign in before all is filled, which takes longer than a token usually lives
AT_ONCE = 1  # so that what is measured is how long one takes, not how many wait


@dataclass(frozen=True)
class Sizes:
    few: int
    many: int
    products: int
    readers: int
    turns: int


@dataclass(frozen=True)
class Home:
    """Milliseconds of one read, alone."""

    title: str
    few_ms: float
    many_ms: float
    few_p99_ms: float
    many_p99_ms: float
    ratio: Median  # of the turns' medians


@dataclass(frozen=True)
class Grown:
    sizes: Sizes
    fill_seconds: float
    gigabytes: float
    homes: list[Home]
    statements: int
    scans: list[Scan]


async def grown(story: ConsoleStory, house: House, sizes: Sizes) -> Grown:
    servers, few_url = embedded.at(house.var), settings().database_url or ""
    settings().access_minutes = SIGNED_IN_MINUTES
    with story.step("Readers") as step:
        crowd = await crowds.gather(4 * (sizes.readers + sizes.turns), sizes.readers, sizes.turns, step)
    began = time.perf_counter()
    many_url = await _filled(story, servers, few_url, crowd, sizes)
    seconds = time.perf_counter() - began
    programs = {url: _api(house, url) for url in (few_url, many_url)}
    with measuring.running(programs, house) as running:
        homes = []
        for row in Asking(crowd, 1).rows()[:2]:
            with story.step(row.short) as step:
                homes.append(await _compared(row, crowd, (few_url, many_url), running, sizes.turns, step))
    with story.step("Plans") as step:
        asked = await _asked(house, many_url, crowd)
        scans = await _scans(many_url, asked)
        step.note = f"{len(asked)} statements"
    size = int(servers.postgres.sql(f"SELECT pg_database_size('{MANY}')"))
    return Grown(sizes, seconds, size / 1e9, homes, len(asked), scans)


async def _scans(url: str, statements: Sequence[str]) -> list[Scan]:
    connection = await asyncpg.connect(postgres_url.dsn(url))
    try:
        return await plans.scans(connection, statements, await plans.big_tables(connection))
    finally:
        await connection.close()


async def _filled(story: ConsoleStory, servers: Servers, few_url: str, crowd: Crowd, sizes: Sizes) -> str:
    """The address of the database with many."""
    people = [reader.id for reader in crowd.readers[:TEMPLATES]]
    await database.close_engine()  # nobody may be connected to what is copied
    many_url = servers.create_database(MANY, template=embedded.DATABASE)
    for name, url, count in (("Few people", few_url, sizes.few), ("Many people", many_url, sizes.many)):
        with story.step(name) as step:
            await multiplying.multiply(url, people, count, step)
            step.note = f"{count:,}"
    with story.step("Products") as step:
        async with _at(many_url), transaction() as db:
            await market.fill(db, sizes.products)
        step.note = f"{sizes.products:,}"
    return many_url


@asynccontextmanager
async def _at(url: str) -> AsyncIterator[None]:
    """What this process reads and writes is in that database."""
    usual = settings().database_url
    await database.close_engine()
    settings().database_url = url
    try:
        yield
    finally:
        await database.close_engine()
        settings().database_url = usual


def _api(house: House, url: str) -> tuple[Program, int]:
    program, _ = measuring.ours(house)
    port = free_port()
    environment = {**program.environment, "LONGAN_DATABASE_URL": url, "LONGAN_PORT": str(port)}
    log = program.log.with_name(f"api-{port}.log")
    return replace(
        program, environment=environment, log=log, is_ready=lambda pid: House.answers_at(house.host, port)
    ), port


async def _compared(
    row: BenchRow, crowd: Crowd, urls: tuple[str, str], running: dict[str, Contender], turns: int, step: Step
) -> Home:
    took: dict[str, list[list[float]]] = {url: [] for url in urls}
    for turn in range(turns + 1):
        for url in urls if turn % 2 else urls[::-1]:
            if row.before is not None:
                async with _at(url):
                    await row.before()
            sent = load.send(running[url].port, row.requests(turn), at_once=AT_ONCE, contains=row.contains)
            if turn:  # the first only warms
                took[url].append(sent.latencies)
        step.at(turn, turns)
    few, many = (took[url] for url in urls)
    ratio = spread([median(after) / median(before) for before, after in zip(few, many, strict=True)])
    few_all, many_all = _flat(few), _flat(many)
    return Home(row.title, median(few_all), median(many_all), _p99(few_all), _p99(many_all), ratio)


def _flat(turns: Sequence[Sequence[float]]) -> list[float]:
    return sorted(each for turn in turns for each in turn)


def _p99(latencies: Sequence[float]) -> float:
    return latencies[min(int(len(latencies) * 0.99), len(latencies) - 1)]


async def _asked(house: House, url: str, crowd: Crowd) -> list[str]:
    """Every statement that the doors send for all rows of `longan bench serve`, the first and the second time."""
    log, asked = house.log("postgres"), dict[str, None]()
    with (
        plans.logged(embedded.at(house.var).postgres, MANY),
        measuring.running({MANY: _api(house, url)}, house) as running,
    ):
        for row in Asking(crowd, 1).rows():
            for turn in range(2):
                if row.before is not None:
                    async with _at(url):
                        await row.before()
                begins = log.stat().st_size  # what was changed before is nothing that a door asks
                load.send(running[MANY].port, row.requests(turn)[:2], at_once=1, contains=row.contains)
                asked |= dict.fromkeys(plans.statements_in(log, begins))
    return list(asked)
