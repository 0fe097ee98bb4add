"""Commission of an act: posted with the money that is collected for a partner, and given back with what goes back of it."""

from datetime import date
from fractions import Fraction

from domain.agreements.agreements import Agreement
from domain.agreements.limits import transfer_of
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.ledger.transfers import Cause, CauseKind, Transfer
from domain.money.conventions import Rounding
from domain.money.rounding import nearest
from domain.people import commissions
from infra.database import Db


async def transfers_of_act(db: Db, agreement: Agreement, cause: Cause, amount: int, on: date) -> list[Transfer]:
    """What the partner owes Longan of a payment, or Longan the partner of a refund; not posted yet."""
    match cause.kind:
        case CauseKind.REPAYMENT:
            sides, due = (K.PAYABLE, K.COMMISSION), await _earned(db, agreement, amount)
        case CauseKind.REFUND:
            sides, due = (K.COMMISSION, K.PAYABLE), await _given_back(db, agreement, amount)
        case _:
            return []
    return [transfer_of(agreement, Cause(CauseKind.COMMISSION, cause.id), *sides, due, on)] if due else []


async def _earned(db: Db, agreement: Agreement, amount: int) -> int:
    return nearest(amount * Fraction(await commissions.rate_of(db, agreement.partner_id)), Rounding.HALF_UP)


async def _given_back(db: Db, agreement: Agreement, amount: int) -> int:
    """The share that was kept of all that the person has paid, at whichever rates: who gets all of it back has cost nothing."""
    balances = await balances_of(db, agreement.user_id, agreement.id)
    kept, paid = balances[K.COMMISSION], balances[K.REPAID]
    return kept * min(amount, paid) // paid if paid else 0
