"""Fifty who do one thing at once: it is done once, or each to the cent, and nobody waits for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from domain import changes
from domain.actors import Role, StaffActor
from domain.agreements import booking, breathing, ending_breathing, repaying, waiving
from domain.agreements.acts import ActKind, AgreementAct
from domain.agreements.agreements import Agreement
from domain.agreements.repaying import RepayWish
from domain.agreements.standings import standing_of
from domain.agreements.waiving import WhyWaived
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.people.breathing_spaces import BreathingSpace
from infra import clock as times
from infra.database import Db, reading, transact, transaction
from infra.errors import Refusal
from infra.hindsight import stand_at
from infra.ids import new_id
from infra.money import Money
from integrations.cashier.sandbox import orders
from tests.api.people import staff_member
from tests.domain.agreements.loans import open_loan, owner, pay_out

AT_ONCE = 50


@pytest.fixture(autouse=True)
async def nothing_planned(house: None) -> None:
    async with transaction() as db:
        await orders.forget(db)


async def at_once(do: Callable[[], Awaitable[object]]) -> list[str]:
    """The codes of those who were refused; nothing else goes wrong."""
    said = await asyncio.gather(*(do() for _ in range(AT_ONCE)), return_exceptions=True)
    refused = [each for each in said if isinstance(each, BaseException)]
    assert all(isinstance(each, Refusal) for each in refused), refused
    return [each.code.value for each in refused if isinstance(each, Refusal)]


async def late_loan() -> Agreement:
    """For good, drawn 40 days ago; its first instalment is late, and cost 5.33."""
    async with transaction() as db:
        now = await times.now(db)
        await stand_at(db, now - timedelta(days=40))
        agreement = await open_loan(db, 1_200_00, late_fee_rate="0.05")
        await pay_out(db, agreement, agreement.amount)
        await stand_at(db, now)
        await booking.accrue(db, agreement)
        return agreement


async def risk() -> StaffActor:
    async with transaction() as db:
        return StaffActor((await staff_member(db, Role.RISK)).id, Role.RISK)


async def count_acts(db: Db, agreement: Agreement, kind: ActKind) -> int:
    its = select(func.count()).where(AgreementAct.user_id == agreement.user_id, AgreementAct.kind == kind)
    return (await db.execute(its)).scalar_one()


async def test_repayments_by_keys_of_their_own_are_each_booked_to_the_cent() -> None:
    agreement = await late_loan()
    asked = RepayWish(agreement.id, Money(10_00, "CNY"))
    assert await at_once(lambda: repaying.repay(owner(agreement), asked, str(new_id()))) == []
    async with reading() as db:
        balances = await balances_of(db, agreement.user_id, agreement.id)
        after = await standing_of(db, await db.get_one(Agreement, (agreement.user_id, agreement.id)))
        assert await count_acts(db, agreement, ActKind.PAYMENT) == AT_ONCE
    assert balances[K.COLLECTED] == balances[K.REPAID] == AT_ONCE * 10_00
    assert after.outstanding - after.credit == 1_200_00 + balances[K.INTEREST_EARNED] + 5_33 - AT_ONCE * 10_00


async def test_a_late_fee_is_waived_once() -> None:
    agreement, actor = await late_loan(), await risk()

    def waive() -> Awaitable[object]:
        return transact(lambda db: waiving.waive(db, actor, agreement.id, 1, WhyWaived.GOODWILL))

    assert await at_once(waive) == []
    async with reading() as db:
        assert (await balances_of(db, agreement.user_id, agreement.id))[K.FEES] == 0
        assert await count_acts(db, agreement, ActKind.LATE_FEE_WAIVED) == 1
        its = select(func.count()).where(changes.Change.by_id == actor.staff_id)
        assert (await db.execute(its)).scalar_one() == 1


async def test_a_breathing_space_is_recorded_once_and_ended_once() -> None:
    agreement, actor = await late_loan(), await risk()
    async with reading() as db:
        today = await times.today(db)

    async def record(db: Db, last: date) -> object:
        return await breathing.record(db, actor, agreement.user_id, today, last, "The court granted it.")

    first = today + timedelta(days=30)
    assert await at_once(lambda: transact(lambda db: record(db, first))) == []
    overlapping = first + timedelta(days=1)
    assert await at_once(lambda: transact(lambda db: record(db, overlapping))) == ["NOT_OPEN"] * AT_ONCE
    async with reading() as db:
        assert await count_acts(db, agreement, ActKind.PAUSE) == 1
        theirs = ending_breathing.running(actor).where(BreathingSpace.user_id == agreement.user_id)
        [space] = (await db.execute(theirs)).scalars()
    assert await at_once(lambda: transact(lambda db: ending_breathing.end(db, actor, space.id, "They wish it."))) == []
    async with reading() as db:
        assert await count_acts(db, agreement, ActKind.PAUSE_ENDED) == 1
