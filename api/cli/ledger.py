"""`longan ledger`: whether every account is the sum of its transfers, and the ledger as a journal that others read."""

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from domain.ledger.checking import Check, LedgerScope
    from domain.reconciling.reconciling import Reconciliation
    from infra.database import Db

FAULTS_SHOWN = 50
ledger = typer.Typer(no_args_is_help=True, help="The ledger: prove it, or write it down for hledger and beancount.")


def _day(said: str) -> date:
    from infra.calendar import read_day

    try:
        return read_day(said)
    except ValueError:
        raise typer.BadParameter(f"{said} is no day, as 2027-01-31") from None


Since = Annotated[date | None, typer.Option(parser=_day, metavar="DAY", help="What was booked on this day or later.")]
Until = Annotated[date | None, typer.Option(parser=_day, metavar="DAY", help="What was booked on this day or before.")]
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
    as_json: AsJson = False,
) -> None:
    """Prove every account and transfer, and name what is broken. Exit code 1 where anything is.

    Of days, all agreements that something was booked of then, each from its first transfer on.
    """
    from api.cli import lab, nearby

    scope = _scope(since, until, agreement)
    with nearby.servers():
        found = nearby.run(_check(scope))
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
    since: Since = None,
    until: Until = None,
    agreement: Agreement = None,
) -> None:
    """Write the transfers as a journal, to standard output."""
    from api.cli import nearby

    scope = _scope(since, until, agreement)
    with nearby.servers():
        nearby.run(_export(scope, format))


@ledger.command()
def reconcile(
    as_json: AsJson = False,
) -> None:
    """Compare schedules, statements, payments and partners' reports with the ledger now, as each night. Exit code 1 where they differ."""
    from api.cli import lab, nearby

    with nearby.servers():
        found = nearby.run(_reconcile())
    if as_json:
        differences = [
            {
                "kind": each.kind,
                "of": str(each.subject_id),
                "detail": each.detail,
                "expected": each.expected,
                "actual": each.actual,
                "currency": each.currency,
            }
            for each in found.differences
        ]
        lab.write(
            {"agreements": found.agreements, "reports": found.reports, "new": found.new, "differences": differences}
        )
    else:
        _show_differences(found)
    if found.differences:
        raise typer.Exit(1)


def _scope(since: date | None, until: date | None, agreement: str | None) -> "LedgerScope":
    from domain.ledger.checking import LedgerScope

    return LedgerScope(since, until, _uuid(agreement) if agreement else None)


def _uuid(text: str) -> UUID:
    from infra.ids import parse_global_id, read_id

    parsed = parse_global_id(text)
    found = parsed[1] if parsed else read_id(text)
    if found is None:
        raise typer.BadParameter(f"{text} is no id: name a GraphQL id or a UUID", param_hint="--agreement")
    return found


async def _check(scope: "LedgerScope") -> "Check":
    from api import wiring  # noqa: F401  all tables must be known
    from api.cli import lab
    from domain.ledger import checking
    from infra import database

    with lab.counting("Summing the accounts") as report:
        async with database.reading() as db:
            return await checking.check(db, await _owned(db, scope), report)


async def _reconcile() -> "Reconciliation":
    from api import wiring  # noqa: F401  all tables must be known
    from api.cli import lab
    from domain.reconciling import reconciling

    with lab.counting("Comparing agreements") as report:
        return await reconciling.reconcile(report)


async def _export(scope: "LedgerScope", format: JournalFormat) -> None:
    import sys

    from api import wiring  # noqa: F401  all tables must be known
    from domain.ledger.journal import Format, write_journal
    from infra import database

    async with database.reading() as db:
        async for lines in write_journal(db, await _owned(db, scope), Format(format.value)):
            sys.stdout.write(lines)


async def _owned(db: "Db", scope: "LedgerScope") -> "LedgerScope":
    """With whose agreement it is, which an index knows; of a payment that fits nothing none does."""
    from dataclasses import replace

    from sqlalchemy import select

    from domain.agreements.agreements import Agreement

    if scope.subject_id is None:
        return scope
    user_id = await db.scalar(select(Agreement.user_id).where(Agreement.id == scope.subject_id))
    return replace(scope, user_id=user_id)


def _show(found: "Check") -> None:
    for fault in found.faults[:FAULTS_SHOWN]:
        typer.echo(f"{fault.name}: {fault}", err=True)
    if len(found.faults) > FAULTS_SHOWN:
        typer.echo(f"... and {len(found.faults) - FAULTS_SHOWN:,} more; --json tells all.", err=True)
    typer.echo(f"{found.accounts:,} accounts, {found.transfers:,} transfers. {len(found.faults):,} faults.")


def _show_differences(found: "Reconciliation") -> None:
    for each in found.differences[:FAULTS_SHOWN]:
        amounts = f" {each.expected} there, {each.actual} in the ledger, minor units of {each.currency}"
        told = amounts if each.expected != each.actual else ""
        typer.echo(f"{each.kind} {each.detail} of {each.subject_id}{told}", err=True)
    if len(found.differences) > FAULTS_SHOWN:
        typer.echo(f"... and {len(found.differences) - FAULTS_SHOWN:,} more; --json tells all.", err=True)
    typer.echo(
        f"{found.agreements:,} agreements, {found.reports:,} reports of a day. {len(found.differences):,} breaks, {found.new:,} new."
    )
