"""Goods at the doors: delivered, confirmed or left without a word, returned, taken back in whole or part; once, whoever asks."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain.agreements.acts import AgreementAct
from domain.agreements.agreements import Agreement
from domain.agreements.goods_returns import GoodsReturn
from domain.agreements.handovers import Handover
from domain.deadlines import deadlines, working_days
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.notices.notices import Notice
from domain.payments.refunds import Refund
from domain.reconciling.reconciling import Reconciliation, reconcile_range
from infra import clock as house_clock
from infra.database import reading, transaction
from tests.api.doors import Client
from tests.applying import apply, product
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.test_accepting import accept
from tests.domain.agreements.test_accepting import look as look_at_application
from tests.domain.agreements.test_drawing import cny, partner_of
from tests.phones import Answer, Phone, new_key, uuid_of

EARBUDS = product("bailu-digital", "bl-earbuds")  # no interest, no deposit, no fee
MINE = """query($id: ID!) { node(id: $id) { ... on Agreement { status outstanding { amount } credit { amount } endsOn
  schedule { dueOn due { amount } paid { amount } status } handover { deliveredAt reportedAt confirmedAt returnableUntil }
  goodsReturn { status reason answer answerBy } movements { edges { node { kind amount { amount } message } } } } } }"""
REFUSE = """mutation($input: RefuseReturnInput!) { refuseReturn(input: $input) {
  ... on Agreement { id status } ... on Refusal { code field message } } }"""
RETURNING = "query($id: ID!) { node(id: $id) { ... on Agreement { status returnReason returnAnswerBy } } }"


async def bought(person: Phone, product_id: str = EARBUDS, amount: str = "600.00") -> Answer:
    application = await apply(person, product_id, amount, months=6)
    assert application["__typename"] == "Application" and application["status"] == "APPROVED", application
    offer = (await look_at_application(person, application["id"]))["offer"]
    agreement = await accept(person, offer)
    assert agreement["__typename"] == "Agreement", agreement
    return agreement | {"applicationId": application["id"]}


async def confirm(person: Phone, agreement: Answer) -> Answer:
    return await person.do("ConfirmDelivery", agreementId=agreement["id"])


async def send_back(person: Phone, agreement: Answer, key: str | None = None, reason: str = "Too loud.") -> Answer:
    return await person.do("ReturnGoods", agreementId=agreement["id"], reason=reason, idempotencyKey=key or new_key())


async def report(shop: Client, agreement: Answer, at: datetime, key: str | None = None) -> Answer:
    said = {"agreementId": agreement["id"], "deliveredAt": at.isoformat(), "reference": "P-1"}
    answer: Answer = (await shop.send("ReportDelivery", input=said | {"idempotencyKey": key or new_key()}))[
        "reportDelivery"
    ]
    return answer


async def take_back(shop: Client, agreement: Answer, key: str | None = None, **more: Any) -> Answer:
    said = {"agreementId": agreement["id"], "idempotencyKey": key or new_key()} | more
    answer: Answer = (await shop.send("ConfirmReturn", input=said))["confirmReturn"]
    return answer


async def refuse(shop: Client, agreement: Answer, reason: str = "It was used.") -> Answer:
    said = {"agreementId": agreement["id"], "reason": reason, "idempotencyKey": new_key()}
    answer: Answer = (await shop.ask(REFUSE, input=said))["refuseReturn"]
    return answer


async def look(person: Phone, agreement: Answer) -> Answer:
    found: Answer = (await person.ask(MINE, id=agreement["id"]))["node"]
    return found


async def pay(person: Phone, agreement: Answer, amount: str) -> None:
    paid = await person.do("Repay", agreementId=agreement["id"], amount=cny(amount), idempotencyKey=new_key())
    assert paid["status"] == "SETTLED", paid


async def now() -> datetime:
    async with reading() as db:
        return await house_clock.now(db)


async def left(person: Phone) -> tuple[int, ...]:
    """How many handovers, returns, acts and refunds there are of this person."""
    async with reading() as db:
        counts = [
            select(func.count()).where(noun.user_id == person.user_id)
            for noun in (Handover, GoodsReturn, AgreementAct, Refund)
        ]
        return tuple([(await db.execute(count)).scalar_one() for count in counts])


async def ledger(person: Phone, agreement: Answer) -> dict[K, int]:
    async with reading() as db:
        balances = await balances_of(db, person.user_id, uuid_of(agreement["id"]))
    return {kind: balances[kind] for kind in K if balances[kind]}


async def late_of(person: Phone) -> list[UUID]:
    """What of theirs the staff is shown to be late."""
    async with reading() as db:
        return [each.about_id for each in await deadlines.missed(db, 1_000) if each.user_id == person.user_id]


async def told_late(person: Phone) -> int:
    async with reading() as db:
        its = select(func.count()).where(Notice.user_id == person.user_id, Notice.code == "return_delayed")
        return (await db.execute(its)).scalar_one()


async def agrees(person: Phone) -> None:
    """All that is told of this person's money in two places says the same."""
    found = Reconciliation()
    async with transaction() as db:
        await reconcile_range(db, person.user_id, found)
    differing = {each.subject_id for each in found.differences}
    async with reading() as db:
        own = set((await db.execute(select(Agreement.id).where(Agreement.user_id == person.user_id))).scalars())
    assert differing & own == set(), found.differences


