"""What the tests of simulations share: a wish, and what a test client then sees."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from domain.agreements.agreements import Agreement
from infra.database import reading
from infra.ids import global_id
from tests.api.doors import Client
from tests.api.people import Shop
from tests.phones import uuid_of

AGREEMENT = """query Agreement($id: ID!) { node(id: $id) { ... on Agreement {
  status overdueDays outstanding { amount } product { sku } drawDowns { status amount { amount } } } } }"""
APPLICATION = """query Application($id: ID!) { node(id: $id) { ... on Application {
  status grade decision { outcome } offer { id } } } }"""


async def simulate(client: Client, event: str, key: str = "", **ids: Any) -> dict[str, Any]:
    told = {"event": event, "idempotencyKey": key or str(uuid4()), **ids}
    answer: dict[str, Any] = (await client.send("Simulate", input=told))["simulate"]
    return answer


async def happened(client: Client, event: str, **ids: Any) -> str:
    answer = await simulate(client, event, **ids)
    assert answer["__typename"] == "Simulated", answer
    return str(answer["id"])


def product_of(shop: Shop) -> str:
    return global_id("Product", shop.product.id)


async def accepted(client: Client, product: str) -> str:
    """Somebody has this, approved by whoever decides about it."""
    application = await happened(client, "APPLICATION", productId=product)
    if (await client.ask(APPLICATION, id=application))["node"]["status"] != "APPROVED":
        await happened(client, "DECISION", applicationId=application)
    return await happened(client, "ACCEPTANCE", applicationId=application)


async def stands(client: Client, agreement: str) -> tuple[str, Decimal]:
    seen = (await client.ask(AGREEMENT, id=agreement))["node"]
    return seen["status"], Decimal(seen["outstanding"]["amount"])


async def owner_of(agreement: str) -> UUID:
    async with reading() as db:
        its = select(Agreement.user_id).where(Agreement.id == uuid_of(agreement))
        return (await db.execute(its)).scalar_one()
