"""Partners and what they offer."""

from decimal import Decimal
from typing import Annotated

import strawberry

from api.graphql import scalars
from api.graphql.connections import After, Connection, First, connection
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
    name: str = strawberry.field(description="What it is called.")


@shows(products.Product, description="What can be applied for. A RENTAL's amounts are both the monthly rent.")
class Product(Node):
    title: str = strawberry.field(description="What it is called, in the partner's words.")
    kind: ProductKind = strawberry.field(description="What kind of product it is.")
    term_months: list[int] = strawberry.field(description="Over how many months it can be had, shortest first.")

    @strawberry.field(description="Who offers it.")
    async def partner(root: strawberry.Parent[products.Product], info: Info) -> Partner:
        return await info.context.load(products.partners_by_ids, root.partner_id)

    @strawberry.field(description="The least that can be applied for.")
    def amount_min(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.amount_min, root.currency)

    @strawberry.field(description="The most that can be applied for.")
    def amount_max(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.amount_max, root.currency)

    @strawberry.field(description="Interest a year, as a fraction: 0.12 is 12 %. Null for a RENTAL, which bears none.")
    def annual_rate(root: strawberry.Parent[products.Product]) -> Decimal | None:
        return scalars.rate(root.annual_rate)


@strawberry.type
class ProductQuery:
    @requires(Permission.PUBLIC)
    @strawberry.field(description="What is offered now, oldest first.")
    async def products(
        self,
        kind: Annotated[ProductKind | None, strawberry.argument(description="Only of this kind.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Product] | None:
        async with reading() as db:
            shown = products.published(kind)
            return connection(await page_of(db, shown, [products.Product.id], first=first, after=after))
