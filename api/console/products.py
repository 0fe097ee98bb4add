"""Products with their funnels, and what groups of people pay, as every role at the console sees them."""

from decimal import Decimal

import strawberry

from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.reach import Reach, reach_of
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.market import products
from domain.market.products import ProductKind, ProductStatus
from domain.matching.reach import funnels
from domain.matching.sweeps import group_costs, sweeps
from domain.permissions import Permission
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
    async def partner_name(root: strawberry.Parent[products.Product], info: Info) -> str:
        partner = await info.context.load(products.partners_by_ids, root.partner_id)
        return partner.name

    @strawberry.field(description="Whom it reaches, and what came of it in the last days.")
    async def reach(root: strawberry.Parent[products.Product], info: Info, days: int = 30) -> Reach | None:
        return await reach_of(info.context, info.context.staff, root.id, days)


@shows(
    group_costs.GroupLine,
    description="What the first matches that lend cost a group of people, as fractions of a year, and what of it the cheapest "
    "equivalents that the same people could have would have saved. No group of fewer than 20 people is told of.",
)
class GroupCost:
    column: str
    group: str
    people: int
    is_concern: bool = strawberry.field(description="Noticeably more than people in all, and not by chance.")

    @strawberry.field
    def annual_cost(root: strawberry.Parent[group_costs.GroupLine]) -> Decimal:
        return _fraction(root.annual_cost)

    @strawberry.field
    def overpaid(root: strawberry.Parent[group_costs.GroupLine]) -> Decimal:
        return _fraction(root.overpaid)

    @strawberry.field(description="What chance leaves open (95 %).")
    def overpaid_at_least(root: strawberry.Parent[group_costs.GroupLine]) -> Decimal:
        return _fraction(root.interval[0])

    @strawberry.field
    def overpaid_at_most(root: strawberry.Parent[group_costs.GroupLine]) -> Decimal:
        return _fraction(root.interval[1])


def _fraction(value: float) -> Decimal:
    return Decimal(f"{value:.5f}")


@strawberry.type
class ProductQuery:
    @requires(Permission.SEE_PRODUCTS)
    @strawberry.field(description="By age, region and occupation, of the last night.")
    async def group_costs(self, info: Info) -> list[GroupCost] | None:
        async with reading() as db:
            done = await sweeps.last_done(db)
            return await group_costs.lines(db, done.id) if done else []  # type: ignore[return-value]

    @requires(Permission.SEE_PRODUCTS)
    @strawberry.field(description="Of all partners.")
    async def products(
        self, info: Info, first: int | None = None, after: str | None = None, kind: ProductKind | None = None
    ) -> Connection[Product] | None:
        seen = funnels.seen_by(info.context.staff)
        async with reading() as db:
            shown = seen.where(products.Product.kind == kind) if kind else seen
            return connection(await page_of(db, shown, [products.Product.id], first=first, after=after))
