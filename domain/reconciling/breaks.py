"""Break: two places that should say the same of money, and do not. Somebody of the staff looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import Index, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, outbox
from infra.database import Db
from infra.entity import Entity, Id, Minor
from infra.events import declare
from infra.ids import new_id

FOUND = declare("ledger.break_found", kind=str)
log = structlog.get_logger()


class BreakKind(StrEnum):
    LEDGER = "LEDGER"  # the ledger itself is broken; `detail` is the fault's name
    SCHEDULE = "SCHEDULE"  # what is owed by the schedule, and in the ledger; `detail` is the account
    STATEMENT = "STATEMENT"  # the lines of the statement, and the ledger; `detail` is the account
    LIMIT = "LIMIT"  # what was drawn, and what the ledger keeps of the limit; `detail` is the account
    PAYOUT = "PAYOUT"  # a draw-down, and its transfers; `detail` is its id
    PAYMENT = "PAYMENT"  # a payment, and its transfers; `detail` is its id
    REFUND = "REFUND"  # a refund, and its transfers; `detail` is its id
    DEPOSIT = "DEPOSIT"  # a deposit, and what the ledger holds of it; `detail` is the account
    STUCK = "STUCK"  # a refund that the cashier did not make, and nobody has seen to; `detail` is its id
    REPORT = "REPORT"  # a partner's report of a day, and the transfers of that day; `detail` is the day


@dataclass(frozen=True)
class LedgerDifference:
    """`subject_id` is the agreement, whatever else a refund is of, or the partner of a report.

    Amounts are minor units; of a fault of the ledger itself, 0.
    """

    kind: BreakKind
    subject_id: UUID
    detail: str
    expected: int
    actual: int
    currency: str


class LedgerBreak(Entity):
    """`expected` is what the other place says, `actual` the ledger. It is over, at `ended_at`, when a later look finds it gone."""

    __tablename__ = "ledger_breaks"

    id: Mapped[Id] = mapped_column(init=False)
    kind: Mapped[BreakKind]
    subject_id: Mapped[UUID]
    detail: Mapped[str]
    expected: Mapped[Minor]
    actual: Mapped[Minor]
    currency: Mapped[str]
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        Index(
            "ix_ledger_breaks_open",
            "kind",
            "subject_id",
            "detail",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(None, "subject_id"),
    )


async def write(db: Db, subject_ids: Sequence[UUID], differences: Sequence[LedgerDifference]) -> int:
    """Let these be the open breaks of these subjects, no others; how many are new."""
    now, new = await clock.now(db), 0
    for each in differences:
        row = insert(LedgerBreak).values(id=new_id(), **vars(each), found_at=now, seen_at=now)
        anew = {"expected": each.expected, "actual": each.actual, "seen_at": now}
        key = ["kind", "subject_id", "detail"]
        put = row.on_conflict_do_update(index_elements=key, index_where=text("ended_at IS NULL"), set_=anew)
        found_at = (await db.execute(put.returning(LedgerBreak.found_at))).scalar_one()
        if found_at == now:
            new += 1
            log.error("ledger.break_found", reason=each.kind.value, subject_id=str(each.subject_id))
            await outbox.announce(db, FOUND, subject_id=each.subject_id, kind=each.kind.value)
    gone = LedgerBreak.subject_id.in_(subject_ids), LedgerBreak.ended_at.is_(None), LedgerBreak.seen_at < now
    await db.execute(update(LedgerBreak).where(*gone).values(ended_at=now))
    return new


async def open_breaks(db: Db, limit: int) -> Sequence[LedgerBreak]:
    """The newest first."""
    wanted = select(LedgerBreak).where(LedgerBreak.ended_at.is_(None))
    return (await db.execute(wanted.order_by(LedgerBreak.found_at.desc(), LedgerBreak.id).limit(limit))).scalars().all()


async def count_open(db: Db) -> int:
    return (await db.execute(select(func.count()).where(LedgerBreak.ended_at.is_(None)))).scalar_one()


async def of_subject(db: Db, subject_id: UUID) -> Sequence[LedgerBreak]:
    """All there ever were of an agreement, the newest first."""
    its = select(LedgerBreak).where(LedgerBreak.subject_id == subject_id)
    return (await db.execute(its.order_by(LedgerBreak.found_at.desc(), LedgerBreak.id))).scalars().all()
