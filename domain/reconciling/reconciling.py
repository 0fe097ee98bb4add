"""Reconciling: each night, and whenever somebody asks, everything that is told of money in two places is compared.

People by people, each range in a transaction of its own, which announces the next: it goes on on another machine where it ended.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import case, func, or_, select, text

from domain.agreements.agreements import Agreement
from domain.ledger.checking import NOBODY, Check, LedgerScope, check_people
from domain.ledger.kinds import KINDS, Side
from domain.ledger.kinds import AccountKind as K
from domain.ledger.transfers import Transfer
from domain.payments.refunds import Refund
from domain.people.partners import Partner
from domain.reconciling import breaks
from domain.reconciling.breaks import BreakKind, LedgerDifference
from domain.reconciling.comparisons import COMPARISONS
from domain.reconciling.owing import schedules_compared
from domain.reconciling.settlements import settlement_of
from infra import clock, outbox, schedules
from infra.database import Db, transact
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction

BATCH = 200  # people in one transaction
DUE, RANGE_DUE = declare("ledger.reconciling_due"), declare("ledger.reconciling_range_due", first=str)
DONE = declare("ledger.reconciled")
schedules.recur(DUE, schedules.DAY, schedules.NIGHT)

NEXT = text("""
    SELECT user_id FROM (SELECT DISTINCT user_id FROM agreements WHERE user_id >= :first ORDER BY user_id LIMIT :batch) AS owing
     UNION
    SELECT user_id FROM (SELECT DISTINCT user_id FROM refunds WHERE user_id >= :first ORDER BY user_id LIMIT :batch) AS waiting
     ORDER BY user_id LIMIT :batch
""")
EACH = " UNION ALL ".join(
    f"SELECT '{kind.value}' AS kind, * FROM ({query}) AS q(id, detail, expected, actual)"  # noqa: S608
    for kind, query in COMPARISONS.items()
)
COMPARE = text(f"""
    WITH agreement AS MATERIALIZED (SELECT * FROM agreements WHERE user_id BETWEEN :first AND :last),
    balance AS MATERIALIZED (
        SELECT user_id, subject_id, kind, CASE WHEN kind = ANY(:debits) THEN debits - credits ELSE credits - debits END AS amount
          FROM ledger_accounts WHERE user_id BETWEEN :first AND :last
    ), standing AS MATERIALIZED (
        SELECT * FROM transfers AS each WHERE user_id BETWEEN :first AND :last AND reverses IS NULL
           AND NOT EXISTS (SELECT FROM transfers AS back WHERE back.user_id = each.user_id
                            AND back.subject_id = each.subject_id AND back.reverses = each.id)
    ), got AS MATERIALIZED (
        SELECT handovers.user_id, handovers.id, handovers.agreement_id, agreement.amount
          FROM handovers JOIN agreement ON (agreement.user_id, agreement.id) = (handovers.user_id, handovers.agreement_id)
         WHERE handovers.confirmed_at IS NOT NULL
        UNION ALL SELECT user_id, id, agreement_id, amount FROM treatments WHERE user_id BETWEEN :first AND :last
    ), refund AS MATERIALIZED (SELECT * FROM refunds WHERE user_id BETWEEN :first AND :last
    ), told AS ({EACH})
    SELECT told.kind, told.id, told.detail, told.expected::bigint, told.actual::bigint,
           coalesce(agreement.currency, (SELECT currency FROM refund WHERE refund.id::text = told.detail), '')
      FROM told LEFT JOIN agreement ON agreement.id = told.id
     WHERE told.expected <> told.actual ORDER BY 1, 2, 3
""")  # noqa: S608 - our own words


@dataclass
class Reconciliation:
    """How many agreements and partners' days were looked at, and every difference; `new`: those that were not known before."""

    agreements: int = 0
    reports: int = 0
    new: int = 0
    differences: list[LedgerDifference] = field(default_factory=list)


Progress = Callable[[int, int], None]  # agreements, of so many


async def reconcile(progress: Progress = lambda done, of: None) -> Reconciliation:
    """All agreements, and the reports of yesterday and today, now."""
    found = Reconciliation()
    total = await transact(_count)
    first: UUID | None = NOBODY
    while first is not None:
        begin = first
        first = await transact(lambda db, begin=begin: reconcile_range(db, begin, found))  # type: ignore[misc]
        progress(found.agreements, total)

    async def end(db: Db) -> None:
        await reconcile_reports(db, found)
        await outbox.announce(db, DONE)

    await transact(end)
    return found


