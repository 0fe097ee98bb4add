"""What follows when the money of a deposit has come, or went back."""

from uuid import UUID

from domain.agreements import agreements, deposits, moving_out
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.deposits import DEPOSIT, Deposit, DepositStatus
from domain.agreements.moving_in import hold
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.ledger.transfers import Cause, CauseKind, is_posted
from domain.payments import causes
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from infra import clock
from infra.database import Db
from infra.words import N_


class DepositCause:
    """A deposit that comes when it is not waited for any more fits nothing."""

    title = N_("Deposit held by Longan")

    async def lock(self, db: Db, user_id: UUID, id: UUID) -> None:
        await agreements.lock(db, user_id, id)

    async def settle(self, db: Db, payment: Payment) -> bool:
        agreement, deposit = await _of(db, payment)
        if agreement.status is not AgreementStatus.PENDING or deposit.status is not DepositStatus.DUE:
            return False
        await hold(db, agreement, deposit, payment)
        return True

    async def is_wanted(self, db: Db, payment: Payment) -> bool:
        """No mandate is for a deposit."""
        return False

    async def fail(self, db: Db, payment: Payment) -> None:
        """The person can pay it again, as long as it is waited for."""

    async def settle_refund(self, db: Db, refund: Refund) -> None:
        """What is gone though it was said to stay is of what is held; where nothing is, only comparing tells of it."""
        agreement, deposit = await _of(db, refund)
        stayed = await is_posted(db, refund.user_id, Cause(CauseKind.DEPOSIT_STAYED, refund.id))
        came_of = K.DEPOSIT if stayed else K.DEPOSIT_RETURNING
        if (await balances_of(db, refund.user_id, agreement.id))[came_of] < refund.amount:
            return
        await moving_out.post_refunds(db, agreement, [refund], CauseKind.DEPOSIT_RETURNED, came_of, K.COLLECTED)
        await moving_out.settle(db, agreement, deposit)

    async def is_owed_back(self, db: Db, refund: Refund) -> bool:
        """What was tried on another day, or a partner kept, is not held any more."""
        return (await balances_of(db, refund.user_id, refund.cause_id))[K.DEPOSIT] >= refund.amount

    async def fail_refund(self, db: Db, refund: Refund) -> None:
        """The deposit is still held, and the next day tries again."""
        agreement, _ = await _of(db, refund)
        stayed = (CauseKind.DEPOSIT_STAYED, K.DEPOSIT_RETURNING, K.DEPOSIT)
        await moving_out.post_refunds(db, agreement, [refund], *stayed)
        agreement.next_on = await clock.today(db) + moving_out.DAY


async def _of(db: Db, money: Payment | Refund) -> tuple[Agreement, Deposit]:
    agreement = await db.get_one(Agreement, (money.user_id, money.cause_id))
    deposit = await deposits.find(db, money.user_id, money.cause_id)
    assert deposit is not None, "money was asked for it"
    return agreement, deposit


causes.register(DEPOSIT, DepositCause())
