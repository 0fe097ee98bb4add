"""Another due day: tried, then done to the cent, once however often it is sent, and refused in words that help."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import select

from domain.agreements import replanning
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.standings import standing_of
from infra import clock as house_clock
from infra.database import Db, reading
from infra.errors import Refusal
from tests.api.app.test_payment_accounts import OWN, add
from tests.clocks import Clock
from tests.days import pass_days_until
from tests.domain.agreements.loans import open_loan, owner, pay_out, repay
from tests.domain.agreements.test_accepting import accept, offered
from tests.domain.agreements.test_drawing import borrower, cny, draw
from tests.phones import Answer, Phone, new_key, uuid_of
from tests.trying import rolled_back

__all__ = ["borrower"]


async def begun(borrower: Phone) -> Answer:
    agreement = await accept(borrower, await offered(borrower))
    await add(borrower, OWN)
    assert (await draw(borrower, agreement, "1000.00"))["__typename"] == "DrawDown"
    await borrower.settle()
    return agreement


def other_day(today: date) -> int:
    return today.day % 28 + 1


async def change(person: Phone, agreement: Answer, day: int, key: str | None = None) -> Answer:
    return await person.do("ChangeDueDay", agreementId=agreement["id"], dayOfMonth=day, idempotencyKey=key or new_key())


async def test_what_was_shown_is_what_becomes_due(borrower: Phone, clock: Clock) -> None:
    agreement = await begun(borrower)
    day = other_day(house_clock.local_day(await clock.now()))
    shown = await borrower.do("PreviewChange", agreementId=agreement["id"], dayOfMonth=day)
    assert shown["__typename"] == "ChangePreview", shown
    key = new_key()
    answers = await asyncio.gather(*(change(borrower, agreement, day, key) for _ in range(50)))
    assert {each["__typename"] for each in answers} == {"Agreement"}, answers
    changed = answers[0]
    assert changed["dueDay"] == day
    assert [(row["number"], row["dueOn"]) for row in changed["schedule"]] == [
        (row["number"], row["dueOn"]) for row in shown["schedule"]
    ]
    async with reading() as db:
        standing = await standing_of(db, await owned(db, agreement))
        assert [act.number for act in standing.acts if act.kind is ActKind.DUE_DAY] == [day]
        assert sum(row.due.total for row in standing.life.rows) == round(100 * float(shown["totalCost"]["amount"]))
    await borrower.settle()
    notices = await borrower.ask("{ viewer { notices(first: 5) { edges { node { title } } } } }")
    titles = [each["node"]["title"] for each in notices["viewer"]["notices"]["edges"]]
    assert titles.count("Your schedule is another now") == 1
    again = await change(borrower, agreement, day % 28 + 1)
    assert (again["code"], again["field"]) == ("LIMIT_EXCEEDED", ["input", "dayOfMonth"]), again
    for wrong in (0, 32, day):
        refused = await borrower.do("PreviewChange", agreementId=agreement["id"], dayOfMonth=wrong)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "dayOfMonth"])
    both = await borrower.do("PreviewChange", agreementId=agreement["id"], dayOfMonth=3, amount=cny("1.00"))
    assert both["code"] == "INVALID"


async def owned(db: Db, agreement: Answer) -> Agreement:
    return (await db.execute(select(Agreement).where(Agreement.id == uuid_of(agreement["id"])))).scalar_one()


async def test_only_what_is_to_come_moves_and_the_ledger_agrees() -> None:
    async with rolled_back() as db:
        await pass_days_until(db, date(2027, 1, 15))
        agreement = await open_loan(db, 1_200_00, months=6)
        await pay_out(db, agreement, 1_200_00)
        await pass_days_until(db, date(2027, 2, 15), agreement.user_id)
        await repay(db, agreement, 207_06)
        await pass_days_until(db, date(2027, 2, 20), agreement.user_id)
        await replanning.change_due_day(db, owner(agreement), agreement.id, 31, new_key())
        standing = await standing_of(db, agreement)
        assert [row.due_on.isoformat() for row in standing.life.rows[:3]] == ["2027-02-15", "2027-03-31", "2027-04-30"]
        assert [row.due.total for row in standing.life.rows] == [207_06, *[208_15] * 5]
        assert (agreement.next_on, standing.due_day, agreement.status) == (
            date(2027, 3, 28),
            31,
            "ACTIVE",
        )  # when it is told of
        await pass_days_until(db, date(2027, 3, 31), agreement.user_id)
        assert (agreement.status, (await standing_of(db, agreement)).outstanding) == ("ACTIVE", 1_004_94 + 15_41)
        assert (await standing_of(db, agreement)).unposted(await house_clock.now(db)) == []
        await pass_days_until(db, date(2027, 4, 1), agreement.user_id)
        assert agreement.status == "OVERDUE"
        with pytest.raises(Refusal) as refused:
            await replanning.change_due_day(db, owner(agreement), agreement.id, 5, new_key())
        assert (refused.value.code, refused.value.message) == ("NOT_OPEN", replanning.LATE)


async def test_nobody_changes_what_is_not_theirs_or_not_begun() -> None:
    async with rolled_back() as db:
        agreement = await open_loan(db)
        with pytest.raises(Refusal) as refused:
            await replanning.change_due_day(db, owner(agreement), agreement.id, 5, new_key())
        assert refused.value.code == "NOT_OPEN"
        stranger = owner(await open_loan(db))
        with pytest.raises(Refusal) as refused:
            await replanning.change_due_day(db, stranger, agreement.id, 5, new_key())
        assert refused.value.code == "NOT_FOUND"
        assert (await standing_of(db, agreement)).acts == []