@reaction(DUE, stored_as="begin_reconciling")
async def begin_reconciling(db: Db, event: Event) -> None:
    await reconcile_reports(db, Reconciliation())
    await outbox.announce(db, RANGE_DUE, first=str(NOBODY))


@reaction(RANGE_DUE, stored_as="reconcile_people")
async def reconcile_people(db: Db, event: Event) -> None:
    following = await reconcile_range(db, UUID(str(event.data["first"])), Reconciliation())
    if following is None:
        await outbox.announce(db, DONE)
    else:
        await outbox.announce(db, RANGE_DUE, first=str(following))


async def reconcile_range(db: Db, first: UUID, found: Reconciliation) -> UUID | None:
    """Reconcile so many people from one on; whom to go on with, None where there is nobody."""
    people = list((await db.execute(NEXT, {"first": first, "batch": BATCH})).scalars())
    if not people:
        return None
    mine = select(Agreement.id, Agreement.currency).where(Agreement.user_id.between(people[0], people[-1]))
    agreements = dict((await db.execute(mine)).all())
    differences = [
        *await _compared(db, people[0], people[-1]),
        *await schedules_compared(db, people[0], people[-1]),
        *await _faults(db, people[0], people[-1], agreements),
    ]
    returning = select(Refund.cause_id).where(Refund.user_id.between(people[0], people[-1]))
    subjects = {*agreements, *(await db.execute(returning)).scalars(), *(each.subject_id for each in differences)}
    found.new += await breaks.write(db, list(subjects), differences)
    found.agreements += len(agreements)
    found.differences += differences
    return UUID(int=people[-1].int + 1)


async def reconcile_reports(db: Db, found: Reconciliation) -> None:
    """What each partner is told of yesterday and today, against the transfers between it and Longan."""
    today = await clock.today(db)
    partners = list((await db.execute(select(Partner.id).order_by(Partner.id))).scalars())
    differences = []
    for on in (today - timedelta(days=1), today):
        for partner_id, currency, owed in await _owed(db, partners, on):
            report = await settlement_of(db, partner_id, on, currency)
            found.reports += 1
            if report.net != owed:
                differences.append(LedgerDifference(BreakKind.REPORT, partner_id, str(on), report.net, owed, currency))
    found.new += await breaks.write(db, partners, differences)
    found.differences += differences


async def _owed(db: Db, partners: list[UUID], on: date) -> list[tuple[UUID, str, int]]:
    """By partner and currency: what Longan owes it for the day, summed by the database."""
    start, end = clock.begins(on), clock.begins(on + timedelta(days=1))
    gained = func.sum(case((Transfer.credit == K.PAYABLE, Transfer.amount), else_=-Transfer.amount))
    theirs = (
        select(Transfer.partner_id, Transfer.currency, gained)
        .where(Transfer.partner_id.in_(partners), Transfer.booked_at >= start, Transfer.booked_at < end)
        .where(or_(Transfer.debit == K.PAYABLE, Transfer.credit == K.PAYABLE))
        .group_by(Transfer.partner_id, Transfer.currency)
        .order_by(Transfer.partner_id, Transfer.currency)
    )
    return [(partner_id, currency, int(owed)) for partner_id, currency, owed in await db.execute(theirs) if partner_id]


async def _compared(db: Db, first: UUID, last: UUID) -> list[LedgerDifference]:
    debits = [kind.value for kind, each in KINDS.items() if each.side is Side.DEBIT]
    rows = await db.execute(COMPARE, {"first": first, "last": last, "debits": debits})
    return [LedgerDifference(BreakKind(kind), *rest) for kind, *rest in rows]


async def _faults(db: Db, first: UUID, last: UUID, agreements: Mapping[UUID, str]) -> list[LedgerDifference]:
    """What is broken in the ledger itself."""
    check = Check()
    await check_people(db, LedgerScope(), first, last, check)
    faults = {(each.subject_id, each.name) for each in check.faults}
    return [LedgerDifference(BreakKind.LEDGER, id, name, 0, 0, agreements.get(id, "")) for id, name in sorted(faults)]


async def _count(db: Db) -> int:
    return (await db.execute(select(func.count()).select_from(Agreement))).scalar_one()
