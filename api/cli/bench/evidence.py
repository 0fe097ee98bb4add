"""`longan bench evidence`: what a leaf of the log costs whoever writes it, beside a plain row of the same size."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from uuid import UUID

    from infra.database import Db

WINDOW_SECONDS = 1.0
SEAL_EACH_SECONDS = 0.25  # far more often than the house does
BYTES = 420


@dataclass(frozen=True)
class EvidenceCost:
    """Rows a second of `writers` at once, medians over windows that take turns; `ratio` is the median over pairs."""

    writers: int
    pairs: int
    plain: float
    evidence: float
    ratio: float
    sealed: int
    faults: int


def evidence(
    pairs: Annotated[int, typer.Option(min=1, help="Windows of a second, of each kind.")] = 9,
    writers: Annotated[int, typer.Option(min=1, help="Transactions at once.")] = 16,
    as_json: AsJson = False,
) -> None:
    """Measure how many pieces of evidence can be written a second, with a sealer at work, beside plain rows."""
    from api.cli import lab, nearby
    from api.cli.bench import figures, scratch
    from infra import terminal

    with scratch.servers_alone():
        measured = nearby.run(_measure(pairs, writers))
    if as_json:
        lab.write(figures.figures_of(measured))
        return
    table = terminal.Listing(f"{writers} writers", "rows a second", right=("rows a second",))
    table.add_row("plain rows", f"{measured.plain:,.0f}")
    table.add_row("evidence, a sealer beside", f"{measured.evidence:,.0f}")
    terminal.console().print(table)
    typer.echo(
        f"x {measured.ratio:.2f} (median of {pairs} pairs); {measured.sealed:,} sealed, {measured.faults} faults found"
    )


async def _measure(pairs: int, writers: int) -> EvidenceCost:
    from domain.evidence import auditing
    from infra import database, vault
    from infra.database import reading, transaction
    from infra.ids import new_id

    database.open_engine(pool=writers + 2)
    person = new_id()
    async with transaction() as db:
        db.add(vault.new_person_key(person))
    plain, with_leaf = list[float](), list[float]()
    for _ in range(pairs):
        plain.append(await _window(writers, lambda db: _write_plain(db, person)))
        async with asyncio.TaskGroup() as group:
            sealer = group.create_task(_seal_on_and_on())
            with_leaf.append(await _window(writers, lambda db: _write_evidence(db, person)))
            sealer.cancel()
    size = await _seal_all()
    async with reading() as db:
        found = await auditing.audit(db, [])
    ratio = median(after / before for before, after in zip(plain, with_leaf, strict=True))
    return EvidenceCost(writers, pairs, median(plain), median(with_leaf), ratio, size, len(found.faults))


async def _window(writers: int, write: "Callable[[Db], Awaitable[None]]") -> float:
    from infra.database import transaction

    ends = time.perf_counter() + WINDOW_SECONDS

    async def keep_writing() -> int:
        written = 0
        while time.perf_counter() < ends:
            async with transaction() as db:
                await write(db)
            written += 1
        return written

    began = time.perf_counter()
    written = await asyncio.gather(*(keep_writing() for _ in range(writers)))
    return sum(written) / (time.perf_counter() - began)


async def _write_evidence(db: "Db", person: "UUID") -> None:
    from domain.evidence import leaves
    from domain.evidence.leaves import EvidenceKind
    from infra.ids import new_id

    await leaves.add(db, person, EvidenceKind.DECISION, new_id(), {"decision": str(new_id()), "reasons": "x" * BYTES})


async def _write_plain(db: "Db", person: "UUID") -> None:
    """Write the same rows by the same statements, with nothing hashed, sealed or placed."""
    from domain.applications.offers import Document
    from infra import clock, vault

    await vault.seal_of(db, person)
    await clock.now(db)
    db.add(Document(sha256=os.urandom(32).hex(), title="", body="x" * BYTES, media_type="text/plain"))


async def _seal_on_and_on() -> None:
    from domain.evidence import sealing
    from infra.database import transact

    while True:
        await asyncio.sleep(SEAL_EACH_SECONDS)
        await asyncio.shield(transact(sealing.seal))


async def _seal_all() -> int:
    from domain.evidence import sealing
    from infra.database import transact

    before, size = -1, 0
    while before < size:
        before, size = size, await transact(sealing.seal)
    return size
