"""Moving out: what is left when a lease is over goes back to the person on the same day, deposit and credit."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from domain.agreements import booking, claims, deposits, repaying
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.deposits import DEPOSIT, Deposit, DepositStatus
from domain.agreements.kinds import KINDS
from domain.agreements.limits import transfer_of
from domain.agreements.standings import AgreementStanding, standing_of
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind
from domain.payments import by_hand, refunding
from domain.payments.causes import PaidFor
from domain.payments.refunds import Refund
from infra import clock
from infra.database import Db
from infra.money import Money

log = structlog.get_logger()
DAY = timedelta(days=1)


async def give_back_all(db: Db, standings: Sequence[AgreementStanding]) -> list[AgreementStanding]:
    """Give back what nobody wants any more, of agreements whose rows this transaction holds. Done again, it does nothing."""
    over = [standing for standing in standings if KINDS[standing.agreement.kind].holds_deposit and is_over(standing)]
    keys = {(standing.agreement.user_id, standing.agreement.id) for standing in over}
    held = await deposits.of_agreements(db, keys) if keys else {}
    claimed = await claims.of_agreements(db, keys) if held else {}
    for standing in over:
        agreement = standing.agreement
        await repaying.give_back_credit(db, standing)
        key = agreement.user_id, agreement.id
        deposit = held.get(key)
        if deposit is not None and _is_free(standing, deposit, is_claimed=key in claimed):
            await give_back(db, agreement, deposit)
    return [*standings]


def is_over(standing: AgreementStanding) -> bool:
    return standing.agreement.status is not AgreementStatus.PENDING and (
        standing.ends_on is None or standing.on > standing.ends_on
    )


def _is_free(standing: AgreementStanding, deposit: Deposit, *, is_claimed: bool) -> bool:
    """Whether nobody can want anything of it any more: it was claimed and that is decided, or the time for claims is over."""
    if deposit.status is not DepositStatus.HELD:
        return False
    if is_claimed or standing.agreement.status is AgreementStatus.UNWOUND or standing.ends_on is None:
        return True
    return standing.on > standing.ends_on + DAY * deposit.claim_days


async def give_back(db: Db, agreement: Agreement, deposit: Deposit) -> None:
    """Send what is held of it back the way it came, but for what is said to have gone out by hand. Where nothing is left of it, it is
    settled.
    """
    left = (await balances_of(db, agreement.user_id, agreement.id))[K.DEPOSIT]
    if not left:
        await settle(db, agreement, deposit)
        return
    paid_for = PaidFor(DEPOSIT, agreement.id)
    if await by_hand.is_under_way(db, agreement.user_id, paid_for):
        tomorrow = await clock.today(db) + DAY
        agreement.next_on = min(agreement.next_on or tomorrow, tomorrow)
        return
    refunds = await refunding.begin(db, agreement.user_id, paid_for, Money(left, deposit.currency))
    if not refunds:
        log.error("deposit.stays", subject_id=str(agreement.id))
    await post_refunds(db, agreement, refunds, CauseKind.DEPOSIT_RETURN, K.DEPOSIT, K.DEPOSIT_RETURNING)


async def post_refunds(
    db: Db, agreement: Agreement, refunds: list[Refund], cause: CauseKind, debit: K, credit: K
) -> None:
    on = await clock.today(db)
    transfers = [transfer_of(agreement, Cause(cause, each.id), debit, credit, each.amount, on) for each in refunds]
    await post(db, transfers)


async def settle(db: Db, agreement: Agreement, deposit: Deposit) -> None:
    """Nothing is held any more, and nothing on its way; the agreement may be over with it, and then no day comes to it again."""
    balances = await balances_of(db, agreement.user_id, agreement.id)
    if deposit.status is not DepositStatus.HELD or balances[K.DEPOSIT] or balances[K.DEPOSIT_RETURNING]:
        return
    status = DepositStatus.PARTLY_RETURNED if deposit.kept else DepositStatus.RETURNED
    await deposits.LIFE.move(db, deposit, status)
    standing = await booking.book_act(db, agreement, ActKind.DEPOSIT_SETTLED, agreement.id, 0)
    if agreement.ended_at is not None:
        await repaying.give_back_credit(db, standing)


async def undo(db: Db, agreement: Agreement) -> None:
    """Leave it as if nobody had moved in: no rent is owed, and all that was paid goes back."""
    standing = await standing_of(db, agreement)
    if not standing.acts:
        return
    never = standing.acts[0].on - DAY
    standing = await booking.book_act(db, agreement, ActKind.NOTICE, agreement.application_id, 0, until=never)
    await repaying.give_back_credit(db, standing)
    deposit = await deposits.find(db, agreement.user_id, agreement.id)
    if deposit is not None and deposit.status is DepositStatus.HELD:
        await give_back(db, agreement, deposit)
