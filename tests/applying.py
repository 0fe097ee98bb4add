"""What the tests of applying share: products of the catalogue by their codes, and the input of an application."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from domain.applications.applications import Application
from domain.consent.consents import Consent
from domain.market import catalogue
from infra.database import reading
from infra.ids import global_id
from infra.outbox import Event
from tests.phones import Answer, Phone, new_key, uuid_of


def product(code: str, sku: str) -> str:
    return global_id("Product", catalogue.product_id(code, sku))


BY_PARTNER = product("longan-demo-bank", "ldb-everyday")  # a loan for everybody, 1,000 to 20,000 over 3, 6 or 12 months
AT_ONCE = product("qingtongdu-finance", "qtd-starter")  # a loan for everybody, 500 to 3,000 over 3 or 6 months
MINE = "{ viewer { applications { edges { node { id } } } } }"


def wish(product_id: str = BY_PARTNER, amount: str = "1000.00", months: int = 6, **more: Any) -> Answer:
    return {
        "productId": product_id,
        "amount": {"amount": amount, "currency": "CNY"},
        "termMonths": months,
        "share": ["SCORE_CHECK"],
        "idempotencyKey": new_key(),
    } | more


async def apply(person: Phone, product_id: str = BY_PARTNER, amount: str = "1000.00", **more: Any) -> Answer:
    return await person.do("Apply", **wish(product_id, amount, **more))


async def row_of(application: Answer) -> Application:
    async with reading() as db:
        return (await db.execute(select(Application).where(Application.id == uuid_of(application["id"])))).scalar_one()


async def left_behind(user_id: UUID) -> tuple[int, int, int]:
    """How many applications, consents, and events of applications there are of this person."""
    async with reading() as db:
        counts = [
            select(func.count()).where(Application.user_id == user_id),
            select(func.count()).where(Consent.user_id == user_id),
            select(func.count()).where(Event.user_id == user_id, Event.name.startswith("application.")),
        ]
        applications, consents, events = [(await db.execute(count)).scalar_one() for count in counts]
        return applications, consents, events