async def test_goods_are_owed_from_the_day_on_which_the_person_has_them(shopper: Phone, clock: Clock) -> None:
    agreement = await bought(shopper)
    assert agreement["status"] == "PENDING" and {row["dueOn"] for row in agreement["schedule"]} == {None}
    early = await send_back(shopper, agreement)
    assert (early["code"], early["message"]) == ("NOT_OPEN", "Nothing was delivered yet that could be returned.")
    assert await left(shopper) == (0, 0, 0, 0)

    answers = await asyncio.gather(*(confirm(shopper, agreement) for _ in range(20)))
    assert {answer["status"] for answer in answers} == {"ACTIVE"}, answers[0]
    today = house_clock.local_day(await now())
    seen = await look(shopper, agreement)
    assert (seen["outstanding"]["amount"], len(seen["schedule"])) == ("600.00", 6)
    assert seen["schedule"][0] | {"dueOn": None} == {
        "dueOn": None,
        "due": {"amount": "100.00"},
        "paid": {"amount": "0.00"},
        "status": "OPEN",
    }
    assert today.isoformat() < seen["schedule"][0]["dueOn"] <= (today + timedelta(days=31)).isoformat()
    assert [edge["node"]["message"] for edge in seen["movements"]["edges"]] == ["Delivered to you."]
    assert await left(shopper) == (1, 0, 1, 0)
    assert await ledger(shopper, agreement) == {K.PRINCIPAL: 600_00, K.LENT: 600_00}
    late = await shopper.do("WithdrawApplication", applicationId=agreement["applicationId"])
    assert late["code"] == "NOT_OPEN"
    await shopper.settle()
    await agrees(shopper)


async def test_what_the_shop_reports_counts_after_seven_days_without_a_word(shopper: Phone, clock: Clock) -> None:
    agreement = await bought(shopper)
    await clock.forward(days=1)
    shop = await partner_of(shopper, agreement)
    at = await now() - timedelta(hours=3)
    for wrong in (at + timedelta(hours=4), at - timedelta(days=2)):
        refused = await report(shop, agreement, wrong)
        assert (refused["code"], await left(shopper)) == ("INVALID", (0, 0, 0, 0))
    key = new_key()
    told = [await report(shop, agreement, at, key) for _ in range(2)]
    assert told[0] == told[1] and told[0]["status"] == "PENDING", told
    other = await report(shop, agreement, at + timedelta(hours=1))
    assert other["code"] == "STALE"
    await clock.forward(days=6, hours=23)
    await shopper.renew()
    await shopper.settle()
    assert (await look(shopper, agreement))["status"] == "PENDING"
    await clock.forward(hours=2)
    await shopper.renew()
    await shopper.settle()
    seen = await look(shopper, agreement)
    assert (seen["status"], seen["outstanding"]["amount"]) == ("ACTIVE", "600.00")
    assert datetime.fromisoformat(seen["handover"]["deliveredAt"]) == at
    assert await left(shopper) == (1, 0, 1, 0)
    async with reading() as db:
        act = (await db.execute(select(AgreementAct).where(AgreementAct.user_id == shopper.user_id))).scalar_one()
    assert act.on == house_clock.local_day(at)
    await agrees(shopper)


