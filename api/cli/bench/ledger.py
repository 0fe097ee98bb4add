"""`longan bench ledger`: transfers posted a second, beside the simplest transfer of pgbench and the same by plain SQL from here."""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.ledger.kinds import AccountKind
    from domain.ledger.transfers import Transfer
    from infra.database import Db

WINDOW_SECONDS = 2
LOANS = 1_000
MANY = 500  # transfers of one statement, as a day's run posts them
PLENTY = 10**12
SCALE = 5  # of pgbench: 500,000 accounts, so that it too has no row that is hot
PGBENCH = "pgbench, simple-update"
PLAIN = "update, update, insert by plain SQL"
ONE, REPAYMENT, DAY = "one transfer a transaction", "a repayment of four", f"{MANY} in one statement"
TPS = re.compile(r"^tps = ([\d.]+)", re.M)


@dataclass(frozen=True)
class LedgerPace:
    """Transfers a second by name, medians over turns; `ratios` are medians over the turns of each to pgbench's of that turn."""

    writers: int
    turns: int
    transfers: dict[str, float]
    ratios: dict[str, float]
    faults: int


def ledger(
    turns: Annotated[int, typer.Option(min=1, help="Windows of two seconds, of each kind.")] = 5,
    writers: Annotated[int, typer.Option(min=1, help="Transactions at once.")] = 16,
    as_json: AsJson = False,
) -> None:
    """Measure how many transfers a second are posted, in turns with pgbench on the same server."""
    from api.cli import lab, nearby
    from api.cli.bench import figures, scratch
    from infra import terminal

    with scratch.servers_alone():
        measured = nearby.run(_measure(turns, writers))
    if as_json:
        lab.write(figures.figures_of(measured))
        return
    table = terminal.Listing(f"{writers} at once", "transfers a second", "x", right=("transfers a second", "x"))
    for name, pace in measured.transfers.items():
        table.add_row(name, f"{pace:,.0f}", f"{measured.ratios[name]:.2f}")
    terminal.console().print(table)
    typer.echo(f"medians of {turns} turns; {measured.faults} faults found afterwards")


async def _measure(turns: int, writers: int) -> LedgerPace:
    from domain.ledger.checking import LedgerScope, check
    from infra import database
    from infra.database import reading

    await _pgbench("-i", "-q", "-s", str(SCALE))
    database.open_engine(pool=writers + 2)
    loans = await _open_loans()
    kinds: dict[str, Callable[[], Awaitable[float]]] = {
        PGBENCH: lambda: _simplest(writers),
        PLAIN: lambda: _window(writers, _write_plainly),
        ONE: lambda: _window(writers, _posts(lambda: _accrued(*random.sample(loans, 1)))),
        REPAYMENT: lambda: _window(writers, _posts(lambda: _repaid(*random.sample(loans, 1)))),
        DAY: lambda: _window(
            2, _posts(lambda: [each for loan in random.sample(loans, MANY) for each in _accrued(loan)])
        ),
    }
    found = [{name: await run() for name, run in kinds.items()} for _ in range(turns)]
    async with reading() as db:
        faults = (await check(db, LedgerScope())).faults
    return LedgerPace(
        writers=writers,
        turns=turns,
        transfers={name: median(turn[name] for turn in found) for name in kinds},
        ratios={name: median(turn[name] / turn[PGBENCH] for turn in found) for name in kinds},
        faults=len(faults),
    )


async def _simplest(writers: int) -> float:
    """One account updated and read, one line of history inserted."""
    words = ("-n", "-b", "simple-update", "-M", "prepared", "-c", str(writers), "-T", str(WINDOW_SECONDS))
    told = TPS.search(await _pgbench(*words))
    assert told is not None
    return float(told[1])


async def _pgbench(*words: str) -> str:
    from infra import postgres_url
    from infra.embedded.postgres import wheel
    from infra.settings import settings

    program = wheel() / "pginstall18" / "bin" / "pgbench"
    address = postgres_url.dsn(settings().database_url or "")
    process = await asyncio.create_subprocess_exec(
        program, *words, address, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    told, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return told.decode()


async def _window(writers: int, write: "Callable[[Db], Awaitable[int]]") -> float:
    from infra.database import transaction

    ends = time.perf_counter() + WINDOW_SECONDS

    async def keep_writing() -> int:
        written = 0
        while time.perf_counter() < ends:
            async with transaction() as db:
                moved = await write(db)
            written += moved
        return written

    began = time.perf_counter()
    written = await asyncio.gather(*(keep_writing() for _ in range(writers)))
    return sum(written) / (time.perf_counter() - began)


async def _write_plainly(db: "Db") -> int:
    """Pgbench's tables, by the client that posts: what a transfer costs that nothing guards."""
    from sqlalchemy import text

    one, other = random.sample(range(1, SCALE * 100_000), 2)
    move = text("UPDATE pgbench_accounts SET abalance = abalance + :by WHERE aid = :aid")
    await db.execute(move, {"aid": one, "by": 5})
    await db.execute(move, {"aid": other, "by": -5})
    line = text("INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, :aid, 5, CURRENT_TIMESTAMP)")
    await db.execute(line, {"aid": one})
    return 1


def _posts(make: "Callable[[], Sequence[Transfer]]") -> "Callable[[Db], Awaitable[int]]":
    from domain.ledger.posting import post

    async def write(db: "Db") -> int:
        transfers = make()
        await post(db, transfers)
        return len(transfers)

    return write


async def _open_loans() -> "list[UUID]":
    """Each with a debt that no repayment of a window uses up."""
    from domain.ledger.kinds import AccountKind as K
    from domain.ledger.posting import post
    from infra.database import transaction
    from infra.ids import new_id

    loans = [new_id() for _ in range(LOANS)]
    owed = [(K.PRINCIPAL, K.LENT), (K.INTEREST, K.INTEREST_EARNED)]
    async with transaction() as db:
        await post(db, [each for loan in loans for each in _moves(loan, *((*pair, PLENTY) for pair in owed))])
    return loans


def _accrued(loan: "UUID") -> "Sequence[Transfer]":
    from domain.ledger.kinds import AccountKind as K

    return _moves(loan, (K.INTEREST, K.INTEREST_EARNED, 5))


def _repaid(loan: "UUID") -> "Sequence[Transfer]":
    from domain.ledger.kinds import AccountKind as K

    parts = (K.INTEREST, 3), (K.PRINCIPAL, 4), (K.CREDIT, 1)
    return _moves(loan, (K.COLLECTED, K.PAYABLE, 8), *((K.REPAID, kind, amount) for kind, amount in parts))


def _moves(loan: "UUID", *moves: "tuple[AccountKind, AccountKind, int]") -> "Sequence[Transfer]":
    """Of one cause; a loan of the bench is its person's only one."""
    from datetime import date

    from domain.ledger.transfers import Cause, CauseKind, transfer
    from infra.ids import new_id

    cause = Cause(CauseKind.CORRECTION, new_id())
    return [
        transfer(
            cause,
            debit,
            credit,
            amount,
            currency="CNY",
            user_id=loan,
            subject_id=loan,
            partner_id=loan,
            value_on=date(2027, 1, 31),
        )
        for debit, credit, amount in moves
    ]
