"""People who borrow, draw, repay and get back for as long as they are let, and what must be zero of their money afterwards."""

import asyncio
import itertools

from tests.api.app.test_identity import new_id_number
from tests.applying import AT_ONCE, wish
from tests.faults.people import Patient
from tests.phones import Answer, new_key

CARDS = ("4111111111111111", "5555555555554444")
ANOTHER_CARD = "6200000000000005"
MONEY_ZERO = {
    "draw-downs of which nobody knows": "SELECT count(*) FROM draw_downs WHERE status = 'SENT'",
    "payments of which nobody knows": "SELECT count(*) FROM payments WHERE status IN ('PENDING', 'NEEDS_ACTION')",
    "settled payments without exactly one booking": """
        SELECT count(*) FROM payments AS p WHERE status = 'SETTLED' AND 1 <> (SELECT count(*) FROM agreement_acts AS a
        WHERE a.user_id = p.user_id AND a.kind = 'PAYMENT' AND a.cause_id = p.id)""",
    "bookings without a settled payment": """
        SELECT count(*) FROM agreement_acts AS a WHERE kind = 'PAYMENT' AND NOT EXISTS (SELECT FROM payments AS p
        WHERE p.user_id = a.user_id AND p.id = a.cause_id AND p.status = 'SETTLED')""",
    "refunds of which nobody knows": "SELECT count(*) FROM refunds WHERE status = 'PENDING'",
    "settled refunds without exactly one booking": """
        SELECT count(*) FROM refunds AS r WHERE status = 'SETTLED' AND 1 <> (SELECT count(*) FROM agreement_acts AS a
        WHERE a.user_id = r.user_id AND a.kind = 'REFUND' AND a.cause_id = r.id)""",
    "credit that was asked for and did not go back": """
        SELECT count(*) FROM ledger_accounts AS l WHERE kind = 'CREDIT' AND credits > debits AND EXISTS (SELECT FROM refunds
        AS r WHERE r.user_id = l.user_id AND r.cause_id = l.subject_id)""",
    "draw-downs that were settled without exactly one booking": """
        SELECT count(*) FROM draw_downs AS d WHERE status = 'SETTLED' AND 1 <> (SELECT count(*) FROM agreement_acts AS a
        WHERE a.user_id = d.user_id AND a.kind = 'ADVANCE' AND a.cause_id = d.id)""",
    "money that fits nothing": "SELECT count(*) FROM takings WHERE why IS NOT NULL OR contradicted_at IS NOT NULL",
    "agreements that collected another sum than was paid and not given back": """
        SELECT count(*) FROM agreements AS g WHERE coalesce((SELECT debits - credits FROM ledger_accounts AS l
        WHERE l.user_id = g.user_id AND l.subject_id = g.id AND l.kind = 'COLLECTED'), 0)
        <> (SELECT coalesce(sum(amount), 0) FROM payments AS p
            WHERE p.user_id = g.user_id AND p.cause_id = g.id AND p.status = 'SETTLED')
         - (SELECT coalesce(sum(amount), 0) FROM refunds AS r
            WHERE r.user_id = g.user_id AND r.cause_id = g.id AND r.status = 'SETTLED')""",
    "accounts that are not the sum of their transfers": """
        SELECT count(*) FROM ledger_accounts AS l WHERE
        debits <> (SELECT coalesce(sum(amount), 0) FROM transfers AS t
                   WHERE t.user_id = l.user_id AND t.subject_id = l.subject_id AND t.debit = l.kind)
        OR credits <> (SELECT coalesce(sum(amount), 0) FROM transfers AS t
                   WHERE t.user_id = l.user_id AND t.subject_id = l.subject_id AND t.credit = l.kind)""",
}


async def borrow(person: Patient, card: str) -> Answer:
    """An agreement to draw of."""
    await prove(person, card)
    return await accept(person, await person.apply(wish(AT_ONCE, "3000.00", 6)))


async def prove(person: Patient, card: str) -> None:
    """Everything that money asks for."""
    await person.begin()
    number = new_id_number("19900101")
    await person.send("VerifyIdentity", input={"name": "李雷", "idNumber": number, "idempotencyKey": new_key()})
    asked = await person.send("RequestPhoneCode", input={"phone": person.number, "purpose": "STEP_UP"})
    await person.send("StepUp", input={"kind": "CODE", "response": await person.code_of(asked["id"])})
    account = {"kind": "BANK", "number": card, "isDefault": True, "idempotencyKey": new_key()}
    await person.send("AddPaymentAccount", input=account)


async def accept(person: Patient, application: Answer) -> Answer:
    """What its offer made, accepted twice."""
    offer = application["offer"]
    documents = [document["sha256"] for document in offer["documents"]]
    said = {"offerId": offer["id"], "documents": documents, "idempotencyKey": new_key()}
    agreement = await person.send("AcceptOffer", input=said)
    assert agreement["__typename"] == "Agreement", agreement
    assert (await person.send("AcceptOffer", input=said))["id"] == agreement["id"]
    return agreement


async def draw_and_repay(person: Patient, loan: Answer, storm: "asyncio.Task[None]") -> int:
    """Draw and repay for as long as the storm lasts, each again by the same key. Answers how many repayments were taken."""
    taken = 0
    for number in itertools.count(1):
        if storm.done() or number == 18:
            return taken
        draw = {"agreementId": loan["id"], "amount": cny(f"{100 + number}.00"), "idempotencyKey": new_key()}
        await person.send("DrawDown", input=draw)
        pay = {"agreementId": loan["id"], "amount": cny(f"{10 + number}.00"), "idempotencyKey": new_key()}
        first = await person.send("Repay", input=pay)
        again = await person.send("Repay", input=pay)
        if first["__typename"] == "Repayment":
            assert again["id"] == first["id"]
        # What was refused because nothing was owed yet left nothing behind, and may be taken when it is sent again.
        taken += again["__typename"] == "Repayment"
        await asyncio.sleep(0.3)
    raise AssertionError("it counts for ever")


async def live_whole_loans(person: Patient, storm: "asyncio.Task[None]") -> int:
    """Borrow, pay off more than is owed and get that back, as often as the storm lasts. Answers how many repayments were taken."""
    for taken in itertools.count():
        if storm.done() or taken == 9:
            return taken
        application = await person.apply(wish(AT_ONCE, f"{500 + taken}.00", 3))
        loan = {"agreementId": (await accept(person, application))["id"]}
        await person.send("DrawDown", input=loan | {"amount": cny("500.00"), "idempotencyKey": new_key()})
        paid: Answer = {}
        while paid.get("__typename") != "Repayment":
            # What is not paid out yet is not owed; and what its partner's worker took with it into death is tried long after.
            if storm.done():
                return taken
            await asyncio.sleep(0.3)
            paid = await person.send("Repay", input=loan | {"amount": cny("550.00"), "idempotencyKey": new_key()})
        back = loan | {"idempotencyKey": new_key()}
        for _ in range(2):
            await person.send("RefundCredit", input=back)
    raise AssertionError("it counts for ever")


def cny(amount: str) -> Answer:
    return {"amount": amount, "currency": "CNY"}
