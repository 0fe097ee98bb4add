"""Treatments at the doors: owed part by part as the clinic confirms them, and given up where they were not done."""

import asyncio
from decimal import Decimal

from sqlalchemy import func, select

from domain.agreements.acts import AgreementAct
from domain.agreements.treatments import Cancellation, Treatment
from domain.ledger.kinds import AccountKind as K
from infra.database import reading
from tests.api.doors import Client
from tests.applying import product
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.test_drawing import cny, partner_of
from tests.domain.agreements.test_goods import agrees, bought, confirm, ledger, look, pay, send_back
from tests.phones import Answer, Phone, new_key

WHITENING = product("zhian-aesthetics", "za-whitening")  # at 10.8 % a year, without a fee or a deposit


async def booked(person: Phone) -> Answer:
    return await bought(person, WHITENING, "900.00")


async def treat(clinic: Client, agreement: Answer, amount: str, key: str | None = None) -> Answer:
    said = {"agreementId": agreement["id"], "amount": cny(amount), "reference": "T-1"}
    asked = said | {"idempotencyKey": key or new_key()}
    answer: Answer = (await clinic.send("ConfirmTreatment", input=asked))["confirmTreatment"]
    return answer


async def cancel(person: Phone, agreement: Answer, key: str | None = None, reason: str = "I moved.") -> Answer:
    return await person.do(
        "CancelTreatment", agreementId=agreement["id"], reason=reason, idempotencyKey=key or new_key()
    )


async def left(person: Phone) -> tuple[int, ...]:
    """How many treatments, cancellations and acts there are of this person."""
    async with reading() as db:
        counts = [
            select(func.count()).where(noun.user_id == person.user_id)
            for noun in (Treatment, Cancellation, AgreementAct)
        ]
        return tuple([(await db.execute(count)).scalar_one() for count in counts])


async def test_what_was_treated_is_owed_and_the_rest_is_given_up(shopper: Phone, clock: Clock) -> None:
    agreement = await booked(shopper)
    clinic = await partner_of(shopper, agreement)
    for amount, code in (("0.00", "INVALID"), ("900.01", "LIMIT_EXCEEDED")):
        assert (await treat(clinic, agreement, amount))["code"] == code
    for refused in (await confirm(shopper, agreement), await send_back(shopper, agreement)):
        assert refused["code"] == "NOT_OPEN"
    assert await left(shopper) == (0, 0, 0)

    key = new_key()
    told = await asyncio.gather(*(treat(clinic, agreement, "300.00", key) for _ in range(20)))
    assert {answer["status"] for answer in told} == {"ACTIVE"}, told[0]
    seen = await look(shopper, agreement)
    assert (seen["outstanding"]["amount"], len(seen["schedule"])) == ("300.00", 6)
    assert await ledger(shopper, agreement) == {
        K.PRINCIPAL: 300_00,
        K.LENT: 300_00,
        K.DRAWABLE: 600_00,
        K.COMMITTED: 600_00,
    }
    await pay(shopper, agreement, "300.00")
    assert (await look(shopper, agreement))["status"] == "ACTIVE", "more of it is to come"

    await clock.forward(days=40)
    await shopper.renew()
    clinic = await partner_of(shopper, agreement)
    more = await asyncio.gather(*(treat(clinic, agreement, "250.00") for _ in range(10)))
    assert sorted(answer.get("status") or answer["code"] for answer in more) == ["ACTIVE"] * 2 + ["LIMIT_EXCEEDED"] * 8
    seen = await look(shopper, agreement)
    assert sum(Decimal(row["due"]["amount"]) - Decimal(row["paid"]["amount"]) for row in seen["schedule"]) > 500
    await agrees(shopper)

    assert (await cancel(shopper, agreement, reason=" "))["code"] == "INVALID"
    key = new_key()
    answers = await asyncio.gather(*(cancel(shopper, agreement, key) for _ in range(50)))
    assert {answer["status"] for answer in answers} == {"ACTIVE"}, answers[0]
    balances = await ledger(shopper, agreement)
    assert (balances[K.PRINCIPAL], balances.get(K.DRAWABLE, 0)) == (500_00, 0)
    again = await cancel(shopper, agreement)
    assert (again["code"], again["message"]) == ("NOT_OPEN", "All of it was treated; nothing is left to cancel.")
    assert (await treat(clinic, agreement, "1.00"))["code"] == "LIMIT_EXCEEDED"
    assert await left(shopper) == (3, 1, 4)
    await pay(shopper, agreement, "600.00")
    assert (await look(shopper, agreement))["status"] == "SETTLED"
    await agrees(shopper)


async def test_where_nothing_was_treated_a_cancellation_unwinds_all_of_it(shopper: Phone) -> None:
    agreement = await booked(shopper)
    answers = await asyncio.gather(*(cancel(shopper, agreement) for _ in range(20)))
    assert sorted(answer.get("status") or answer["code"] for answer in answers) == ["NOT_OPEN"] * 19 + ["UNWOUND"]
    assert (await treat(await partner_of(shopper, agreement), agreement, "1.00"))["code"] == "NOT_OPEN"
    assert (await left(shopper), await ledger(shopper, agreement)) == ((0, 1, 0), {})
    await agrees(shopper)


async def test_what_nobody_treats_any_more_is_settled_with_the_last_instalment(shopper: Phone, clock: Clock) -> None:
    agreement = await booked(shopper)
    await treat(await partner_of(shopper, agreement), agreement, "300.00")
    await pay(shopper, agreement, "300.00")
    await clock.forward(days=190)
    await shopper.sign_in()
    await day_passes(shopper.user_id)
    assert (await look(shopper, agreement))["status"] == "SETTLED"
    assert await ledger(shopper, agreement) == {
        K.LENT: 300_00,
        K.REPAID: 300_00,
        K.COLLECTED: 300_00,
        K.PAYABLE: 300_00,
    }
    await agrees(shopper)
