"""Drawing at the doors: reserved, paid out by the partner, owed from then; a statement, a quote and a subscription that agree."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from domain.agreements import agreements, booking, drawing, standings
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.draw_downs import DrawDown
from domain.agreements.drawing import PayoutOutcome
from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from infra import clock as house_clock
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.outbox import Event
from integrations.cashier.sandbox import orders
from integrations.cashier.sandbox.orders import SandboxMode
from tests.api.app.test_identity import new_id_number, verify
from tests.api.app.test_payment_accounts import OWN, REMOVE, add
from tests.api.doors import Client
from tests.clocks import Clock
from tests.days import day_passes
from tests.domain.agreements.loans import open_loan, pay_out
from tests.domain.agreements.test_accepting import accept, offered
from tests.phones import Answer, Phone, new_key, uuid_of
from tests.sockets import socket
from tests.statements import statements
from tests.trying import rolled_back

MINE = """query($id: ID!) { node(id: $id) { ... on Agreement { id status endsOn dueDay overdueDays
  outstanding { amount } credit { amount } drawable { amount } drawDowns { id status amount { amount } settledAt }
  schedule { number dueOn due { amount } paid { amount } principal { amount } interest { amount } status }
  payoffQuote { id on amount { amount } principal { amount } interest { amount } honouredUntil }
  movements { edges { node { id kind amount { amount } message } } pageInfo { hasNextPage endCursor } } } } }"""


CHANGED = "subscription($id: ID!) { agreementChanged(id: $id) { status outstanding { amount } } }"


def cny(amount: str) -> Answer:
    return {"amount": amount, "currency": "CNY"}


async def draw(person: Phone, agreement: Answer, amount: str, key: str | None = None, **more: object) -> Answer:
    said = {"agreementId": agreement["id"], "amount": cny(amount), "idempotencyKey": key or new_key()}
    return await person.do("DrawDown", **(said | more))


async def look(person: Phone, agreement: Answer) -> Answer:
    found: Answer = (await person.ask(MINE, id=agreement["id"]))["node"]
    return found


async def partner_of(person: Phone, agreement: Answer) -> Client:
    async with transaction() as db:
        its = select(Agreement.partner_id).where(Agreement.id == uuid_of(agreement["id"]))
        client = PartnerClient(
            client_id=f"client-{uuid4()}",
            partner_id=(await db.execute(its)).scalar_one(),
            secret_hash="nobody knows it",
            created_at=await house_clock.now(db),
            scopes=["applications", "products"],
        )
        db.add(client)
        await db.flush()
        return Client(person.http, "partner", await partner_tokens.issue(db, client))


async def by_hand(times: int = 1) -> None:
    """Let the partner say itself what becomes of the next payouts."""
    async with transaction() as db:
        await orders.arrange(db, SandboxMode.ACTION, times)


async def report(partner: Client, drawn: Answer, outcome: str, key: str | None = None) -> Answer:
    said = {"drawDownId": drawn["id"], "outcome": outcome, "reference": "R-1", "idempotencyKey": key or new_key()}
    answer: Answer = (await partner.send("ReportPayout", input=said))["reportPayout"]
    return answer


@pytest.fixture
async def borrower(shopper: Phone, clock: Clock) -> Phone:
    """A shopper whom a register knows, with an account of their own, in a session older than a day."""
    await verify(shopper, new_id_number())
    await clock.forward(days=1, seconds=1)
    await shopper.renew()
    await shopper.settle()
    return shopper


async def test_a_loan_is_drawn_paid_out_and_owed(borrower: Phone, clock: Clock) -> None:
    agreement = await accept(borrower, await offered(borrower))
    refused = await draw(borrower, agreement, "400.00")
    assert (refused["code"], refused["field"]) == ("INVALID", ["input", "paymentAccountId"])
    account = await add(borrower, OWN)
    assert account["__typename"] == "PaymentAccount", account
    for amount, code in (("0.00", "INVALID"), ("1000.01", "LIMIT_EXCEEDED")):
        refused = await draw(borrower, agreement, amount)
        assert (refused["code"], refused["field"]) == (code, ["input", "amount"])
    previewed = await borrower.do("PreviewChange", agreementId=agreement["id"], amount=cny("400.00"))
    assert previewed["__typename"] == "ChangePreview" and len(previewed["schedule"]) == 3, previewed

    await by_hand()
    key = new_key()
    answers = await asyncio.gather(*(draw(borrower, agreement, "400.00", key) for _ in range(50)))
    assert answers == [answers[0]] * 50 and answers[0]["status"] == "SENT", answers[0]
    drawn = answers[0]
    await borrower.settle()
    seen = await look(borrower, agreement)
    assert (seen["status"], seen["drawable"]["amount"], seen["outstanding"]["amount"]) == ("PENDING", "600.00", "0.00")
    assert seen["payoffQuote"] is None and seen["movements"]["edges"] == []
    stays = (await borrower.ask(REMOVE, input={"paymentAccountId": account["id"]}))["removePaymentAccount"]
    assert stays["code"] == "NOT_OPEN"

    partner = await partner_of(borrower, agreement)
    query = "query($id: ID!) { node(id: $id) { ... on DrawDown { status amount { amount } payTo { kind holder number } } } }"
    told = (await partner.ask(query, id=drawn["id"]))["node"]
    assert (told["amount"]["amount"], told["payTo"]["number"]) == ("400.00", OWN)
    assert (await report(partner, drawn, "SETTLED"))["status"] == "SETTLED"
    assert (await report(partner, drawn, "SETTLED"))["status"] == "SETTLED"
    contradicted = await report(partner, drawn, "FAILED")
    assert (contradicted["code"], contradicted["field"]) == ("STALE", ["input", "outcome"])
    assert (await partner.ask(query, id=drawn["id"]))["node"]["payTo"] is None

    seen = await look(borrower, agreement)
    assert (seen["status"], seen["outstanding"]["amount"]) == ("ACTIVE", "400.00")
    assert [(row["due"], row["dueOn"]) for row in seen["schedule"]] == [
        (row["due"] | {"amount": row["due"]["amount"]}, row["dueOn"]) for row in seen["schedule"]
    ]
    assert [row["due"]["amount"] for row in seen["schedule"]] == [row["due"]["amount"] for row in previewed["schedule"]]
    (line,) = [edge["node"] for edge in seen["movements"]["edges"]]
    assert (line["kind"], line["amount"]["amount"], line["message"]) == ("PRINCIPAL", "400.00", "Paid out to you.")
    assert seen["payoffQuote"]["amount"]["amount"] == "400.00"

    await clock.forward(days=10)
    await borrower.renew()
    later = await look(borrower, agreement)
    quote = later["payoffQuote"]
    assert later["outstanding"]["amount"] == "400.00" and float(quote["interest"]["amount"]) > 0
    assert (await look(borrower, agreement))["payoffQuote"] == quote
    await clock.forward(days=25)
    await borrower.renew()
    await day_passes(borrower.user_id)
    late = await look(borrower, agreement)
    assert late["status"] == "OVERDUE" and late["overdueDays"] >= 3
    assert late["schedule"][0]["status"] == "OVERDUE"
    total = sum(float(edge["node"]["amount"]["amount"]) for edge in late["movements"]["edges"])
    assert total == pytest.approx(float(late["outstanding"]["amount"]))
    assert (await draw(borrower, agreement, "100.00"))["code"] == "NOT_OPEN"


async def test_a_payout_that_fails_releases_and_the_sandbox_pays_out_by_itself(borrower: Phone) -> None:
    agreement = await accept(borrower, await offered(borrower))
    await add(borrower, OWN)
    async with transaction() as db:
        await orders.arrange(db, SandboxMode.FAIL, 1)
        await orders.arrange(db, SandboxMode.CONTRADICT, 1)
    await draw(borrower, agreement, "1000.00")
    await borrower.settle()
    seen = await look(borrower, agreement)
    assert (seen["status"], seen["drawable"]["amount"]) == ("PENDING", "1000.00")
    assert seen["drawDowns"][0]["status"] == "FAILED"
    async with socket() as line:
        await line.sign_in(borrower.token)
        await line.subscribe(CHANGED, {"id": agreement["id"]})
        assert (await line.next())["agreementChanged"] == {"status": "PENDING", "outstanding": {"amount": "0.00"}}
        await draw(borrower, agreement, "1000.00")
        assert (await line.next())["agreementChanged"]["status"] == "PENDING"
        await borrower.settle()
        assert (await line.next())["agreementChanged"] == {"status": "ACTIVE", "outstanding": {"amount": "1000.00"}}
        async with transaction() as db:
            held = await agreements.lock(db, borrower.user_id, uuid_of(agreement["id"]))
            assert held is not None
            await booking.book_act(db, held, ActKind.PAYMENT, new_id(), 100)
        assert (await line.next())["agreementChanged"] == {"status": "ACTIVE", "outstanding": {"amount": "999.00"}}
    seen = await look(borrower, agreement)
    assert (seen["status"], seen["drawable"]["amount"], seen["outstanding"]["amount"]) == ("ACTIVE", "0.00", "999.00")
    assert [each["status"] for each in seen["drawDowns"]] == ["SETTLED", "FAILED"]
    # The terms bind to the cent: but for the yuan that was paid on the first day.
    first, *_ = seen["schedule"]
    assert (first["due"]["amount"], first["paid"]["amount"]) == (agreement["schedule"][0]["due"]["amount"], "1.00")


async def test_fifty_at_once_never_draw_more_than_the_limit(borrower: Phone) -> None:
    agreement = await accept(borrower, await offered(borrower))
    await add(borrower, OWN)
    answers = await asyncio.gather(*(draw(borrower, agreement, "300.00") for _ in range(50)))
    sent = [answer for answer in answers if answer["__typename"] == "DrawDown"]
    assert len(sent) == 3 and {answer["code"] for answer in answers if answer not in sent} == {"LIMIT_EXCEEDED"}
    async with reading() as db:
        balances = await balances_of(db, borrower.user_id, uuid_of(agreement["id"]))
        rows = select(func.count()).where(DrawDown.user_id == borrower.user_id)
        events = select(func.count()).where(Event.user_id == borrower.user_id, Event.name == "payout.requested")
        counts = [(await db.execute(count)).scalar_one() for count in (rows, events)]
    assert (balances[K.DRAWABLE], balances[K.RESERVED], counts) == (100_00, 900_00, [3, 3])


async def test_whoever_is_not_checked_draws_nothing(shopper: Phone) -> None:
    agreement = await accept(shopper, await offered(shopper))
    refused = await draw(shopper, agreement, "10.00")
    assert refused["code"] == "NOT_ALLOWED"


async def test_an_agreement_is_read_by_one_statement_whatever_is_asked() -> None:
    async with transaction() as db:
        agreement = await open_loan(db)
        await pay_out(db, agreement, 600_00)
    key = (agreement.user_id, agreement.id)
    async with reading() as db:
        with statements() as sent:
            found = await standings.standings(db, {key})
        assert (
            len([each for each in sent if "FROM agreement" in each or "FROM draw" in each or "FROM move" in each]) == 4
        )
    assert found[key].outstanding == 600_00


async def test_the_fee_is_borne_in_shares_that_add_up() -> None:
    async with rolled_back() as db:
        agreement = await open_loan(db, 1_000_00, fee=10_01)
        parts = [(await pay_out(db, agreement, amount)).withheld for amount in (333_33, 333_33, 333_34)]
        balances = await balances_of(db, agreement.user_id, agreement.id)
        assert sum(parts) == 10_01 and balances[K.FEES_EARNED] == 10_01
        assert (balances[K.PRINCIPAL], balances[K.LENT]) == (1_000_00, 989_99)
        with pytest.raises(Refusal):
            await drawing.conclude(
                db,
                agreement.user_id,
                (await standings.standing_of(db, agreement)).draw_downs[0].id,
                PayoutOutcome.FAILED,
                None,
            )


async def test_the_next_day_that_looks_at_a_loan_is_three_days_before_an_instalment() -> None:
    async with rolled_back() as db:
        agreement = await open_loan(db)
        today = await house_clock.today(db)
        assert agreement.next_on == today + timedelta(days=90)
        await pay_out(db, agreement, 600_00)
        await pay_out(db, agreement, 600_00)
        standing = await standings.standing_of(db, agreement)
        due_on = standing.life.rows[0].due_on
        assert agreement.next_on == due_on - timedelta(days=3)
        assert agreement.overdue_at == house_clock.begins(due_on + timedelta(days=1))
