"""Bad months: asked for, granted at once or answered, to the cent as it was shown, and from the day on which they began."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import select

from domain.actors import PartnerActor
from domain.agreements import agreements, booking, delivering, easing, easing_tasks, hardships, replanning, returning
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.easing_terms import HardshipWish
from domain.agreements.hardships import Hardship, HardshipKind
from domain.agreements.standings import standing_of
from domain.deadlines import deadlines, working_days
from domain.evidence.leaves import Evidence, EvidenceKind
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.market.kinds import ProductKind
from domain.notices.notices import Notice
from domain.permissions import Role
from infra import clock as house_clock
from infra.database import Db, reading
from infra.errors import Refusal
from infra.ids import new_id
from infra.outbox import Event
from tests.colleagues import COLLEAGUES
from tests.days import pass_days, pass_days_until
from tests.domain.agreements.loans import open_loan, owner, pay_out, repay
from tests.domain.agreements.test_drawing import borrower
from tests.domain.agreements.test_replanning import begun
from tests.phones import Phone, new_key, uuid_of
from tests.trying import rolled_back

__all__ = ["borrower"]
PAUSE, LOWER = HardshipKind.PAUSE, HardshipKind.LOWER
RISK, VIEWER = COLLEAGUES[Role.RISK], COLLEAGUES[Role.VIEWER]


async def test_fifty_at_once_are_one_and_become_what_was_shown(borrower: Phone) -> None:
    agreement = await begun(borrower)
    shown = await borrower.do("PreviewChange", agreementId=agreement["id"], hardship="PAUSE", months=2)
    assert shown["__typename"] == "ChangePreview", shown
    asked = {"agreementId": agreement["id"], "kind": "PAUSE", "months": 2, "reason": "I fell ill."}
    keys = [new_key() for _ in range(5)]
    answers = await asyncio.gather(
        *(borrower.do("RequestHardship", **asked, idempotencyKey=key) for key in keys for _ in range(10))
    )
    done = [each for each in answers if each["__typename"] == "Agreement"]
    assert len(done) == 10 and {each["code"] for each in answers if each not in done} == {"NOT_OPEN"}
    told = [(row["number"], row["dueOn"], row["due"]) for row in done[0]["schedule"]]
    assert done[0]["status"] == "PAUSED"
    assert told == [(row["number"], row["dueOn"], row["due"]) for row in shown["schedule"]]
    async with reading() as db:
        its = (await db.execute(select(Agreement).where(Agreement.id == uuid_of(agreement["id"])))).scalar_one()
        standing = await standing_of(db, its)
        assert [act.number for act in standing.acts if act.kind is ActKind.DEFERRAL] == [2]
        assert sum(row.due.total for row in standing.life.rows) == round(100 * float(shown["totalCost"]["amount"]))
    look = "query($id: ID!) { node(id: $id) { ... on Agreement { hardship { kind months status answerBy endsOn } } } }"
    found = (await borrower.ask(look, id=agreement["id"]))["node"]["hardship"]
    assert (found["kind"], found["months"], found["status"], found["answerBy"]) == ("PAUSE", 2, "GRANTED", None)


async def loan_since_january(db: Db) -> Agreement:
    await pass_days_until(db, date(2027, 1, 15))
    agreement = await open_loan(db, 1_200_00, months=6)
    await pay_out(db, agreement, 1_200_00)
    return agreement


@pytest.mark.parametrize("kind", [ProductKind.ELECTRONICS, ProductKind.AESTHETICS])
@pytest.mark.parametrize("wish", [HardshipKind.PAUSE, HardshipKind.LOWER, "due day"])
async def test_goods_and_treatments_are_made_lighter_as_a_loan_is(kind: ProductKind, wish: HardshipKind | str) -> None:
    async with rolled_back() as db:
        loan = await loan_since_january(db)
        other = await open_loan(db, 1_200_00, months=6, kind=kind)
        await booking.book_got(db, other, new_id(), 1_200_00, 0)
        await pass_days_until(db, date(2027, 2, 20), loan.user_id, other.user_id)
        for agreement in (loan, other):
            await repay(db, agreement, 207_06)
            if isinstance(wish, HardshipKind):
                assert (await ask(db, agreement, wish, 2)).status == "GRANTED"
            else:
                await replanning.change_due_day(db, owner(agreement), agreement.id, 28, new_key())
        assert (await standing_of(db, other)).life.rows == (await standing_of(db, loan)).life.rows
        assert (other.status, other.next_on) == (loan.status, loan.next_on)
        await pass_days_until(db, date(2027, 6, 2), loan.user_id, other.user_id)
        assert (other.status, other.bucket) == (loan.status, loan.bucket) and other.status == "OVERDUE"
        assert (await standing_of(db, other)).outstanding == (await standing_of(db, loan)).outstanding


async def test_a_hardship_ends_with_goods_that_are_taken_back() -> None:
    async with rolled_back() as db:
        agreement = await open_loan(db, 1_200_00, months=6, kind=ProductKind.ELECTRONICS)
        await delivering.confirm(db, owner(agreement), agreement.id)
        await pass_days(db, 1, agreement.user_id)
        hardship = await ask(db, agreement, PAUSE, 2)
        assert agreement.status == "PAUSED"
        await returning.ask(db, owner(agreement), agreement.id, "It does not fit.", new_key())
        shop = PartnerActor(agreement.partner_id, "a shop")
        await returning.take_back(db, shop, agreement.id, None, new_key())
        assert (agreement.status, hardship.status) == ("UNWOUND", "GRANTED")
        its = select(Event).where(Event.user_id == agreement.user_id, Event.name == agreements.UNWOUND)
        await easing_tasks.end_hardship_with_agreement(db, (await db.execute(its)).scalar_one())
        assert hardship.status == "ENDED"


async def ask(db: Db, agreement: Agreement, kind: HardshipKind, months: int, from_on: date | None = None) -> Hardship:
    wish = HardshipWish(kind, months, from_on)
    await easing.request(db, owner(agreement), agreement.id, wish, "I fell ill.", new_key())
    return (await hardships.of_agreement(db, agreement))[-1]


async def test_what_was_late_and_charged_since_it_began_is_taken_back() -> None:
    async with rolled_back() as db:
        agreement = await loan_since_january(db)
        await pass_days_until(db, date(2027, 2, 20), agreement.user_id)
        held = await booking.book_act(db, agreement, ActKind.PENALTY, new_id(), 5_00)
        assert (agreement.status, held.life.owed.penalties, agreement.bucket) == ("OVERDUE", 5_00, 1)
        hardship = await ask(db, agreement, PAUSE, 2)
        standing = await standing_of(db, agreement)
        assert (agreement.status, standing.overdue_days, agreement.bucket) == ("PAUSED", 0, 0)
        assert (standing.outstanding, standing.life.owed.penalties) == (1_200_00, 0)
        balances = await balances_of(db, agreement.user_id, agreement.id)
        assert (balances[K.FEES], balances[K.INTEREST], balances[K.FEES_EARNED]) == (0, 0, 0)
        key = (agreement.user_id, agreement.id)
        assert (await hardships.open_of_agreements(db, {key}))[key] is hardship
        assert hardship.ends_on == date(2027, 4, 19)
        assert [row.due_on for row in standing.life.rows][:2] == [date(2027, 5, 15), date(2027, 6, 15)]
        await pass_days_until(db, date(2027, 4, 19), agreement.user_id)
        assert agreement.status == "PAUSED" and (await standing_of(db, agreement)).outstanding == 1_200_00
        await pass_days_until(db, date(2027, 4, 20), agreement.user_id)
        assert agreement.status == "ACTIVE"
        await easing.end(db, agreement.user_id, hardship.id)
        assert hardship.status == "ENDED"
        await pass_days_until(db, date(2027, 5, 16), agreement.user_id)
        standing = await standing_of(db, agreement)
        assert (agreement.status, standing.outstanding) == ("OVERDUE", 1_200_00 + 4 * 12_00)
        assert standing.unposted(await house_clock.now(db)) == []


async def test_a_pause_is_paid_off_to_the_cent_and_half_is_due_for_as_long_as_was_asked() -> None:
    async with rolled_back() as db:
        agreement = await loan_since_january(db)
        await pass_days_until(db, date(2027, 2, 1), agreement.user_id)
        hardship = await ask(db, agreement, LOWER, 3)
        standing = await standing_of(db, agreement)
        assert (agreement.status, hardship.status, hardship.ends_on) == ("ACTIVE", "GRANTED", date(2027, 4, 30))
        assert [row.due.total for row in standing.life.rows] == [*[103_53] * 3, *[159_20] * 5, 159_22]
        payoff = standing.payoff(standing.on)
        assert payoff is not None
        await repay(db, agreement, payoff.amount)
        assert (agreement.status, (await standing_of(db, agreement)).outstanding) == ("SETTLED", 0)


async def test_what_is_beyond_the_limits_waits_for_risk_and_its_answer_stays() -> None:
    async with rolled_back() as db:
        agreement = await loan_since_january(db)
        await pass_days_until(db, date(2027, 2, 1), agreement.user_id)
        hardship = await ask(db, agreement, PAUSE, 6)
        promised = working_days.end_after(await house_clock.now(db), 7)
        assert (agreement.status, hardship.status) == ("ACTIVE", "REQUESTED")
        promise = select(deadlines.Deadline).where(deadlines.Deadline.subject_id == hardship.id)
        deadline = (await db.execute(promise)).scalar_one()
        assert (hardship.answer_by or 0, deadline.due_at, deadline.ended_at) == (promised, promised, None)
        assert [act.kind for act in (await standing_of(db, agreement)).acts] == ["ADVANCE"]
        with pytest.raises(Refusal) as refused:
            await easing.answer(db, VIEWER, hardship.id, is_granted=True, comment="")
        assert refused.value.code == "NOT_ALLOWED"
        with pytest.raises(Refusal) as refused:
            await easing.answer(db, RISK, hardship.id, is_granted=False, comment=" ")
        assert (refused.value.code, refused.value.field) == ("INVALID", ("input", "comment"))
        for _ in range(2):
            await easing.answer(db, RISK, hardship.id, is_granted=True, comment="Get well.")
        await db.refresh(deadline)
        assert deadline.ended_at == hardship.answered_at
        answered = (str(agreement.status), str(hardship.status), hardship.answer_by)
        assert answered == ("PAUSED", "GRANTED", None)
        standing = await standing_of(db, agreement)
        assert standing.life.rows[0].due_on == date(2027, 8, 15)
        with pytest.raises(Refusal) as refused:
            await easing.answer(db, RISK, hardship.id, is_granted=False, comment="No.")
        assert refused.value.code == "NOT_OPEN"
        its = select(Evidence.kind).where(Evidence.user_id == agreement.user_id, Evidence.subject_id == hardship.id)
        assert (await db.execute(its)).scalars().all() == [EvidenceKind.DECISION]


async def test_a_no_changes_nothing_of_the_agreement() -> None:
    async with rolled_back() as db:
        agreement = await loan_since_january(db)
        hardship = await ask(db, agreement, LOWER, 12)
        await easing.answer(db, RISK, hardship.id, is_granted=False, comment="Too long.")
        assert (hardship.status, agreement.status) == ("REFUSED", "ACTIVE")
        assert len((await standing_of(db, agreement)).acts) == 1
        assert (await ask(db, agreement, LOWER, 6)).status == "GRANTED"


@pytest.mark.parametrize(
    ("months", "from_on", "field"),
    [
        (0, None, "months"),
        (13, None, "months"),
        (1, date(2027, 1, 15), "from"),
        (1, date(2027, 2, 2), "from"),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(months: int, from_on: date | None, field: str) -> None:
    async with rolled_back() as db:
        agreement = await loan_since_january(db)
        await pass_days_until(db, date(2027, 2, 1), agreement.user_id)
        with pytest.raises(Refusal) as refused:
            await ask(db, agreement, PAUSE, months, from_on)
        assert (refused.value.code, refused.value.field) == ("INVALID", ("input", field))
        assert await hardships.of_agreement(db, agreement) == []


@pytest.mark.parametrize("months", [2, 6])
async def test_what_is_asked_for_or_in_force_ends_with_its_agreement_and_says_nothing(months: int) -> None:
    async with rolled_back() as db:
        agreement = await loan_since_january(db)
        hardship = await ask(db, agreement, PAUSE, months)
        payoff = (await standing_of(db, agreement)).payoff(await house_clock.today(db))
        assert payoff is not None
        await repay(db, agreement, payoff.amount)
        assert (agreement.status, hardship.status in hardships.OPEN) == ("SETTLED", True)
        its = (Event.user_id == agreement.user_id, Event.name.in_([agreements.SETTLED, hardships.ENDED]))
        [settled] = (await db.execute(select(Event).where(*its))).scalars()
        for _ in range(2):
            await easing_tasks.end_hardship_with_agreement(db, settled)
        assert hardship.status == "ENDED"
        [_, ended] = (await db.execute(select(Event).where(*its).order_by(Event.position))).scalars()
        await easing_tasks.tell_of_hardship(db, ended)
        assert (await db.execute(select(Notice).where(Notice.user_id == agreement.user_id))).all() == []
        assert (await db.execute(hardships.waiting_for(RISK).where(Hardship.id == hardship.id))).all() == []
        promise = select(deadlines.Deadline.ended_at).where(deadlines.Deadline.subject_id == hardship.id)
        assert None not in (await db.execute(promise)).scalars().all()
