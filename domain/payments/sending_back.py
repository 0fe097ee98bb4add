"""Sending back money that fits nothing: proposed by one of the staff, approved by another, given back by the cashier."""

from uuid import UUID

from sqlalchemy import func, select

from domain import approvals
from domain.actors import StaffActor
from domain.approvals import Approval
from domain.ledger.transfers import CauseKind
from domain.payments import by_hand, causes, refunding, takings
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.payments.takings import Taking
from domain.permissions import Permission
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_

SEND_BACK = approvals.declare("send_back", proposes=Permission.MOVE_MONEY, approves=Permission.MOVE_MONEY)


async def propose(db: Db, actor: StaffActor, taking_id: UUID, reason: str) -> Taking:
    """Refuses NOT_ALLOWED, INVALID, NOT_FOUND, and NOT_OPEN what was found to fit, is on its way back or was proposed already."""
    takings.require_mover(actor, reason)
    taking = await takings.lock(db, taking_id)
    await refuse_ended(db, taking)
    taking.reason = reason
    seen = await hash_of(db, taking)
    await approvals.propose(db, actor, SEND_BACK, subject=str(taking.id), hash=seen, title=reason)
    return taking


async def approve(db: Db, actor: StaffActor, taking_id: UUID, seen: str) -> Refund:
    """Begin to send it back; whoever calls this then asks the cashier (`refunding.ask`). Refuses what `approvals.approve` does."""
    taking = await takings.lock(db, taking_id)
    await refuse_ended(db, taking)
    now = await hash_of(db, taking)
    await approvals.approve(db, actor, SEND_BACK, subject=str(taking.id), seen=seen, now=now)
    refund = await refunding.begin_of_taking(db, (await takings.apart(db, taking)).user_id, UNMATCHED, taking)
    taking.refund_id = refund.id
    return refund


async def reject(db: Db, actor: StaffActor, taking_id: UUID) -> None:
    """Leave it where it lies. Refuses what `approvals.reject` does."""
    taking = await takings.lock(db, taking_id)
    await approvals.reject(db, actor, SEND_BACK, subject=str(taking.id))


async def refuse_ended(db: Db, taking: Taking) -> None:
    """Refuses NOT_OPEN what does not lie apart, or not any more, or is on its way back, by the cashier or by our bank."""
    if taking.why is None or taking.ended_at is not None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing is left to find out of this money."))
    if await is_on_its_way(db, taking):
        raise Refusal(RefusalCode.NOT_OPEN, N_("This money is on its way back."))


async def is_on_its_way(db: Db, taking: Taking) -> bool:
    """Whether it goes back, by the cashier or by our bank; it lies apart."""
    if taking.refund_id is not None:
        return True
    owner = (await takings.apart(db, taking)).user_id
    return await by_hand.is_under_way(db, owner, PaidFor(UNMATCHED, taking.id))


async def hash_of(db: Db, taking: Taking) -> str:
    """A hash of all that a second person says yes to. What did not arrive and is proposed anew is another."""
    user_id = (await takings.apart(db, taking)).user_id
    tries = select(func.count()).where(Refund.user_id == user_id, Refund.payment_id == taking.id)
    content = [str(taking.id), taking.amount, taking.currency, taking.reason, await db.scalar(tries)]
    return approvals.hash_of(content)


async def history(db: Db, taking: Taking) -> list[Approval]:
    """All that was ever proposed of it, the oldest first."""
    return (await approvals.history(db, SEND_BACK, {str(taking.id)}))[str(taking.id)]


async def is_proposed(db: Db, taking: Taking) -> bool:
    given = await history(db, taking)
    return bool(given) and given[-1].verdict is None


class UnmatchedCause:
    """What follows when money that fits nothing went back, or did not."""

    title = N_("Money that fits nothing")

    async def lock(self, db: Db, user_id: UUID, id: UUID) -> None:
        await takings.lock(db, id)

    async def settle(self, db: Db, payment: Payment) -> bool:
        return False

    async def is_wanted(self, db: Db, payment: Payment) -> bool:
        """No mandate is for this."""
        return False

    async def fail(self, db: Db, payment: Payment) -> None:
        """Nobody is asked to pay for nothing."""

    async def settle_refund(self, db: Db, refund: Refund) -> None:
        """The money is gone; what was found to fit since is for people to find out."""
        taking = await takings.lock(db, refund.cause_id)
        if taking.ended_at is not None:
            await takings.contradict(db, taking)
            return
        await takings.release(db, taking, CauseKind.GIVEN_BACK)
        taking.refund_id, taking.ended_at = refund.id, await clock.now(db)

    async def is_owed_back(self, db: Db, refund: Refund) -> bool:
        """What is proposed to go back by the cashier is not given back by hand beside it."""
        taking = (await db.execute(select(Taking).where(Taking.id == refund.cause_id))).scalar_one()
        return taking.ended_at is None and taking.refund_id is None and not await is_proposed(db, taking)

    async def fail_refund(self, db: Db, refund: Refund) -> None:
        """The money lies where it lay."""
        taking = await takings.lock(db, refund.cause_id)
        taking.refund_id = None


UNMATCHED = causes.register("unmatched", UnmatchedCause())
