"""What somebody of a test client's world has is lived to its end, by the verbs by which everybody lives."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from domain.agreements import deposits
from domain.agreements.agreements import Agreement
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product
from infra import clock
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from tests.api.doors import Client
from tests.api.offering import RENTAL, upsert, yuan
from tests.api.partner.simulating import AGREEMENT, accepted, happened, owner_of, product_of, simulate, stands
from tests.api.people import Shop, open_shop
from tests.phones import uuid_of
from tests.working import work_off

pytestmark = pytest.mark.usefixtures("steady_scorer")


@pytest.fixture
async def shop() -> Shop:
    return await open_shop(is_test=True)


async def test_a_loan_is_repaid_to_its_last_cent(client: Client, shop: Shop) -> None:
    agreement = await accepted(client, product_of(shop))
    _, owed = await stands(client, agreement)
    assert await happened(client, "PAYMENT", agreementId=agreement) == agreement
    status, rest = await stands(client, agreement)
    assert status == "ACTIVE" and 0 < rest < owed
    await happened(client, "PAYMENT", agreementId=agreement, amount={"amount": str(rest), "currency": "CNY"})
    assert await stands(client, agreement) == ("SETTLED", Decimal(0))
    again = await simulate(client, "PAYMENT", agreementId=agreement)
    assert (again["code"], again["field"]) == ("NOT_OPEN", ["input", "agreementId"])
    await work_off(await owner_of(agreement))  # and no cashier is asked for what was paid
    report = """query ($on: Date!) { settlementReport(on: $on) { lines { kind amount { amount } agreementId } } }"""
    async with reading() as db:
        today = (await clock.today(db)).isoformat()
    lines = (await client.ask(report, on=today))["settlementReport"]["lines"]
    assert sum(Decimal(line["amount"]["amount"]) for line in lines if line["kind"] == "RECEIVED") == owed
    assert {line["agreementId"] for line in lines} == {agreement}


ASKED = "query ($id: ID!) { node(id: $id) { ... on Application { amount { amount currency } termMonths } } }"


async def test_a_lease_is_lived_from_its_deposit_to_a_claim_on_it(client: Client) -> None:
    terms: dict[str, Any] = {"deposit": yuan("5000.00"), "status": "PUBLISHED", "decision": "PARTNER"}
    application = await happened(client, "APPLICATION", productId=(await upsert(client, **RENTAL, **terms))["id"])
    asked = (await client.ask(ASKED, id=application))["node"]
    answer = {"applicationId": application, "outcome": "APPROVE", "terms": asked, "idempotencyKey": str(uuid4())}
    decided = (await client.send("DecideApplication", input=answer))["decideApplication"]
    assert decided == {"__typename": "Application", "id": application, "status": "APPROVED"}
    agreement = await happened(client, "ACCEPTANCE", applicationId=application)
    assert await stands(client, agreement) == ("ACTIVE", Decimal(2500))
    await happened(client, "PAYMENT", agreementId=agreement)
    assert await stands(client, agreement) == ("ACTIVE", Decimal(0))
    assert await happened(client, "NOTICE", agreementId=agreement) == agreement
    claim = {"amount": yuan("300"), "reason": "A broken window", "agreementId": agreement}
    claimed = (await client.send("ClaimDamage", input={**claim, "idempotencyKey": str(uuid4())}))["claimDamage"]
    assert claimed["__typename"] == "Agreement", claimed
    early = await simulate(client, "CLAIM_DECISION", agreementId=agreement, amount=yuan("300.01"))
    assert (early["code"], early["field"]) == ("INVALID", ["input", "amount"])
    assert await happened(client, "DISPUTE", agreementId=agreement) == agreement
    assert await happened(client, "CLAIM_DECISION", agreementId=agreement, amount=yuan("120")) == agreement
    again = await simulate(client, "CLAIM_DECISION", agreementId=agreement)
    assert (again["code"], again["field"]) == ("NOT_OPEN", ["input", "agreementId"])
    async with reading() as db:
        deposit = await deposits.find(db, await owner_of(agreement), uuid_of(agreement))
        assert deposit is not None and deposit.kept == 120_00
    late = await happened(client, "LATE_PAYMENT", agreementId=agreement)
    seen = (await client.ask(AGREEMENT, id=late))["node"]
    assert (seen["status"], seen["overdueDays"]) == ("OVERDUE", 1)
    await work_off(await owner_of(agreement))


async def test_an_agreement_is_late_and_another_defaults(client: Client, shop: Shop) -> None:
    late = await happened(client, "LATE_PAYMENT", productId=product_of(shop))
    seen = (await client.ask(AGREEMENT, id=late))["node"]
    assert (seen["status"], seen["overdueDays"]) == ("OVERDUE", 1)
    worse = await happened(client, "DEFAULT", agreementId=late)
    assert worse != late
    seen = (await client.ask(AGREEMENT, id=worse))["node"]
    assert (seen["status"], seen["overdueDays"]) == ("OVERDUE", 91)
    async with reading() as db:
        told = await db.get_one(Agreement, (await owner_of(worse), uuid_of(worse)))
        assert told.bucket == 91
    await work_off(told.user_id)


@pytest.mark.parametrize("kind", [ProductKind.ELECTRONICS, ProductKind.AESTHETICS])
async def test_goods_and_treatments_are_late_too(client: Client, shop: Shop, kind: ProductKind) -> None:
    async with transaction() as db:
        other = Product(
            id=new_id(),
            partner_id=shop.partner.id,
            sku=kind.value,
            kind=kind,
            title="Another",
            amount_min=100_000,
            amount_max=1_000_000,
            currency="CNY",
            term_months=[6, 12],
            annual_rate=shop.product.annual_rate,
            decision=DecisionMode.INSTANT,
        )
        db.add(other)
    late = await happened(client, "LATE_PAYMENT", productId=global_id("Product", other.id))
    seen = (await client.ask(AGREEMENT, id=late))["node"]
    assert (seen["status"], seen["overdueDays"], seen["product"]["sku"]) == ("OVERDUE", 1, kind.value)
    if kind is ProductKind.ELECTRONICS:
        goods = await accepted(client, global_id("Product", other.id))
        await happened(client, "PAYMENT", agreementId=goods)
        await happened(client, "RETURN", agreementId=goods)
        assert (await stands(client, goods))[0] == "RETURNING"
        answer = {"agreementId": goods, "idempotencyKey": str(uuid4())}
        assert (await client.send("ConfirmReturn", input=answer))["confirmReturn"]["status"] == "UNWOUND"
        await work_off(await owner_of(goods))  # what was paid goes back by who took it
        assert await stands(client, goods) == ("UNWOUND", Decimal(0))
