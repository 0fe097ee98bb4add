"""A partner follows its agreements, and reads a day's settlement."""

from typing import Any

import pytest

from domain.agreements.agreements import Agreement
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind
from domain.reconciling import remittances
from infra import clock
from infra.database import transaction
from infra.ids import global_id, new_id
from tests.api.doors import Client
from tests.api.people import Shop, open_shop
from tests.domain.agreements.loans import open_loan, pay_out, repay
from tests.domain.ledger.books import Loan


async def agreed(shop: Shop) -> Agreement:
    async with transaction() as db:
        agreement = await open_loan(db, 1_200_00, partner_id=shop.partner.id)
        agreement.product_id = shop.product.id
    return agreement


async def feed(client: Client, **variables: Any) -> tuple[list[str], Any]:
    """The ids of one page, and where it ends."""
    page = (await client.ask(FEED, **variables))["agreements"]
    return [edge["node"]["id"] for edge in page["edges"]], page["pageInfo"]


FEED = """
query ($updatedSince: DateTime, $first: Int, $after: String) {
  agreements(updatedSince: $updatedSince, first: $first, after: $after) {
    edges { cursor node { id status product { sku } outstanding { amount currency } overdueDays
      drawDowns { id status amount { amount currency } } updatedAt } } pageInfo { hasNextPage endCursor } } }
"""


def shown(agreement: Agreement) -> str:
    return global_id("Agreement", agreement.id)


class TestTheFeed:
    async def test_it_goes_on_where_it_ended_and_misses_nothing(self, client: Client, shop: Shop) -> None:
        nodes, empty = await feed(client)
        assert nodes == [] and empty["endCursor"] and not empty["hasNextPage"]
        one, other = await agreed(shop), await agreed(shop)
        await agreed(await open_shop())
        nodes, page = await feed(client, first=1, after=empty["endCursor"])
        assert nodes == [shown(one)] and page["hasNextPage"]
        nodes, page = await feed(client, after=page["endCursor"])
        assert nodes == [shown(other)] and not page["hasNextPage"]
        assert await feed(client, after=page["endCursor"]) == ([], page)
        async with transaction() as db:
            await pay_out(db, await db.get_one(Agreement, (one.user_id, one.id)), 500_00)
        nodes, page = await feed(client, after=page["endCursor"])
        assert nodes == [shown(one)]

    async def test_an_agreement_says_where_it_stands(self, client: Client, shop: Shop) -> None:
        agreement = await agreed(shop)
        async with transaction() as db:
            drawn = await pay_out(db, await db.get_one(Agreement, (agreement.user_id, agreement.id)), 500_00)
        told = await client.ask(FEED)
        (node,) = [edge["node"] for edge in told["agreements"]["edges"]]
        assert node.pop("updatedAt")
        assert node == {
            "id": shown(agreement),
            "status": "ACTIVE",
            "product": {"sku": "loan"},
            "outstanding": {"amount": "500.00", "currency": "CNY"},
            "overdueDays": 0,
            "drawDowns": [
                {
                    "id": global_id("DrawDown", drawn.id),
                    "status": "SETTLED",
                    "amount": {"amount": "500.00", "currency": "CNY"},
                }
            ],
        }


REPORT = """
query ($on: Date!, $currency: String) { settlementReport(on: $on, currency: $currency) { on
  lines { about agreementId kind amount { amount currency } reference } paidOut { amount } received { amount } refunded { amount }
  fees { amount } net { amount currency } remittance { amount { amount } firstOn lastOn paidAt reference } } }
"""


class TestTheReport:
    async def test_it_tells_a_day_line_by_line(self, client: Client, shop: Shop) -> None:
        agreement = await agreed(shop)
        async with transaction() as db:
            held = await db.get_one(Agreement, (agreement.user_id, agreement.id))
            await pay_out(db, held, 500_00)
            await repay(db, held, 520_00)
            loan = Loan(user_id=held.user_id, partner_id=held.partner_id)
            loan.id = held.id
            refund = Cause(CauseKind.REFUND, new_id())
            await post(db, loan.all_of(refund, (K.PAYABLE, K.COLLECTED, 20_00), (K.CREDIT, K.REPAID, 20_00)))
            await post(db, [loan.transfer(K.PAYABLE, K.COMMISSION, 1_50)])
            today = str(await clock.today(db))
        report = (await client.ask(REPORT, on=today))["settlementReport"]
        assert [(line["kind"], line["amount"]["amount"]) for line in report["lines"]] == [
            ("PAID_OUT", "500.00"),
            ("RECEIVED", "520.00"),
            ("REFUNDED", "20.00"),
            ("FEE", "1.50"),
        ]
        assert {(line["about"], line["agreementId"]) for line in report["lines"]} == {("AGREEMENT", shown(agreement))}
        totals = {name: report[name]["amount"] for name in ("paidOut", "received", "refunded", "fees", "net")}
        assert totals == {
            "paidOut": "500.00",
            "received": "520.00",
            "refunded": "20.00",
            "fees": "1.50",
            "net": "498.50",
        }
        assert report["remittance"] is None
        async with transaction() as db:
            await remittances.reckon(db, await clock.today(db))
        due = (await client.ask(REPORT, on=today))["settlementReport"]["remittance"]
        days = {"firstOn": today, "lastOn": today}
        assert due == {"amount": {"amount": "498.50"}, **days, "paidAt": None, "reference": None}
        empty = (await client.ask(REPORT, on="2001-02-03"))["settlementReport"]
        assert (empty["lines"], empty["net"]) == ([], {"amount": "0.00", "currency": "CNY"})
        none = (await client.ask(REPORT, on=today, currency="JPY"))["settlementReport"]
        assert (none["lines"], none["net"]) == ([], {"amount": "0", "currency": "JPY"})

    async def test_a_currency_that_there_is_not_is_refused(self, client: Client) -> None:
        assert await client.error_code(REPORT, on="2027-01-01", currency="XXQ") == (200, "BAD_REQUEST")


@pytest.mark.parametrize("document", ["Agreements", "Me"])
async def test_the_documents_of_the_contract_are_answered(client: Client, document: str) -> None:
    assert await client.send(document)
