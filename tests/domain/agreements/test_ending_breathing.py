"""A breathing space that is ended early is one that was shorter from the first; goods on their way back are in it too."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.actors import PartnerActor, Role, StaffActor
from domain.agreements import delivering, returning
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.ending_breathing import end, tell_of_breathing_space_ended
from domain.agreements.standings import standing_of
from domain.market.kinds import ProductKind
from domain.notices import notices
from domain.notices.notices import Notice
from domain.people import breathing_spaces
from domain.people.breathing_spaces import BreathingSpace
from infra import clock, vault
from infra.database import Db
from infra.errors import Refusal
from infra.ids import new_id
from tests.days import begin_day, pass_days
from tests.domain.agreements.loans import open_loan, owner, pay_out
from tests.domain.agreements.test_autopay import draws, signed
from tests.domain.agreements.test_breathing import FIRST, RISK, events, late_loan, owed, record, refused
from tests.phones import new_key
from tests.trying import rolled_back


async def stop(db: Db, space_id: UUID, reason: str = "They wish it.", actor: StaffActor = RISK) -> str:
    """The code of the refusal; nothing where it was ended."""
    try:
        await end(db, actor, space_id, reason)
    except Refusal as refusal:
        return refusal.code.value
    return ""


@pytest.mark.parametrize("days", [0, 20, 45])
async def test_ended_early_it_is_one_that_was_shorter_from_the_first(days: int) -> None:
    async with rolled_back() as db:
        ended, shorter = await late_loan(db, 0, late_fee_rate="0.05"), await open_loan(db, late_fee_rate="0.05")
        await pay_out(db, shorter, shorter.amount)
        space = await record(db, ended, FIRST, FIRST + timedelta(days=60))
        await record(db, shorter, FIRST, FIRST + timedelta(days=days))
        people = ended.user_id, shorter.user_id
        await pass_days(db, days, *people)
        for _ in range(2):
            assert await stop(db, space.id) == ""
        for _ in range(100 - days):
            await pass_days(db, 1, *people)
            one, other = [await standing_of(db, each) for each in (ended, shorter)]
            assert (one.life.rows, one.life.owed, one.life.next_on) == (
                other.life.rows,
                other.life.owed,
                other.life.next_on,
            )
            assert one.breathes_until == other.breathes_until
        assert await owed(db, ended) == await owed(db, shorter)
        assert len(await events(db, ended, "breathing_space.ended")) == 1


async def test_from_the_next_day_on_they_are_in_none_and_their_mandate_is_drawn_by_again() -> None:
    async with rolled_back() as db:
        agreement = await late_loan(db, 0)
        await signed(db, agreement)
        space = await record(db, agreement, FIRST, FIRST + timedelta(days=60))
        await pass_days(db, 10, agreement.user_id)
        await stop(db, space.id)
        assert await breathing_spaces.is_in_one(db, agreement.user_id), "today is still of it"
        [ended] = await events(db, agreement, "breathing_space.ended")
        await tell_of_breathing_space_ended(db, ended)
        notice = (await db.execute(select(Notice).where(Notice.user_id == agreement.user_id))).scalars().one()
        told = notices.body_of(notice, await vault.seal_of(db, agreement.user_id), "en")
        assert "From the next day on, what you owe bears interest again" in told
        await pass_days(db, 1, agreement.user_id)
        assert not await breathing_spaces.is_in_one(db, agreement.user_id)
        await pass_days(db, 20, agreement.user_id)
        assert len(await draws(db, agreement)) == 1
        today = await clock.today(db)
        assert await refused(db, agreement, FIRST + timedelta(days=10), today) == "NOT_OPEN"
        again = await record(db, agreement, FIRST + timedelta(days=11), today)
        assert again.id != space.id


async def test_it_is_for_risk_to_end_with_a_reason_what_still_runs() -> None:
    async with rolled_back() as db:
        agreement = await late_loan(db, 10)
        today = await clock.today(db)
        space = await record(db, agreement, FIRST, today + timedelta(days=1))
        for role in (Role.MARKETING, Role.APPROVER, Role.VIEWER):
            assert await stop(db, space.id, actor=StaffActor(new_id(), role)) == "NOT_ALLOWED"
        assert await stop(db, space.id, " ") == "INVALID"
        assert await stop(db, new_id()) == "NOT_FOUND"
        await pass_days(db, 1, agreement.user_id)
        assert await stop(db, space.id) == "NOT_OPEN"
        its = select(BreathingSpace.ended_on).where(BreathingSpace.user_id == agreement.user_id)
        assert (await db.execute(its)).scalars().all() == [None]


async def returning_goods(db: Db) -> Agreement:
    agreement = await open_loan(db, kind=ProductKind.ELECTRONICS)
    await delivering.confirm(db, owner(agreement), agreement.id)
    await returning.ask(db, owner(agreement), agreement.id, "It is too big.", new_key())
    return agreement


async def test_goods_on_their_way_back_are_in_it_if_they_come_back() -> None:
    async with rolled_back() as db:
        await begin_day(db, FIRST)
        spared, pressed = await returning_goods(db), await returning_goods(db)
        await record(db, spared, FIRST, date(2027, 2, 14))
        for each in (spared, pressed):
            assert each.status is AgreementStatus.RETURNING
            partner = PartnerActor(each.partner_id, "a shop")
            await returning.refuse(db, partner, each.id, "It is broken.", new_key())
        await pass_days(db, 31, spared.user_id, pressed.user_id)
        # Of its month only the last day bears interest.
        assert [(await owed(db, each))[1] for each in (spared, pressed)] == [39, 12_00]
