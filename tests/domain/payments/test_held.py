"""Money of a person's that is with us or on its way is told before they are erased, whatever it is."""

from uuid import UUID, uuid4

import pytest

from domain.ledger import posting
from domain.ledger.kinds import THEIRS, AccountKind
from domain.ledger.transfers import Cause, CauseKind, transfer
from domain.payments import held, paying, refunding
from domain.payments.causes import PaidFor
from infra import clock
from infra.database import Db
from infra.ids import new_id
from tests.api.people import somebody
from tests.domain.payments.scripted import PENDING, cashier_says
from tests.domain.payments.test_refunding import PAID, YES, begun
from tests.trying import rolled_back

HELD = "Money of yours is with us or on its way. It must have arrived first; if it does not, write to us."


async def test_it_comes_and_goes_back() -> None:
    async with cashier_says(collects=[PENDING], refunds=[]), rolled_back() as db:
        user = await somebody(db)
        assert await held._is_held(db, user.id) is None
        payment = await paying.begin(db, user.id, PaidFor("test", new_id()), PAID)
        assert await held._is_held(db, user.id) == HELD
        refund = await begun(db, payment)
        assert (payment.is_open, await held._is_held(db, user.id)) == (False, HELD)
        await refunding.record(db, refund, YES)
        assert await held._is_held(db, user.id) is None


@pytest.mark.parametrize("kind", THEIRS)
async def test_it_lies_in_the_ledger(kind: AccountKind) -> None:
    async with rolled_back() as db:
        user, subject = await somebody(db), uuid4()
        await post(db, user.id, subject, AccountKind.COLLECTED, kind)
        assert await held._is_held(db, user.id) == HELD
        await post(db, user.id, subject, kind, AccountKind.COLLECTED)
        assert await held._is_held(db, user.id) is None


async def post(db: Db, user_id: UUID, subject_id: UUID, debit: AccountKind, credit: AccountKind) -> None:
    moved = transfer(
        Cause(CauseKind.CORRECTION, uuid4()),
        debit,
        credit,
        700,
        currency="CNY",
        user_id=user_id,
        subject_id=subject_id,
        partner_id=None,
        value_on=await clock.today(db),
    )
    await posting.post(db, [moved])
