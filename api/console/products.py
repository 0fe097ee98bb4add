"""Products with their funnels, as every role at the console sees them."""

from typing import Any

import strawberry

from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.reach import Reach, reach_of
from api.graphql.showing import Node, shows
from domain.market import products
from domain.market.products import ProductKind, ProductStatus
from domain.matching import funnels
from infra.database import reading
from infra.paging import page_of


@shows(products.Product, description="What a partner offers, whatever its status.")
class Product(Node):
    sku: str
    title: str
    kind: ProductKind
    status: ProductStatus
    version: int

    @strawberry.field
    async def partner_name(self: Any, info: Info) -> str:
        partner = await info.context.load(products.partners_by_ids, self.partner_id)
        return partner.name

    @strawberry.field(description="Whom it reaches, and what came of it in the last days.")
    async def reach(self: Any, info: Info, days: int = 30) -> Reach | None:
        return await reach_of(info.context, info.context.staff, self.id, days)


@strawberry.type
class ProductQuery:
    @strawberry.field(description="Of all partners.")
    async def products(
        self, info: Info, first: int | None = None, after: str | None = None, kind: ProductKind | None = None
    ) -> Connection[Product] | None:
        seen = funnels.seen_by(info.context.staff)
        async with reading() as db:
            shown = seen.where(products.Product.kind == kind) if kind else seen
            return connection(await page_of(db, shown, [products.Product.id], first=first, after=after))
