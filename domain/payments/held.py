"""Held: whether money of a person's is with us or on its way, so that nobody is erased beside it."""

from uuid import UUID

from sqlalchemy import exists, select

from domain.ledger.accounts import LedgerAccount
from domain.ledger.kinds import THEIRS
from domain.payments import payments
from domain.payments.cashiers import PaymentStatus
from domain.payments.payments import Payment
from domain.payments.refunds import Refund
from domain.people import putting_away
from infra.database import Db
from infra.words import N_


async def _is_held(db: Db, user_id: UUID) -> str | None:
    coming = exists().where(Payment.user_id == user_id, Payment.status.in_(payments.OPEN))
    going = exists().where(Refund.user_id == user_id, Refund.status == PaymentStatus.PENDING)
    kept = exists().where(
        LedgerAccount.user_id == user_id,
        LedgerAccount.kind.in_(THEIRS),
        LedgerAccount.credits > LedgerAccount.debits,
    )
    if not await db.scalar(select(coming | going | kept)):
        return None
    return N_("Money of yours is with us or on its way. It must have arrived first; if it does not, write to us.")


putting_away.unfinished.append(_is_held)
