"""A loan's whole life as its person and its partner see it: GraphQL in, webhook out, and the ledger agrees at the end."""

from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import func, update

from domain.ledger.accounts import balances_of
from domain.ledger.kinds import AccountKind as K
from domain.market.products import Product
from domain.people.partners import Partner
from infra.database import reading, transaction
from infra.settings import settings
from integrations.webhooks.endpoints import WebhookEndpoint
from integrations.webhooks.event_types import EventType
from tests.api.app.test_changing_phone import stepped_up
from tests.api.app.test_identity import new_id_number, verify
from tests.api.people import Shop
from tests.applying import AT_ONCE, apply, row_of
from tests.clocks import Clock
from tests.integrations.webhooks.hooks import hook, listen, send_all
from tests.phones import Answer, Phone, new_key, uuid_of

CARD = "4111111111111111"
LOAN = (EventType.PAYOUT_REQUESTED, EventType.AGREEMENT_DRAWN, EventType.AGREEMENT_REPAID, EventType.AGREEMENT_SETTLED)


def cny(amount: str) -> Answer:
    return {"amount": amount, "currency": "CNY"}


async def accepted(member: Phone) -> Answer:
    """An agreement of 2,000.00 over three months, whose person is known and has a card."""
    await member.tell(birthDate="1990-01-01", monthlyIncome=cny("9000.00"))
    for provider in ("wechat", "taobao", "oidc"):
        await member.link(provider)
    await member.settle()
    application = await apply(member, AT_ONCE, "2000.00", termMonths=3)
    documents = [document["sha256"] for document in application["offer"]["documents"]]
    await verify(member, new_id_number("19900101"))
    await stepped_up(member)
    account = await member.do("AddPaymentAccount", kind="BANK", number=CARD, isDefault=True, idempotencyKey=new_key())
    assert account["__typename"] == "PaymentAccount", account
    offer = application["offer"]["id"]
    agreement = await member.do("AcceptOffer", offerId=offer, documents=documents, idempotencyKey=new_key())
    assert (agreement["__typename"], agreement["status"]) == ("Agreement", "PENDING")
    return {**agreement, "application": application}


async def repay(member: Phone, agreement: Answer, amount: Answer, **more: str) -> Answer:
    return await member.do("Repay", agreementId=agreement["id"], amount=amount, idempotencyKey=new_key(), **more)


async def test_a_loan_is_drawn_repaid_and_paid_off_to_the_cent(
    member: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await member.http.delete("/dev/cashier")
    agreement = await accepted(member)
    partner_id = (await row_of(agreement["application"])).partner_id
    async with reading() as db:
        shop = Shop(await db.get_one(Partner, partner_id), cast(Product, None), "")
    async with hook() as server:
        monkeypatch.setattr(settings(), "webhook_allow", [server.authority])
        endpoint_id, _ = await listen(shop, server.url, *LOAN)
        drawn = await member.do(
            "DrawDown", agreementId=agreement["id"], amount=cny("1500.00"), idempotencyKey=new_key()
        )
        assert (drawn["status"], drawn["agreement"]["outstanding"]) == ("SENT", cny("0.00"))
        await member.settle()
        shown = await member.send("AgreementById", id=agreement["id"])
        assert (shown["status"], shown["outstanding"], shown["drawable"]) == ("ACTIVE", cny("1500.00"), cny("500.00"))
        # The cashier wants a page opened; whoever restarts the app finds it again.
        await member.http.post("/dev/cashier", json={"mode": "ACTION"})
        first = await repay(member, agreement, shown["schedule"][0]["due"])
        assert (first["status"], first["agreement"]["outstanding"]) == ("NEEDS_ACTION", cny("1500.00"))
        shown = await member.send("AgreementById", id=agreement["id"])
        assert shown["nextAction"]["url"] == first["nextAction"]["url"] == shown["repayments"][0]["nextAction"]["url"]
        await member.http.post(first["nextAction"]["url"], data={"press": "pay"})
        shown = await member.send("AgreementById", id=agreement["id"])
        assert (shown["nextAction"], shown["repayments"][0]["status"]) == (None, "SETTLED")
        assert shown["schedule"][0]["status"] == "PAID"
        quote = shown["payoffQuote"]
        settled = await repay(member, agreement, quote["amount"], payoffQuoteId=quote["id"])
        assert (settled["status"], settled["agreement"]) == (
            "SETTLED",
            {"id": agreement["id"], "status": "SETTLED", "outstanding": cny("0.00")},
        )
        await member.settle()
        await send_all()
        heard = [posted.told["type"] for posted in server.posted]
        await forget(endpoint_id)
    assert heard == ["payout.requested", "agreement.drawn", *["agreement.repaid"] * 3, "agreement.settled"]
    await the_statement_and_the_ledger_agree(member, agreement)


async def forget(endpoint_id: UUID) -> None:
    """The partner is everybody's, and this server's port soon somebody else's."""
    gone = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).values(deleted_at=func.longan_now())
    async with transaction() as db:
        await db.execute(gone)


async def the_statement_and_the_ledger_agree(member: Phone, agreement: Answer) -> None:
    shown = await member.send("AgreementById", id=agreement["id"])
    moved = sum(round(float(edge["node"]["amount"]["amount"]) * 100) for edge in shown["movements"]["edges"])
    assert (moved, shown["credit"]) == (0, cny("0.00"))
    paid = sum(round(float(each["amount"]["amount"]) * 100) for each in shown["repayments"])
    async with reading() as db:
        balances = await balances_of(db, member.user_id, uuid_of(agreement["id"]))
    assert (balances.outstanding, balances[K.COLLECTED], balances[K.PAYABLE]) == (0, paid, paid)
