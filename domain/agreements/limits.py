"""Limit: what may be drawn of an agreement. The ledger keeps it, and its database refuses who goes beyond."""

from datetime import date

from domain.agreements.agreements import Agreement
from domain.ledger.accounts import balances_of_all
from domain.ledger.kinds import AccountKind
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind, Transfer, transfer
from infra import clock
from infra.database import Db


def transfer_of(
    agreement: Agreement, cause: Cause, debit: AccountKind, credit: AccountKind, amount: int, on: date
) -> Transfer:
    """Not posted yet, from one account of this agreement to another."""
    return transfer(
        cause,
        debit,
        credit,
        amount,
        currency=agreement.currency,
        user_id=agreement.user_id,
        subject_id=agreement.id,
        partner_id=agreement.partner_id,
        value_on=on,
    )


async def begin(db: Db, agreement: Agreement) -> None:
    """All of it may be drawn."""
    cause, on = Cause(CauseKind.ACCEPTANCE, agreement.id), await clock.today(db)
    limit = transfer_of(agreement, cause, AccountKind.DRAWABLE, AccountKind.COMMITTED, agreement.amount, on)
    await post(db, [limit])


async def end(db: Db, *ended: Agreement) -> None:
    """Nothing of these may be drawn any more; there may be nothing left."""
    balances, on = await balances_of_all(db, {(each.user_id, each.id) for each in ended}), await clock.today(db)
    lapses = list[Transfer]()
    for agreement in ended:
        left = balances[agreement.user_id, agreement.id][AccountKind.DRAWABLE]
        if left > 0:
            cause = Cause(CauseKind.LAPSE, agreement.id)
            lapses.append(transfer_of(agreement, cause, AccountKind.COMMITTED, AccountKind.DRAWABLE, left, on))
    await post(db, lapses)
