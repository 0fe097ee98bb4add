"""Giving back by hand: what a cashier did not give back goes out by our bank. One of the staff says by which transfer, and it is booked
once another has held that against the bank's statement.
"""

from uuid import UUID

from sqlalchemy import Exists, Text, cast, exists, select

from domain import approvals
from domain.actors import StaffActor
from domain.approvals import Approval
from domain.payments import causes, refunding
from domain.payments.cashiers import PaymentStatus
from domain.payments.causes import PaidFor
from domain.payments.refunds import Refund
from domain.permissions import Permission
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.words import N_

BY_HAND = approvals.declare("give_back_by_hand", proposes=Permission.MOVE_MONEY, approves=Permission.MOVE_MONEY)
REFERENCE_MAX = 128


async def find(db: Db, refund_id: UUID) -> Refund | None:
    return (await db.execute(select(Refund).where(Refund.id == refund_id))).scalar_one_or_none()


async def propose(db: Db, actor: StaffActor, refund_id: UUID, reference: str) -> Refund:
    """Say by which transfer of our bank it went out.

    Refuses NOT_ALLOWED, NOT_FOUND, INVALID without a reference, and NOT_OPEN what went back, may still, or was proposed already.
    """
    if not 0 < len(reference) <= REFERENCE_MAX:
        sentence = N_("Name the transfer as the bank does, in up to {most} characters.")
        raise invalid(sentence, ("reference",), most=REFERENCE_MAX)
    refund = await _lock(db, refund_id)
    if not await is_owed_back(db, refund):
        raise _not_open()
    seen = hash_of(refund, reference)
    await approvals.propose(db, actor, BY_HAND, subject=str(refund.id), hash=seen, title=reference)
    return refund


async def approve(db: Db, actor: StaffActor, refund_id: UUID, seen: str) -> Refund:
    """Book that it is back with the person; what they paid with it meanwhile is owed again.

    Refuses what `approvals.approve` does, and NOT_OPEN what went back otherwise since, or may.
    """
    refund = await _lock(db, refund_id)
    if not await can_be_booked(db, refund):
        raise _not_open()
    reference = (await history(db, refund))[-1:]
    now = hash_of(refund, reference[0].title) if reference else ""
    given = await approvals.approve(db, actor, BY_HAND, subject=str(refund.id), seen=seen, now=now)
    await refunding.settle_by_hand(db, refund, given.title)
    return refund


async def reject(db: Db, actor: StaffActor, refund_id: UUID) -> None:
    """Leave it as it is. Refuses what `approvals.reject` does."""
    await approvals.reject(db, actor, BY_HAND, subject=str(refund_id))


async def history(db: Db, refund: Refund) -> list[Approval]:
    """All that was ever proposed of it, the oldest first."""
    return (await approvals.history(db, BY_HAND, {str(refund.id)}))[str(refund.id)]


def hash_of(refund: Refund, reference: str) -> str:
    """A hash of all that a second person says yes to."""
    return approvals.hash_of([str(refund.id), refund.amount, refund.currency, reference])


async def is_owed_back(db: Db, refund: Refund) -> bool:
    """Whether the cashier has not given it back, nothing else of it is on its way, by a cashier or by hand, and so much is still
    with us.
    """
    return await _is_free(db, refund) and await causes.cause(refund.cause).is_owed_back(db, refund)


async def can_be_booked(db: Db, refund: Refund) -> bool:
    """Whether what is said to have gone out is what was owed: it still is, or was until the person paid with it."""
    if await is_owed_back(db, refund):
        return True
    since = _of_its_cause(refund).where(Refund.status == PaymentStatus.SETTLED, Refund.settled_at >= refund.begun_at)
    return await _is_free(db, refund) and not await db.scalar(select(since))


async def _is_free(db: Db, refund: Refund) -> bool:
    going = _of_its_cause(refund).where(Refund.status == PaymentStatus.PENDING)
    if refund.status is not PaymentStatus.FAILED or await db.scalar(select(going)):
        return False
    return not await is_under_way(db, refund.user_id, PaidFor(refund.cause, refund.cause_id), but=refund.id)


def _of_its_cause(refund: Refund) -> Exists:
    its = exists().where(Refund.user_id == refund.user_id, Refund.cause_id == refund.cause_id)
    return its.where(Refund.cause == refund.cause)


async def is_under_way(db: Db, user_id: UUID, purpose: PaidFor, *, but: UUID | None = None) -> bool:
    """Whether some of it, `but` for this refund, is said to have gone out by our bank, and nobody has held that against the statement
    yet.
    """
    failed = select(cast(Refund.id, Text)).where(Refund.user_id == user_id, Refund.status == PaymentStatus.FAILED)
    failed = failed.where(Refund.cause == purpose.cause, Refund.cause_id == purpose.id, Refund.id != but)
    said = exists().where(Approval.kind == BY_HAND.name, Approval.verdict.is_(None), Approval.subject.in_(failed))
    return bool(await db.scalar(select(said)))


async def _lock(db: Db, refund_id: UUID) -> Refund:
    seen = await find(db, refund_id)
    if seen is None:
        raise not_found(N_("We could not find this refund."))
    return await refunding.lock(db, seen.user_id, seen.id)


def _not_open() -> Refusal:
    sentence = N_("This is not to be given back by hand: it is back, or on its way, or not owed any more.")
    return Refusal(RefusalCode.NOT_OPEN, sentence)
