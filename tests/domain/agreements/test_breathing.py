"""A legal breathing space: its days cost nothing, back-dated too, nobody is pressed in it, and all else goes on."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import func, select

from domain.actors import Role, StaffActor
from domain.agreements import booking, breathing
from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from domain.agreements.telling import tell_of_agreement
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.notices import contacting
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.notices import Notice
from domain.people.breathing_spaces import BreathingSpace
from infra import clock
from infra.database import Db
from infra.errors import Refusal
from infra.outbox import Event
from tests.api.people import staff_member
from tests.colleagues import COLLEAGUES
from tests.days import begin_day, pass_days
from tests.domain.agreements.loans import open_loan, pay_out
from tests.domain.agreements.test_autopay import draws, signed
from tests.trying import rolled_back

FIRST = date(2027, 1, 15)
RISK = COLLEAGUES[Role.RISK]


async def late_loan(db: Db, days: int, of: object = None, **more: object) -> Agreement:
    """Drawn on FIRST, and nothing paid for so many days."""
    await begin_day(db, FIRST)
    agreement = await open_loan(db, 1_200_00, of=of, **more)  # type: ignore[arg-type]
    await pay_out(db, agreement, agreement.amount)
    await pass_days(db, days, agreement.user_id)
    return agreement


async def record(db: Db, agreement: Agreement, first: date, last: date, actor: StaffActor = RISK) -> BreathingSpace:
    return await breathing.record(db, actor, agreement.user_id, first, last, "The court granted it.")


async def refused(db: Db, agreement: Agreement, first: date, last: date, actor: StaffActor = RISK) -> str:
    with pytest.raises(Refusal) as refusal:
        await record(db, agreement, first, last, actor)
    return refusal.value.code.value


async def owed(db: Db, agreement: Agreement) -> tuple[int, int, int]:
    """Principal, interest and charges, as the ledger has them."""
    balances = await balances_of(db, agreement.user_id, agreement.id)
    return balances[K.PRINCIPAL], balances[K.INTEREST], balances[K.FEES]


async def test_dated_back_it_takes_back_the_interest_and_the_late_fee_of_its_days_as_was_shown() -> None:
    async with rolled_back() as db:
        agreement = await late_loan(db, 40, late_fee_rate="0.05")
        assert await owed(db, agreement) == (1_200_00, 12_00, 5_33)
        first, last = date(2027, 2, 1), date(2027, 3, 31)
        [shown] = await breathing.preview(db, RISK, agreement.user_id, first, last)
        before = (await standing_of(db, agreement)).life.rows
        space = await record(db, agreement, first, last)
        # Sixteen of the month's 31 days bear interest.
        assert await owed(db, agreement) == (1_200_00, 6_19, 0)
        standing = await standing_of(db, agreement)
        assert (standing.life.next_due or before[0]).due_on == date(2027, 2, 15), "what is due stays due"
        assert (
            sum(row.due.total for row in before) - sum(row.due.total for row in standing.life.rows)
            == shown.amount.minor
        )
        assert (await record(db, agreement, first, last)).id == space.id, "recorded again it is the same"
        await pass_days(db, 50, agreement.user_id)
        assert (await owed(db, agreement))[1:] == (interest_of(12_00, first, last), 0)


def interest_of(monthly: int, first: date, last: date) -> int:
    """Of all months whose end has come by 2027-04-15, counted day by day."""
    total = 0
    for month in (1, 2, 3):
        start, end = FIRST.replace(month=month), FIRST.replace(month=month + 1)
        days = [start + timedelta(days=each + 1) for each in range((end - start).days)]
        bears = sum(not first <= day <= last for day in days)
        total += int(Fraction(monthly * bears, len(days)) + Fraction(1, 2))
    return total


async def test_it_counts_across_all_agreements_of_the_person_and_of_nobody_else() -> None:
    async with rolled_back() as db:
        one = await late_loan(db, 0)
        two, other = await open_loan(db, of=one.user_id), await open_loan(db)
        for each in (two, other):
            await pay_out(db, each, each.amount)
        await record(db, one, FIRST, FIRST + timedelta(days=60))
        await pass_days(db, 31, one.user_id, other.user_id)
        assert [(await owed(db, each))[1] for each in (one, two, other)] == [0, 0, 12_00]


async def test_nobody_is_pressed_in_it_and_what_must_be_told_is_told() -> None:
    async with rolled_back() as db:
        agreement = await late_loan(db, 31)
        await record(db, agreement, FIRST, FIRST + timedelta(days=60))
        await db.flush()

        async def may(purpose: NoticeClass) -> bool:
            answer = await contacting.may_contact(db, agreement.user_id, purpose, NoticeChannel.APP)
            return not any(each.rule == "BREATHING_SPACE" for each in answer.objections)

        classes = (NoticeClass.MARKETING, NoticeClass.COLLECTION, NoticeClass.MONEY, NoticeClass.SECURITY)
        assert [await may(each) for each in classes] == [False, False, True, True]
        await pass_days(db, 1, agreement.user_id)
        [late] = await events(db, agreement, "agreement.overdue")
        await tell_of_agreement(db, late)
        [recorded] = await events(db, agreement, "breathing_space.recorded")
        await breathing.tell_of_breathing_space(db, recorded)
        codes = (await db.execute(select(Notice.code).where(Notice.user_id == agreement.user_id))).scalars().all()
        assert codes == ["breathing_space"]
        await pass_days(db, 40, agreement.user_id)
        assert [await may(each) for each in classes] == [True] * 4


async def events(db: Db, agreement: Agreement, name: str) -> Sequence[Event]:
    its = select(Event).where(Event.user_id == agreement.user_id, Event.name == name)
    return (await db.execute(its)).scalars().all()


async def test_nothing_is_drawn_by_a_mandate_in_it() -> None:
    async with rolled_back() as db:
        agreement = await late_loan(db, 0)
        await signed(db, agreement)
        await record(db, agreement, FIRST, FIRST + timedelta(days=40))
        await pass_days(db, 35, agreement.user_id)
        assert await draws(db, agreement) == []


async def test_it_is_for_risk_to_record_for_days_that_have_begun_and_are_covered_by_no_other() -> None:
    async with rolled_back() as db:
        agreement = await late_loan(db, 10)
        today = await clock.today(db)
        for role in (Role.MARKETING, Role.APPROVER, Role.VIEWER):
            actor = StaffActor((await staff_member(db, role)).id, role)
            assert await refused(db, agreement, today, today, actor) == "NOT_ALLOWED"
        for first, last in ((today + timedelta(days=1), today + timedelta(days=2)), (today, today - timedelta(days=1))):
            assert await refused(db, agreement, first, last) == "INVALID"
        for first, last in (
            (today, today + timedelta(days=366)),
            (today, date.max),
            (date.max, date.max),
            (date.min, date.max),
        ):
            assert await refused(db, agreement, first, last) == "INVALID"
        await record(db, agreement, today - timedelta(days=3), today + timedelta(days=3))
        assert await refused(db, agreement, today + timedelta(days=0), today + timedelta(days=9)) == "NOT_OPEN"
        its = select(func.count()).where(BreathingSpace.user_id == agreement.user_id)
        assert (await db.execute(its)).scalar_one() == 1
        assert (await booking.accrue(db, agreement)).breathes_until == today + timedelta(days=3)
