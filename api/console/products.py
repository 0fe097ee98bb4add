"""Products with their funnels, and what groups of people pay, as every role at the console sees them."""

from decimal import Decimal
from typing import Annotated

import strawberry

from api.graphql.connections import After, CountedConnection, First, listed_counted
from api.graphql.context import Info
from api.graphql.reach import Days, Reach, reach_of
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.market import products
from domain.market.kinds import ProductKind
from domain.market.products import ProductStatus
from domain.matching.reach import funnels
from domain.matching.sweeps import group_costs, sweeps
from domain.permissions import Permission
from infra.database import reading


@shows(products.Product, description="What a partner offers, whatever its status.")
class Product(Node):
    sku: str = strawberry.field(description="The partner's own name for it.")
    title: str = strawberry.field(description="What people read.")
    kind: ProductKind = strawberry.field(description="What kind of product it is.")
    status: ProductStatus = strawberry.field(description="Whether it can be applied for.")
    version: int = strawberry.field(description="1 at first, one more with each change.")

    @strawberry.field(description="Who offers it.")
    async def partner_name(root: strawberry.Parent[products.Product], info: Info) -> str:
        partner = await info.context.load(products.partners_by_ids, root.partner_id)
        return partner.name

    @strawberry.field(description="Whom it reaches, and what came of it in the last days.")
    async def reach(root: strawberry.Parent[products.Product], info: Info, days: Days = 30) -> Reach | None:
        return await reach_of(info.context, info.context.staff, root.id, days)


@shows(
    group_costs.GroupLine,
    description="What the first matches that lend cost a group of people, as fractions of a year, and what of it the cheapest "
    "equivalents that the same people could have would have saved. No group of fewer than 20 people is told of.",
)
class GroupCost:
    column: str = strawberry.field(description="What people are told apart by: age, region or occupation.")
    group: str = strawberry.field(description="Which of its groups, as 25-34 or CN-SH.")
    people: int = strawberry.field(description="How many, at least 20.")
    is_concern: bool = strawberry.field(description="Noticeably more than people in all, and not by chance.")

    @strawberry.field(description="What their first matches cost a year, all told, on average.")
    def annual_cost(root: strawberry.Parent[group_costs.GroupLine]) -> Decimal:
        return _fraction(root.annual_cost)

    @strawberry.field(description="How much more that is than their cheapest equivalents.")
    def overpaid(root: strawberry.Parent[group_costs.GroupLine]) -> Decimal:
        return _fraction(root.overpaid)

    @strawberry.field(description="The lower end of what chance leaves open, with 95 % confidence.")
    def overpaid_at_least(root: strawberry.Parent[group_costs.GroupLine]) -> Decimal:
        return _fraction(root.interval[0])

    @strawberry.field(description="The upper end.")
    def overpaid_at_most(root: strawberry.Parent[group_costs.GroupLine]) -> Decimal:
        return _fraction(root.interval[1])


def _fraction(value: float) -> Decimal:
    return Decimal(f"{value:.5f}")


@strawberry.type
class ProductQuery:
    @requires(Permission.SEE_PRODUCTS)
    @strawberry.field(description="What groups of people pay, by age, region and occupation; of the last night.")
    async def group_costs(self, info: Info) -> list[GroupCost] | None:
        async with reading() as db:
            done = await sweeps.last_done(db)
            return await group_costs.lines(db, done.id) if done else []  # type: ignore[return-value]

    @requires(Permission.SEE_PRODUCTS)
    @strawberry.field(description="The products of all partners, oldest first.")
    async def products(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        kind: Annotated[ProductKind | None, strawberry.argument(description="Only of this kind.")] = None,
    ) -> CountedConnection[Product] | None:
        seen = funnels.seen_by(info.context.staff)
        shown = seen.where(products.Product.kind == kind) if kind else seen
        return await listed_counted(shown, [products.Product.id], first, after)
