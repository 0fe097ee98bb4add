"""A loan's transfers as its life books them, for tests that need some."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from domain.ledger.kinds import AccountKind
from domain.ledger.transfers import Cause, CauseKind, Transfer, transfer
from infra.ids import new_id

K = AccountKind
DAY = date(2027, 1, 31)


class Loan:
    """One agreement, and what its life would post."""

    def __init__(self, currency: str = "CNY", *, user_id: UUID | None = None, partner_id: UUID | None = None) -> None:
        self.user_id, self.id = user_id or new_id(), new_id()
        self.partner_id, self.currency = partner_id or new_id(), currency

    def transfer(self, debit: K, credit: K, amount: int, cause: Cause | None = None, on: date = DAY) -> Transfer:
        return transfer(
            cause or Cause(CauseKind.CORRECTION, new_id()),
            debit,
            credit,
            amount,
            currency=self.currency,
            user_id=self.user_id,
            subject_id=self.id,
            partner_id=self.partner_id,
            value_on=on,
        )

    def all_of(self, cause: Cause, *moves: tuple[K, K, int]) -> Sequence[Transfer]:
        return [self.transfer(debit, credit, amount, cause) for debit, credit, amount in moves]

    def accepted(self, limit: int) -> Sequence[Transfer]:
        return self.all_of(Cause(CauseKind.ACCEPTANCE, self.id), (K.DRAWABLE, K.COMMITTED, limit))

    def sent(self, amount: int, draw: UUID) -> Sequence[Transfer]:
        return self.all_of(Cause(CauseKind.DRAW_DOWN, draw), (K.RESERVED, K.DRAWABLE, amount))

    def settled(self, amount: int, draw: UUID) -> Sequence[Transfer]:
        moves = (K.COMMITTED, K.RESERVED, amount), (K.PRINCIPAL, K.LENT, amount)
        return self.all_of(Cause(CauseKind.PAYOUT, draw), *moves)

    def accrued(self, interest: int) -> Sequence[Transfer]:
        cause = Cause.of(CauseKind.ACCRUAL, self.id, new_id())
        return self.all_of(cause, (K.INTEREST, K.INTEREST_EARNED, interest))

    def repaid(self, payment: UUID, *, interest: int = 0, principal: int = 0, credit: int = 0) -> Sequence[Transfer]:
        parts = (K.INTEREST, interest), (K.PRINCIPAL, principal), (K.CREDIT, credit)
        moves = [(K.REPAID, kind, amount) for kind, amount in parts if amount]
        whole = interest + principal + credit
        return self.all_of(Cause(CauseKind.REPAYMENT, payment), (K.COLLECTED, K.PAYABLE, whole), *moves)
