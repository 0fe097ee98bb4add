"""`longan ledger`: whether every account is the sum of its transfers, and the ledger as a journal that others read."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from domain.ledger.checking import Check, Scope

FAULTS_SHOWN = 50
ledger = typer.Typer(no_args_is_help=True, help="The ledger: prove it, or write it down for hledger and beancount.")
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Only agreements with transfers that were booked on this day or later."),
]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="And on this day or before.")]
Agreement = Annotated[
    str | None, typer.Option(metavar="ID", help="Only this agreement, by its GraphQL id or its UUID; or a payment.")
]


class JournalFormat(StrEnum):
    hledger = "hledger"
    beancount = "beancount"


@ledger.command()
def check(
    since: Since = None,
    until: Until = None,
    agreement: Agreement = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Prove every account and transfer, and name what is broken. Exit code 1 where anything is."""
    import asyncio

    from api.cli import lab, nearby

    scope = _scope(since, until, agreement)
    with nearby.servers():
        found = asyncio.run(_check(scope))
    if as_json:
        faults = [
            {"name": each.name, "agreement": each.subject_id, "transfer": each.transfer_id, "what": each.what}
            for each in found.faults
        ]
        lab.write({"accounts": found.accounts, "transfers": found.transfers, "faults": faults})
    else:
        _show(found)
    if found.faults:
        raise typer.Exit(1)


@ledger.command()
def export(
    format: Annotated[JournalFormat, typer.Option(help="Whose words.")] = JournalFormat.hledger,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Booked on this day or later.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="And on this day or before.")] = None,
    agreement: Agreement = None,
) -> None:
    """Write the transfers as a journal, to standard output."""
    import asyncio

    from api.cli import nearby

    scope = _scope(since, until, agreement)
    with nearby.servers():
        asyncio.run(_export(scope, format))


def _scope(since: datetime | None, until: datetime | None, agreement: str | None) -> "Scope":
    from domain.ledger.checking import Scope

    subject_id = _uuid(agreement) if agreement else None
    return Scope(since.date() if since else None, until.date() if until else None, subject_id)


def _uuid(text: str) -> UUID:
    from infra.ids import parse_global_id

    parsed = parse_global_id(text)
    if parsed is not None:
        return parsed[1]
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no id") from None


async def _check(scope: "Scope") -> "Check":
    from rich.progress import Progress

    from api import wiring  # noqa: F401  all tables must be known
    from domain.ledger import checking
    from infra import database, terminal

    try:
        with Progress(console=terminal.console(stderr=True), transient=True) as bar:
            task = bar.add_task("Summing the accounts", total=None)
            async with database.reading() as db:
                return await checking.check(
                    db, scope, lambda done, of: bar.update(task, completed=done, total=of or None)
                )
    finally:
        await database.close_engine()


async def _export(scope: "Scope", format: JournalFormat) -> None:
    import sys

    from api import wiring  # noqa: F401  all tables must be known
    from domain.ledger.journal import Format, write_journal
    from infra import database

    try:
        async with database.reading() as db:
            async for lines in write_journal(db, scope, Format(format.value)):
                sys.stdout.write(lines)
    finally:
        await database.close_engine()


def _show(found: "Check") -> None:
    for fault in found.faults[:FAULTS_SHOWN]:
        typer.echo(f"{fault.name}: {fault}", err=True)
    if len(found.faults) > FAULTS_SHOWN:
        typer.echo(f"... and {len(found.faults) - FAULTS_SHOWN:,} more; --json tells all.", err=True)
    typer.echo(f"{found.accounts:,} accounts, {found.transfers:,} transfers. {len(found.faults):,} faults.")
