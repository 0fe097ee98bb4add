"""What a partner offers, drafts and retired ones included."""

from uuid import UUID

import strawberry

from api.graphql.connections import Connection, connection
from api.graphql.context import Context, Info
from api.graphql.showing import Node, shows
from domain.market import products
from domain.market.products import ProductKind, ProductStatus
from infra.database import reading
from infra.paging import page_of


@shows(products.Product, description="What can be applied for, by the partner's own SKU.")
class Product(Node):
    sku: str
    title: str
    kind: ProductKind
    status: ProductStatus


async def find(context: Context, id: UUID) -> products.Product | None:
    async with reading() as db:
        own = products.offered_by(context.partner).where(products.Product.id == id)
        return (await db.execute(own)).scalar_one_or_none()


@strawberry.type
class ProductQuery:
    @strawberry.field(description="The partner's own, whatever their status.")
    async def products(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[Product] | None:
        async with reading() as db:
            own = products.offered_by(info.context.partner)
            return connection(await page_of(db, own, [products.Product.id], first=first, after=after))
