"""Moving in: a lease begins once its deposit is held or waived."""

from domain.agreements import booking, deposits
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.deposits import DEPOSIT, Deposit, DepositStatus
from domain.agreements.limits import transfer_of
from domain.applications.offers import Offer
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind
from domain.market.goods import LeaseTimes
from domain.payments import paying, payments
from domain.payments.causes import PaidFor
from domain.payments.payments import Payment
from infra import clock
from infra.database import Db, reading


async def ask_for_deposit(db: Db, agreement: Agreement, offer: Offer, times: LeaseTimes, address: str) -> None:
    """Right after the acceptance. Where nothing is to be held the lease begins with it."""
    agreement.notice_days = times.notice
    if not offer.deposit + offer.deposit_waived:
        await _begin(db, agreement, None)
        return
    deposit = Deposit(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        currency=agreement.currency,
        amount=offer.deposit,
        waived=offer.deposit_waived,
        claim_days=times.claim,
        dispute_days=times.dispute,
    )
    db.add(deposit)
    await db.flush()
    if deposit.amount:
        await paying.begin(db, deposit.user_id, PaidFor(DEPOSIT, agreement.id), deposit.money, address=address)
    else:
        await deposits.LIFE.move(db, deposit, DepositStatus.WAIVED)
        await _begin(db, agreement, deposit)


async def ask_cashier(agreement: Agreement) -> bool:
    """Ask the cashier for the deposit, outside of any transaction, by one id until there is an answer. Whether anything was asked."""
    if agreement.status is not AgreementStatus.PENDING:
        return False
    async with reading() as db:
        begun = await payments.of_cause(db, agreement.user_id, DEPOSIT, agreement.id)
    unasked = [payment for payment in begun if payment.answered_at is None and payment.is_open]
    for payment in unasked:
        await paying.ask(payment.user_id, payment.id)
    return bool(unasked)


async def hold(db: Db, agreement: Agreement, deposit: Deposit, payment: Payment) -> None:
    """The deposit has come, so the lease begins."""
    cause, on = Cause(CauseKind.DEPOSIT, payment.id), await clock.today(db)
    await post(db, [transfer_of(agreement, cause, K.COLLECTED, K.DEPOSIT, deposit.amount, on)])
    await deposits.LIFE.move(db, deposit, DepositStatus.HELD)
    await _begin(db, agreement, deposit)


async def _begin(db: Db, agreement: Agreement, deposit: Deposit | None) -> None:
    await booking.book_act(db, agreement, ActKind.MOVE_IN, agreement.id, deposit.amount if deposit else 0)
