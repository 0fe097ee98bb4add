"""Stops: whoever moves money asks each time, and what was held goes on once two people agree."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain import stops
from domain.actors import Role, StaffActor
from domain.agreements import drawing
from domain.agreements.draw_downs import DrawDown
from domain.payments import refunding
from domain.payments.cashiers import PaymentStatus
from domain.payments.refunds import LOOK_DUE, Refund
from domain.people.partners import Partner
from domain.reconciling import remittances
from domain.stops import EVERYTHING, Stop, StopKind
from infra import clock
from infra.database import Db
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from infra.outbox import Event
from tests.api.people import somebody, staff_member
from tests.domain.agreements.loans import open_loan, owner
from tests.trying import rolled_back


async def staff(db: Db, role: Role = Role.RISK) -> StaffActor:
    return StaffActor((await staff_member(db, role)).id, role)


@asynccontextmanager
async def stopped(kind: StopKind, subject: UUID = EVERYTHING) -> AsyncIterator[tuple[Db, Stop]]:
    async with rolled_back() as db:
        if subject != EVERYTHING:
            db.add(Partner(id=subject, code=f"p-{subject}", name="A bank", purpose="loan"))
        yield db, await stops.stop(db, await staff(db), kind, subject, "something is odd")


async def lift(db: Db, stop: Stop) -> None:
    await stops.propose_lift(db, await staff(db), stop.id)
    await stops.lift(db, await staff(db, Role.APPROVER), stop.id, stop.hash)


async def draw(db: Db, partner_id: UUID) -> None:
    """As far as an account to pay to: who gets there was not stopped."""
    agreement = await open_loan(db, partner_id=partner_id)
    await drawing.draw(db, owner(agreement), agreement.id, Money(100_00, "CNY"), None, new_id().hex)


async def refused(db: Db, partner_id: UUID) -> str:
    with pytest.raises(Refusal) as found:
        await draw(db, partner_id)
    return found.value.message


@pytest.mark.parametrize("kind", [StopKind.DRAW_DOWNS, StopKind.PAYOUTS])
async def test_nothing_is_drawn_while_it_is_stopped_and_all_again_when_two_agree(kind: StopKind) -> None:
    async with stopped(kind) as (db, stop):
        before = (await db.execute(select(func.count()).select_from(DrawDown))).scalar_one()
        assert await refused(db, new_id()) == stops.SENTENCES[kind]
        assert (await db.execute(select(func.count()).select_from(DrawDown))).scalar_one() == before
        await lift(db, stop)
        assert await refused(db, new_id()) != stops.SENTENCES[kind]


async def test_one_partners_draw_downs_are_stopped_and_no_others() -> None:
    theirs = new_id()
    async with stopped(StopKind.DRAW_DOWNS, theirs) as (db, _):
        assert await refused(db, theirs) == stops.SENTENCES[StopKind.DRAW_DOWNS]
        assert await refused(db, new_id()) != stops.SENTENCES[StopKind.DRAW_DOWNS]


async def test_what_goes_back_to_a_person_waits_is_counted_and_goes_on_at_once() -> None:
    async with rolled_back() as db:
        waiting = await stops.list_held(db, StopKind.PAYOUTS)
        stop = await stops.stop(db, await staff(db), StopKind.PAYOUTS, EVERYTHING, "something is odd")
        refund = Refund(
            user_id=(await somebody(db)).id,
            payment_id=new_id(),
            cause="test",
            cause_id=new_id(),
            amount=12_34,
            currency="BHD",
            cashier="scripted",
            begun_at=await clock.now(db),
        )
        db.add(refund)
        await db.flush()
        assert refund.status is PaymentStatus.PENDING
        found = await stops.list_held(db, StopKind.PAYOUTS)
        assert sum(each.count for each in found) == sum(each.count for each in waiting) + 1
        assert any(Money(12_34, "BHD") in each.amounts for each in found)
        await lift(db, stop)
        lifted = select(Event).where(Event.name == stops.LIFTED, Event.subject_id == stop.id)
        await refunding.retry_held_refunds(db, (await db.execute(lifted)).scalar_one())
        looks = select(func.count()).where(Event.name == LOOK_DUE, Event.subject_id == refund.id)
        assert (await db.execute(looks)).scalar_one() == 1


async def test_no_partner_is_paid_while_payouts_are_stopped() -> None:
    async with stopped(StopKind.PAYOUTS) as (db, _):
        partner = Partner(id=new_id(), code=f"p-{new_id()}", name="A bank", purpose="loan")
        db.add(partner)
        today = await clock.today(db)
        due = remittances.Remittance(
            id=new_id(),
            partner_id=partner.id,
            currency="CNY",
            first_on=today,
            last_on=today,
            ends_at=await clock.now(db),
            amount=1_00,
        )
        db.add(due)
        await db.flush()
        with pytest.raises(Refusal) as found:
            await remittances.pay(db, await staff(db), due.id, "BANK-1")
        assert (found.value.message, due.paid_at) == (stops.SENTENCES[StopKind.PAYOUTS], None)


async def test_who_may_not_stop_stops_nothing() -> None:
    async with rolled_back() as db:
        with pytest.raises(Refusal, match="NOT_ALLOWED"):
            await stops.stop(db, await staff(db, Role.VIEWER), StopKind.PAYOUTS, EVERYTHING, "because")
        assert not await stops.is_stopped(db, StopKind.PAYOUTS)
