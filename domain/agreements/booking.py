"""Booking: something happens to an agreement's money; statement, ledger, state and events say so in one transaction.

Whoever books holds the agreement's row (`agreements.lock`). Interest is booked to date by every booking: what was due since
the last one comes first.
"""

from datetime import date, datetime
from uuid import UUID

from domain.agreements import agreements, limits, moving, posting
from domain.agreements.acts import ActKind, AgreementAct
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.standings import AgreementStanding, standing_of
from domain.applications import offers
from infra import clock, outbox
from infra.database import Db


async def book_act(
    db: Db,
    agreement: Agreement,
    kind: ActKind,
    cause_id: UUID,
    amount: int,
    *,
    on: date | None = None,
    withheld: int = 0,
    until: date | None = None,
) -> AgreementStanding:
    """Let this have happened on a day, today where none is named, and book what follows: also an earlier day, after which all is
    worked out anew. Answers how the agreement stands then.

    `cause_id` names the draw-down, payment or refund; of each there is one act of a kind. Raises NotPosted where the ledger refuses.
    """
    before = await standing_of(db, agreement)
    act = AgreementAct(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        kind=kind,
        on=on or await clock.today(db),
        amount=amount,
        cause_id=cause_id,
        at=await clock.now(db),
        place=len(before.acts),
        withheld=withheld,
        until=until,
    )
    db.add(act)
    return await _book(db, agreement, before)


async def accrue(db: Db, agreement: Agreement) -> AgreementStanding:
    """Book what has fallen due by today, and move the agreement where it stands now."""
    return await _book(db, agreement, await standing_of(db, agreement))


async def _book(db: Db, agreement: Agreement, before: AgreementStanding) -> AgreementStanding:
    after = await standing_of(db, agreement)
    movements = after.unposted(await clock.now(db))
    db.add_all(movements)
    await posting.post_movements(db, agreement, after.acts_by_ref, before.movements, movements)
    if movements:
        after = await standing_of(db, agreement)
    await _announce_repaid(db, before, after)
    await restate(db, after)
    return after


async def restate(db: Db, standing: AgreementStanding) -> None:
    """Move the agreement to where it stands: in force, late or settled; and plan when it would be late."""
    agreement, status = standing.agreement, _status(standing)
    if status is not agreement.status:
        if status is AgreementStatus.SETTLED:
            await limits.end(db, agreement)
            await offers.end(db, agreement.user_id, agreement.offer_id)
        await moving.move(db, agreement, status)
    await agreements.touch(db, agreement)
    await _plan_overdue(db, agreement, standing.overdue_at if status in OWING else None)


def _status(standing: AgreementStanding) -> AgreementStatus:
    status = standing.agreement.status
    if status not in (AgreementStatus.PENDING, *OWING) or not standing.life.rows:
        return status
    if standing.is_settled:
        return AgreementStatus.SETTLED
    return AgreementStatus.OVERDUE if standing.overdue_days else AgreementStatus.ACTIVE


async def _plan_overdue(db: Db, agreement: Agreement, at: datetime | None) -> None:
    if at == agreement.overdue_at:
        return
    agreement.overdue_at = at
    if at is not None and agreement.status is AgreementStatus.ACTIVE:
        await outbox.announce(db, agreements.OVERDUE_DUE, user_id=agreement.user_id, subject_id=agreement.id, due_at=at)


async def _announce_repaid(db: Db, before: AgreementStanding, after: AgreementStanding) -> None:
    """Each instalment that is paid now and was not before, and how late it was."""
    open_before = {row.number for row in before.life.rows if row.outstanding or not row.due.total}
    open_before |= {row.number for row in after.life.rows} - {row.number for row in before.life.rows}
    for row in after.life.rows:
        if row.number in open_before and row.due.total and not row.outstanding:
            days_late = max(0, ((row.settled_on or after.on) - row.due_on).days)
            await outbox.announce(
                db,
                agreements.REPAID,
                user_id=after.agreement.user_id,
                subject_id=after.agreement.id,
                days_late=days_late,
            )
