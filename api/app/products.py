"""Partners and what they offer."""

from decimal import Decimal

import strawberry

from api.graphql import scalars
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.market import products
from domain.market.products import ProductKind
from domain.people import partners
from domain.permissions import Permission
from infra.database import reading
from infra.paging import page_of


@shows(partners.Partner, description="A lender, landlord, shop or service.")
class Partner(Node):
    name: str


@shows(products.Product, description="What can be applied for. A RENTAL's amount is the monthly rent.")
class Product(Node):
    title: str
    kind: ProductKind
    term_months: list[int]

    @strawberry.field
    async def partner(root: strawberry.Parent[products.Product], info: Info) -> Partner:
        return await info.context.load(products.partners_by_ids, root.partner_id)

    @strawberry.field
    def amount_min(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.amount_min, root.currency)

    @strawberry.field
    def amount_max(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.amount_max, root.currency)

    @strawberry.field
    def annual_rate(root: strawberry.Parent[products.Product]) -> Decimal | None:
        return scalars.rate(root.annual_rate)


@strawberry.type
class ProductQuery:
    @requires(Permission.PUBLIC)
    @strawberry.field
    async def products(
        self, kind: ProductKind | None = None, first: int | None = None, after: str | None = None
    ) -> Connection[Product] | None:
        async with reading() as db:
            shown = products.published(kind)
            return connection(await page_of(db, shown, [products.Product.id], first=first, after=after))
