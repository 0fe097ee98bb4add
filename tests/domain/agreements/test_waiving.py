"""A late fee that is waived: as if never charged, paid or not, kept through what is learned later, and written down."""

from datetime import date

import pytest
from sqlalchemy import select

from domain import changes
from domain.actors import Role, StaffActor
from domain.agreements import agreements
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.standings import standing_of
from domain.agreements.statements import lines_of
from domain.agreements.waiving import WhyWaived, waive
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from infra import clock
from infra.database import Db
from infra.errors import Refusal
from infra.ids import new_id
from infra.outbox import Event
from tests.api.people import staff_member
from tests.days import pass_days
from tests.domain.agreements.loans import repay
from tests.domain.agreements.test_breathing import late_loan, owed
from tests.trying import rolled_back


async def risk(db: Db) -> StaffActor:
    return StaffActor((await staff_member(db, Role.RISK)).id, Role.RISK)


async def refused(db: Db, actor: StaffActor, id: object, number: int = 1) -> str:
    with pytest.raises(Refusal) as refusal:
        await waive(db, actor, id, number, WhyWaived.GOODWILL)  # type: ignore[arg-type]
    return refusal.value.code.value


async def late(db: Db) -> Agreement:
    """One instalment is late, and cost 5.33."""
    agreement = await late_loan(db, 40, late_fee_rate="0.05")
    assert await owed(db, agreement) == (1_200_00, 12_00, 5_33)
    return agreement


async def test_it_is_owed_no_more_however_often_it_is_said_and_by_whom_is_kept() -> None:
    async with rolled_back() as db:
        agreement, actor = await late(db), await risk(db)
        for _ in range(2):
            await waive(db, actor, agreement.id, 1, WhyWaived.OUR_MISTAKE)
        assert await owed(db, agreement) == (1_200_00, 12_00, 0)
        [kept] = (await db.execute(select(changes.Change).where(changes.Change.by_id == actor.staff_id))).scalars()
        assert (kept.noun, kept.subject) == ("late-fee", f"{agreement.id}/1")
        assert (kept.before, kept.after) == ({"fee": "5.33", "why": None}, {"fee": "0.00", "why": "OUR_MISTAKE"})
        line = lines_of(await standing_of(db, agreement), await clock.now(db))[0]
        assert (line.amount, line.words("en")) == (-5_33, "The late fee of instalment 1 is waived.")
        told = select(Event.data).where(Event.subject_id == agreement.id, Event.name == agreements.LATE_FEE_WAIVED)
        assert [data["number"] for data in (await db.execute(told)).scalars()] == [1]


async def test_the_days_after_and_a_payment_of_before_charge_it_no_more() -> None:
    async with rolled_back() as db:
        agreement, actor = await late(db), await risk(db)
        await waive(db, actor, agreement.id, 1, WhyWaived.ON_ITS_WAY)
        await repay(db, agreement, 1_00, on=date(2027, 2, 16))
        assert (await standing_of(db, agreement)).late_fees == {}
        await pass_days(db, 30, agreement.user_id)
        assert [*(await standing_of(db, agreement)).late_fees] == [2], "the next one costs as before"


async def test_what_was_paid_of_it_counts_for_what_else_is_owed() -> None:
    async with rolled_back() as db:
        agreement, actor = await late(db), await risk(db)
        await repay(db, agreement, 5_33)
        await waive(db, actor, agreement.id, 1, WhyWaived.GOODWILL)
        assert await owed(db, agreement) == (1_200_00, 6_67, 0), "the fee was paid first"


async def test_of_a_loan_that_is_over_it_is_credit() -> None:
    async with rolled_back() as db:
        agreement, actor = await late(db), await risk(db)
        standing = await standing_of(db, agreement)
        quoted = standing.payoff(standing.on)
        assert quoted is not None
        await repay(db, agreement, quoted.amount)
        assert agreement.status is AgreementStatus.SETTLED
        await waive(db, actor, agreement.id, 1, WhyWaived.GOODWILL)
        assert (await balances_of(db, agreement.user_id, agreement.id))[K.CREDIT] == 5_33
        assert agreement.status is AgreementStatus.SETTLED


async def test_none_is_waived_that_is_not_there_or_by_whoever_may_not() -> None:
    async with rolled_back() as db:
        agreement, actor = await late(db), await risk(db)
        for number in (0, 2, 99):
            assert await refused(db, actor, agreement.id, number) == "NOT_OPEN"
        assert await refused(db, actor, new_id()) == "NOT_FOUND"
        for role in (Role.APPROVER, Role.MARKETING, Role.VIEWER):
            assert await refused(db, StaffActor(new_id(), role), agreement.id) == "NOT_ALLOWED"
        await repay(db, agreement, 106_62, on=date(2027, 2, 15))
        assert await refused(db, actor, agreement.id) == "NOT_OPEN", "it was paid in time after all"
        assert (await standing_of(db, agreement)).late_fees_waived == set()
