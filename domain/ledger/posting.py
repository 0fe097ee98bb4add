"""Posting: transfers of any number in one statement. What may not be is refused by the database itself."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from domain.ledger.transfers import Cause, Transfer
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_

POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]
REFUSED = {
    "ck_ledger_accounts_limit": (RefusalCode.LIMIT_EXCEEDED, N_("This is more than you can draw now.")),
    "ck_ledger_accounts_debt": (RefusalCode.STALE, N_("This is more than is owed now. Please look again.")),
    "ck_ledger_accounts_credit": (RefusalCode.LIMIT_EXCEEDED, N_("This is more than there is to give back.")),
    "ck_ledger_accounts_counter": (RefusalCode.STALE, N_("This was taken back already.")),
    "uq_transfers_once": (RefusalCode.STALE, N_("This was booked already.")),
    "ix_transfers_reversed_once": (RefusalCode.STALE, N_("This was taken back already.")),
}


class NotPosted(Refusal):
    """`constraint` is what the database says stood against it; with it the whole transaction is undone."""

    def __init__(self, constraint: str) -> None:
        super().__init__(*REFUSED[constraint])
        self.constraint = constraint


COLUMNS = cast(Table, Transfer.__table__).c
GIVEN = [column.name for column in COLUMNS if column.name != "booked_at"]
POST = text(f"""
    WITH given AS (
        SELECT * FROM unnest({", ".join(f"CAST(:{name} AS {COLUMNS[name].type.compile(POSTGRES)}[])" for name in GIVEN)})
            AS given({", ".join(GIVEN)})
    ), opened AS (
        INSERT INTO ledger_accounts (user_id, subject_id, kind, currency, debits, credits)
        SELECT user_id, subject_id, kind, currency, 0, 0
          FROM (SELECT user_id, subject_id, debit AS kind, currency FROM given
                 UNION SELECT user_id, subject_id, credit, currency FROM given) AS touched
         ORDER BY user_id, subject_id, kind
            ON CONFLICT DO NOTHING
    )
    INSERT INTO transfers ({", ".join(GIVEN)}, booked_at) SELECT {", ".join(GIVEN)}, :booked_at FROM given
""")  # noqa: S608 - our own columns


async def post(db: Db, transfers: Sequence[Transfer]) -> None:
    """Write all of them in one statement, opening the accounts that they name first; then balances are what they make them.

    All transfers of a cause come in one call, for a cause is posted once. Lock the agreement's row before you work out what
    to post. Raises NotPosted where the database refuses: beyond the limit, below zero, a second time.
    """
    if not transfers:
        return
    _number(transfers)
    now = await clock.now(db)
    for each in transfers:
        each.booked_at = now
    try:
        await db.execute(POST, {**_arrays(transfers), "booked_at": now})
    except IntegrityError as error:
        constraint = _constraint(error)
        if constraint not in REFUSED:
            raise
        raise NotPosted(constraint) from error


def _number(transfers: Sequence[Transfer]) -> None:
    """Each its place among those of its cause, so that a second post of any length meets the first."""
    so_far: Counter[Cause] = Counter()
    for each in transfers:
        each.part = so_far[each.cause]
        so_far[each.cause] += 1


def _arrays(transfers: Sequence[Transfer]) -> dict[str, list[Any]]:
    return {name: [getattr(each, name) for each in transfers] for name in GIVEN}


def _constraint(error: IntegrityError) -> str | None:
    return getattr(error.orig.__cause__, "constraint_name", None) if error.orig else None
