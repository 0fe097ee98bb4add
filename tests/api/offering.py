"""What the tests of a partner's shelf share: two products to offer, and what came of it."""

from typing import Any
from uuid import uuid4

from sqlalchemy import func, select, update

from domain.market.products import Product, ProductStatus
from infra.database import reading, transaction
from infra.ids import parse_global_id
from infra.outbox import Event
from integrations.webhooks.endpoints import WebhookEndpoint
from tests.api.doors import Client
from tests.api.people import Shop


def yuan(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


LOAN: dict[str, Any] = {
    "sku": "PHONE-256/black",
    "kind": "LOAN",
    "title": "手机借款",
    "amountMin": yuan("1000.00"),
    "amountMax": yuan("8000.00"),
    "termMonths": [6, 12],
    "annualRate": "0.12",
}
RENTAL = LOAN | {"kind": "RENTAL", "amountMin": yuan("2500"), "amountMax": yuan("2500"), "annualRate": None}
SHOWN = """query ($id: ID!) { node(id: $id) { ... on Product {
  sku kind title amountMin { amount currency } amountMax { amount currency } termMonths annualRate gradeAtLeast decision
  deposit { amount currency } status version
  rules { ageMin ageMax regions occupations incomeAtLeast { amount currency } }
} } }"""
NO_RULES = {"ageMin": None, "ageMax": None, "regions": None, "occupations": None, "incomeAtLeast": None}


async def upsert(client: Client, key: str | None = None, **told: Any) -> Any:
    said = told | {"idempotencyKey": key or str(uuid4())}
    return (await client.send("UpsertProduct", input=said))["upsertProduct"]


async def shown(client: Client, upserted: Any) -> Any:
    return (await client.ask(SHOWN, id=upserted["id"]))["node"]


async def on_the_shelf(shop: Shop) -> dict[str, tuple[int, str]]:
    """The version and title of each product, by SKU."""
    async with reading() as db:
        rows = select(Product).where(Product.partner_id == shop.partner.id)
        return {row.sku: (row.version, row.title) for row in (await db.execute(rows)).scalars()}


async def times_announced(upserted: Any) -> int:
    id = parse_global_id(upserted["id"])
    assert id is not None
    async with reading() as db:
        told = select(Event).where(Event.subject_id == id[1], Event.name == "product.changed")
        events = (await db.execute(told)).scalars().all()
    assert all((event.user_id, event.data) == (None, {}) for event in events)
    return len(events)


async def close(shop: Shop) -> None:
    """Take its products down again and end its webhooks, so that no other test finds or posts to them."""
    partner_id = shop.partner.id
    async with transaction() as db:
        products = update(Product).where(Product.partner_id == partner_id)
        await db.execute(products.values(status=ProductStatus.RETIRED))
        webhooks = update(WebhookEndpoint).where(WebhookEndpoint.partner_id == partner_id)
        await db.execute(webhooks.values(deleted_at=func.coalesce(WebhookEndpoint.deleted_at, func.longan_now())))
