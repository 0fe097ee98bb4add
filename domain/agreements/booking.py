"""Booking: something happens to an agreement's money; statement, ledger, state and events say so in one transaction.

Whoever books holds the agreement's row (`agreements.lock`). Interest is booked to date by every booking: what was due since
the last one comes first.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from domain.agreements import agreements, coming, limits, moving, posting
from domain.agreements.acts import ActKind, AgreementAct
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.movements import Movement
from domain.agreements.standings import AgreementStanding, standing_of
from domain.applications import offers
from domain.ledger.posting import post
from domain.ledger.transfers import Transfer
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
    number: int | None = None,
) -> AgreementStanding:
    """Let this have happened on a day, today where none is named, and book what follows: also an earlier day, after which all is
    worked out anew. Answers how the agreement stands then.

    `cause_id` names the draw-down, handover, payment, refund or return; of each there is one act of a kind. Raises
    NotPosted where the ledger refuses.
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
        number=number,
    )
    db.add(act)
    [after] = await _post(db, [before.with_act(act)])
    # Whoever hears that all is paid has heard of the last instalment before.
    await _announce_repaid(db, before, after)
    await restate(db, after)
    return after


async def book_got(
    db: Db, agreement: Agreement, cause_id: UUID, amount: int, fee: int, *, on: date | None = None
) -> AgreementStanding:
    """Let the person have got so much of it: it is owed from that day on, and the fee with the next instalment."""
    standing = await book_act(db, agreement, ActKind.ADVANCE, cause_id, amount, on=on)
    if fee:
        standing = await book_act(db, agreement, ActKind.FEE, cause_id, fee, on=on)
    await outbox.announce(db, agreements.DRAWN, user_id=agreement.user_id, subject_id=agreement.id)
    return standing


async def accrue(db: Db, agreement: Agreement) -> AgreementStanding:
    """Book what has fallen due by today, and move the agreement where it stands now."""
    [after] = await _post(db, [await standing_of(db, agreement)])
    await restate(db, after)
    return after


async def pass_all(db: Db, standings: Sequence[AgreementStanding]) -> list[AgreementStanding]:
    """Accrue for agreements that the day has come to, whose rows this transaction holds: each waits for its next day from now on."""
    after = await _post(db, standings)
    for standing in after:
        standing.agreement.next_on = None
        await restate(db, standing)
    return after


async def _post(db: Db, standings: Sequence[AgreementStanding]) -> list[AgreementStanding]:
    now, after = await clock.now(db), list[AgreementStanding]()
    movements, transfers = list[Movement](), list[Transfer]()
    for standing in standings:
        new = standing.unposted(now)
        movements += new
        await _announce_late_fees(db, standing.movements, new)
        transfers += await posting.transfers_for(db, standing.agreement, standing.acts_by_ref, standing.movements, new)
        after.append(standing.with_posted(new))
    db.add_all(movements)
    await post(db, transfers)
    return after


async def restate(db: Db, standing: AgreementStanding) -> None:
    """Move the agreement to where it stands: in force, late or settled; and plan the next day that looks at it. A day that is still
    to come to it comes, for booking is only the first of its steps (`pass_all`).
    """
    agreement, status = standing.agreement, _status(standing)
    if status is not agreement.status:
        if status is AgreementStatus.SETTLED:
            await limits.end(db, agreement)
            await offers.end(db, (agreement.user_id, agreement.offer_id))
        await moving.move(db, agreement, status)
    await agreements.touch(db, agreement)
    agreement.overdue_at = standing.overdue_at if status in OWING else None
    if (due_on := coming.due_soon(standing)) is not None:
        agreement.foretold_on = due_on
        await outbox.announce(db, agreements.DUE_SOON, user_id=agreement.user_id, subject_id=agreement.id)
    if agreement.next_on is None or agreement.next_on > standing.on:
        agreement.next_on = coming.next_on(standing)
    await _reach_bucket(db, agreement, coming.bucket_of(standing.overdue_days) if status in OWING else 0)


def _status(standing: AgreementStanding) -> AgreementStatus:
    status = standing.agreement.status
    if status not in (AgreementStatus.PENDING, *OWING) or not standing.life.rows:
        return status
    if standing.is_settled:
        return AgreementStatus.SETTLED
    if standing.paused_until is not None:
        return AgreementStatus.PAUSED
    return AgreementStatus.OVERDUE if standing.overdue_days else AgreementStatus.ACTIVE


async def _reach_bucket(db: Db, agreement: Agreement, bucket: int) -> None:
    """Each bucket that was reached since is told, also where nobody looked on its day."""
    for days in coming.BUCKETS:
        if agreement.bucket < days <= bucket:
            owner = agreement.user_id
            await outbox.announce(db, agreements.FELL_BEHIND, user_id=owner, subject_id=agreement.id, days=days)
    agreement.bucket = bucket


async def _announce_late_fees(db: Db, before: Sequence[Movement], movements: Sequence[Movement]) -> None:
    """Each once, also where something of an earlier day makes another amount of it."""
    known = {each.number for each in before if each.is_late_fee}
    for each in movements:
        if each.is_late_fee and each.number is not None and each.number not in known:
            owner, about = each.user_id, each.agreement_id
            await outbox.announce(db, agreements.LATE_FEE_CHARGED, user_id=owner, subject_id=about, number=each.number)


async def _announce_repaid(db: Db, before: AgreementStanding, after: AgreementStanding) -> None:
    """Each instalment that is paid now and was not before, and how late it was."""
    open_before = {row.number for row in before.life.rows if row.outstanding or not row.due.total}
    open_before |= {row.number for row in after.life.rows} - {row.number for row in before.life.rows}
    for row in after.life.rows:
        if row.number in open_before and row.due.total and not row.outstanding:
            owner, about = after.agreement.user_id, after.agreement.id
            late = after.days_late(row)
            await outbox.announce(db, agreements.REPAID, user_id=owner, subject_id=about, days_late=late)
