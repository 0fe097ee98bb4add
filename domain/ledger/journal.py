"""Journal: the ledger as text that hledger and beancount read, agreement by agreement. Nobody is named in it."""

from collections.abc import AsyncIterator, Iterator
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, tuple_

from domain.ledger.checking import NOBODY, LedgerScope
from domain.ledger.kinds import KINDS, AccountKind
from domain.ledger.transfers import Transfer
from infra import clock
from infra.database import Db
from infra.money import Money

BATCH = 5_000  # transfers of one statement
OPENED = "1970-01-01"  # beancount wants to know a day; before all that is booked


class Format(StrEnum):
    HLEDGER = "hledger"
    BEANCOUNT = "beancount"


async def write_journal(db: Db, scope: LedgerScope, format: Format) -> AsyncIterator[str]:
    """The journal's lines, a batch at a time: each transfer on the day of its booking, with the day from which it counts beside."""
    yield "decimal-mark .\n" if format is Format.HLEDGER else 'option "title" "Longan"\n'
    opened: set[AccountKind] = set()
    before: UUID | None = None
    async for batch in _batches(db, scope):
        lines = []
        for each in batch:
            if each.subject_id != before:
                before, opened = each.subject_id, set()
            if format is Format.BEANCOUNT:
                lines += list(_opens(each, opened))
            lines.append(_entry(each, format))
        yield "".join(lines)


async def _batches(db: Db, scope: LedgerScope) -> AsyncIterator[list[Transfer]]:
    given = scope.given
    wanted = select(Transfer)
    if given["since"]:
        wanted = wanted.where(Transfer.booked_at >= given["since"])
    if given["until"]:
        wanted = wanted.where(Transfer.booked_at < given["until"])
    if scope.user_id:
        wanted = wanted.where(Transfer.user_id == scope.user_id)
    if scope.subject_id:
        wanted = wanted.where(Transfer.subject_id == scope.subject_id)
    key = tuple_(Transfer.user_id, Transfer.subject_id, Transfer.id)
    after = (NOBODY, NOBODY, NOBODY)
    while True:
        rows = (await db.execute(wanted.where(key > after).order_by(*key).limit(BATCH))).scalars().all()
        if rows:
            yield list(rows)
        if len(rows) < BATCH:
            return
        after = (rows[-1].user_id, rows[-1].subject_id, rows[-1].id)
        db.expunge_all()


def account_name(kind: AccountKind, subject_id: UUID) -> str:
    """An account's name as `Assets:Principal:01A2...`: capitals, for a part may begin with no small letter."""
    return f"{KINDS[kind].journal}:{str(subject_id).upper()}"


def _opens(each: Transfer, opened: set[AccountKind]) -> Iterator[str]:
    for kind in (each.debit, each.credit):
        if kind not in opened:
            opened.add(kind)
            yield f"{OPENED} open {account_name(kind, each.subject_id)} {each.currency}\n"


def _entry(each: Transfer, format: Format) -> str:
    day, amount = clock.local_day(each.booked_at), Money(each.amount, each.currency)
    debit, credit = (account_name(kind, each.subject_id) for kind in (each.debit, each.credit))
    what = f"{each.cause_kind} {each.cause_id}"
    if format is Format.HLEDGER:
        head = f"{day} * ({each.id}) {what}  ; value:{each.value_on}" + (
            f", reverses:{each.reverses}" if each.reverses else ""
        )
    else:
        back = f'\n  reverses: "{each.reverses}"' if each.reverses else ""
        head = f'{day} * "{what}"\n  id: "{each.id}"\n  value: {each.value_on}{back}'
    return f"\n{head}\n  {debit}  {amount} {each.currency}\n  {credit}  -{amount} {each.currency}\n"
