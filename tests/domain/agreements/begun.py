"""An agreement of each kind as it begins to be owed, for tests that hold of all of them."""

from domain.actors import PartnerActor
from domain.agreements import delivering, treating
from domain.agreements.agreements import Agreement
from domain.market.kinds import ProductKind
from infra.database import Db
from infra.ids import new_id
from infra.money import Money
from tests.domain.agreements.leases import open_lease
from tests.domain.agreements.loans import open_loan, owner, pay_out


async def begin(
    db: Db, kind: ProductKind, amount: int, *, months: int = 12, rate: str = "0.12", late_fee_rate: str = "0"
) -> Agreement:
    """All of it is drawn, delivered or treated today; or it is moved into for so much a month, and no deposit is held."""
    if kind is ProductKind.RENTAL:
        return await open_lease(db, amount, months=months, held=0)
    agreement = await open_loan(db, amount, months=months, rate=rate, late_fee_rate=late_fee_rate, kind=kind)
    match kind:
        case ProductKind.LOAN:
            await pay_out(db, agreement, amount)
        case ProductKind.ELECTRONICS:
            await delivering.confirm(db, owner(agreement), agreement.id)
        case ProductKind.AESTHETICS:
            clinic, all_of_it = PartnerActor(agreement.partner_id, "a clinic"), Money(amount, agreement.currency)
            await treating.confirm(db, clinic, agreement.id, all_of_it, None, str(new_id()))
    return agreement
