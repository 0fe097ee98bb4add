"""One run of `longan bench serve`: who is there, what is started, and every row."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

import typer
from sqlalchemy import func, select

from api.cli.bench.serving import crowds, load, measuring, processor, rivals
from api.cli.bench.serving.measuring import LIMIT, OURS, PEER, Contender, Result
from api.cli.bench.serving.rows import Asking, BenchRow
from api.cli.house import House
from api.story import NAME_COLUMNS, ConsoleStory
from domain.market.products import Product, ProductStatus
from infra import embedded
from infra.database import reading
from infra.embedded import Servers
from infra.settings import settings


@dataclass(frozen=True)
class Size:
    people: int
    readers: int
    turns: int
    seconds: float
    applications: int  # in one turn

    @property
    def applicants(self) -> int:
        return self.turns * self.applications


@dataclass(frozen=True)
class BenchRun:
    """What was measured, and on what. `memory_megabytes` is what the API holds at the end; `ready_seconds` is from its start to
    the first yes of `/readyz`."""

    machine: str
    people: int
    products: int
    turns: int
    seconds: float
    ready_seconds: float
    memory_megabytes: float
    notes: list[str]
    rows: list[Result]


async def run(story: ConsoleStory, house: House, size: Size, only: Sequence[str] = ()) -> BenchRun:
    everybody = max(size.people, 2 * (size.readers + size.applicants))  # not everybody is known well enough for a score
    with story.step("People") as step:
        asking = Asking(await crowds.gather(everybody, size.readers, size.applicants, step), size.applications)
        step.note = f"{everybody:,}, of them {size.readers:,} with tiers and benefits"
    rows, servers = _chosen(asking.rows(), only), embedded.at(house.var)
    with measuring.running({OURS: measuring.ours(house)}, house) as longan:
        home_bytes = _home_bytes(longan[OURS], asking)
        with measuring.running(await _others(story, house, servers, home_bytes), house) as others:
            results = await _measure(story, rows, longan | others, _postmaster(servers), size)
        memory = processor.resident_megabytes(longan[OURS].process.popen.pid)
    notes = [why] if (why := rivals.why_no_peer()) else []
    return BenchRun(
        machine=_machine(),
        people=everybody,
        products=await _products(),
        turns=size.turns,
        seconds=size.seconds,
        ready_seconds=longan[OURS].ready_seconds,
        memory_megabytes=memory,
        notes=notes,
        rows=results,
    )


def _chosen(rows: list[BenchRow], only: Sequence[str]) -> list[BenchRow]:
    if unknown := set(only) - {row.name for row in rows}:
        raise typer.BadParameter(f"{min(unknown)} is no row; there are {', '.join(row.name for row in rows)}")
    return [row for row in rows if not only or row.name in only]


def _home_bytes(longan: Contender, asking: Asking) -> int:
    home = asking.rows()[0]
    return load.send(longan.port, home.requests(0), at_once=home.at_once, contains=home.contains).answer_bytes


async def _others(story: ConsoleStory, house: House, servers: Servers, answer_bytes: int) -> measuring.Programs:
    assert settings().database_url is not None, "a scratch house has one"
    programs = {LIMIT: rivals.limit(house.var, settings().database_url or "", answer_bytes)}
    if rivals.why_no_peer() is None:
        with story.step("Peer") as step:
            programs[PEER] = rivals.peer(house.var, await rivals.fill(servers))
            step.note = "Mercurius with graphql-jit, 20,000 people"
    return programs


async def _measure(
    story: ConsoleStory, rows: Sequence[BenchRow], contenders: dict[str, Contender], postgres: int, size: Size
) -> list[Result]:
    results = []
    for row in rows:
        with story.step(row.short[:NAME_COLUMNS]) as step:
            results.append(await measuring.measured(row, contenders, postgres, size.turns, size.seconds, step))
            step.note = f"{results[-1].contenders[OURS].per_second.median:,.0f} a second"
    return results


def _postmaster(servers: Servers) -> int:
    return int((servers.postgres.data / "postmaster.pid").read_text().split()[0])


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


async def _products() -> int:
    async with reading() as db:
        published = select(func.count()).where(Product.status == ProductStatus.PUBLISHED)
        return (await db.execute(published)).scalar_one()