async def test_what_is_returned_is_unwound_and_what_was_paid_goes_back_once(shopper: Phone, clock: Clock) -> None:
    agreement = await bought(shopper)
    shop = await partner_of(shopper, agreement)
    assert (await take_back(shop, agreement))["code"] == "NOT_OPEN"
    await confirm(shopper, agreement)
    await pay(shopper, agreement, "150.00")
    assert (await send_back(shopper, agreement, reason=" "))["code"] == "INVALID"
    key = new_key()
    answers = await asyncio.gather(*(send_back(shopper, agreement, key) for _ in range(50)))
    assert {answer["status"] for answer in answers} == {"RETURNING"}, answers[0]
    by = (await look(shopper, agreement))["goodsReturn"]["answerBy"]
    assert datetime.fromisoformat(by) == working_days.end_after(await now(), 7)
    assert (await shop.ask(RETURNING, id=agreement["id"]))["node"] == {
        "status": "RETURNING",
        "returnReason": "Too loud.",
        "returnAnswerBy": by,
    }
    assert await late_of(shopper) == [] and await told_late(shopper) == 0
    await clock.forward(days=40)
    await shopper.renew()
    await day_passes(shopper.user_id)
    await shopper.settle()
    assert (await look(shopper, agreement))["status"] == "RETURNING", "nothing is late while it is on its way"
    assert (await late_of(shopper), await told_late(shopper)) == ([uuid_of(agreement["id"])], 1)

    shop = await partner_of(shopper, agreement)
    answers = await asyncio.gather(*(take_back(shop, agreement) for _ in range(50)))
    assert sorted(answer.get("status") or answer["code"] for answer in answers) == ["NOT_OPEN"] * 49 + ["UNWOUND"]
    assert await left(shopper) == (1, 1, 3, 1) and await late_of(shopper) == []
    seen = await look(shopper, agreement)
    assert (seen["status"], seen["outstanding"]["amount"], seen["schedule"]) == ("UNWOUND", "0.00", [])
    assert seen["goodsReturn"] == {"status": "TAKEN_BACK", "reason": "Too loud.", "answer": None, "answerBy": None}
    await agrees(shopper)
    await clock.forward(minutes=1)
    await shopper.settle()
    seen = await look(shopper, agreement)
    assert (
        seen["credit"]["amount"],
        sum(float(each["node"]["amount"]["amount"]) for each in seen["movements"]["edges"]),
    ) == (
        "0.00",
        0,
    )
    assert await ledger(shopper, agreement) == {}
    await agrees(shopper)


async def test_a_part_that_is_taken_back_leaves_fewer_instalments(shopper: Phone, clock: Clock) -> None:
    agreement = await bought(shopper)
    shop = await partner_of(shopper, agreement)
    await confirm(shopper, agreement)
    await send_back(shopper, agreement)
    for amount, code in (("0.00", "INVALID"), ("600.01", "LIMIT_EXCEEDED")):
        assert (await take_back(shop, agreement, amount=cny(amount)))["code"] == code
    assert (await take_back(shop, agreement, amount=cny("250.00")))["status"] == "ACTIVE"
    seen = await look(shopper, agreement)
    assert [row["due"]["amount"] for row in seen["schedule"]] == ["100.00", "100.00", "100.00", "50.00"]
    assert (seen["status"], seen["outstanding"]["amount"]) == ("ACTIVE", "350.00")
    assert [each["node"]["kind"] for each in seen["movements"]["edges"]] == ["PAYOUT_RETURNED", "PRINCIPAL"]
    assert await ledger(shopper, agreement) == {K.PRINCIPAL: 350_00, K.LENT: 350_00}
    await agrees(shopper)
    await send_back(shopper, agreement)
    assert (await take_back(shop, agreement, amount=cny("350.00")))["status"] == "UNWOUND"
    assert await ledger(shopper, agreement) == {}
    await agrees(shopper)


async def test_a_return_that_is_refused_says_why_and_changes_nothing(shopper: Phone, clock: Clock) -> None:
    agreement = await bought(shopper)
    shop = await partner_of(shopper, agreement)
    await confirm(shopper, agreement)
    before = await look(shopper, agreement)
    await send_back(shopper, agreement)
    assert (await send_back(shopper, agreement))["message"] == "It is on its way back already."
    assert (await refuse(shop, agreement))["status"] == "ACTIVE"
    seen = await look(shopper, agreement)
    answered = {"status": "REFUSED", "reason": "Too loud.", "answer": "It was used."}
    assert seen["goodsReturn"] == answered | {"answerBy": None}
    assert seen | {"goodsReturn": None} == before
    await clock.forward(days=8)
    await shopper.renew()
    late = await send_back(shopper, agreement)
    assert (late["code"], late["message"]) == (
        "NOT_OPEN",
        "This can be returned for 7 days after the delivery; they are over.",
    )


async def test_what_is_paid_off_at_once_is_settled_when_it_cannot_be_returned_any_more(
    shopper: Phone, clock: Clock
) -> None:
    agreement = await bought(shopper)
    await confirm(shopper, agreement)
    await pay(shopper, agreement, "600.00")
    assert (await look(shopper, agreement))["status"] == "ACTIVE"
    await clock.forward(days=8)
    await shopper.renew()
    await day_passes(shopper.user_id)
    assert (await look(shopper, agreement))["status"] == "SETTLED"


@pytest.mark.parametrize("operation", ["confirm", "return"])
async def test_nobody_else_does_anything_to_goods(operation: str, shopper: Phone, regular: Phone) -> None:
    agreement = await bought(shopper)
    other = await (confirm if operation == "confirm" else send_back)(regular, agreement)
    assert (other["code"], other["message"]) == ("NOT_FOUND", "We could not find this agreement.")
    assert await left(shopper) == (0, 0, 0, 0)
