"""Partners and what they offer."""

from decimal import Decimal
from typing import Annotated

import strawberry

from api.graphql import scalars
from api.graphql.connections import After, CountedConnection, First, counted
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import id_of
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from domain.market import products
from domain.market.kinds import ProductKind
from domain.market.words import SEARCH_MAX, WORDS_MAX, words_of
from domain.matching import browsing
from domain.matching.browsing import ProductSort, Wanted
from domain.people import partners
from domain.permissions import Permission
from infra.database import reading


@shows(partners.Partner, description="A lender, landlord, shop or service.")
class Partner(Node):
    name: str = strawberry.field(description="What it is called.")


@shows(products.Product, description="What can be applied for. A RENTAL's amounts are both the monthly rent.")
class Product(Node):
    title: str = strawberry.field(description="What it is called, in the partner's words.")
    kind: ProductKind = strawberry.field(description="What kind of product it is.")
    term_months: list[int] = strawberry.field(description="Over how many months it can be had, shortest first.")

    @strawberry.field(description="Who offers it.")
    def partner(root: strawberry.Parent[products.Product], info: Info) -> Partner:
        return info.context.load(products.partners_by_ids, root.partner_id)

    @strawberry.field(description="The least that can be applied for.")
    def amount_min(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.amount_min, root.currency)

    @strawberry.field(description="The most that can be applied for.")
    def amount_max(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.amount_max, root.currency)

    @strawberry.field(description="Interest a year, as a fraction: 0.12 is 12 %. Null for a RENTAL, which bears none.")
    def annual_rate(root: strawberry.Parent[products.Product]) -> Decimal | None:
        return scalars.rate(root.annual_rate)


show(
    ProductSort,
    "In which order products come; those that are alike in it, the oldest first.",
    OLDEST="As they were put in.",
    LOWEST_COST="By what they cost a year, all told, over `months` or else about a year. What lends nothing costs nothing.",
    LOWEST_MONTHLY="By what is due each month, for `amount` and `months`, or else as matches show it.",
    LARGEST_AMOUNT="By `amountMax`, the largest first.",
)

Search = Annotated[
    str | None,
    strawberry.argument(
        description=f"Words that all stand in the title or the partner's name, whatever their case; blank finds all. Up to "
        f"{SEARCH_MAX} characters and {WORDS_MAX} words. Chinese needs no spaces."
    ),
]


@strawberry.type
class ProductQuery:
    @requires(Permission.PUBLIC)
    @strawberry.field(description="What is offered now and is all that is asked for; the oldest first.")
    async def products(
        self,
        kind: Annotated[ProductKind | None, strawberry.argument(description="Only of this kind.")] = None,
        search: Search = None,
        kinds: Annotated[
            list[ProductKind] | None, strawberry.argument(description="Only of these kinds; an empty list finds none.")
        ] = None,
        partner: Annotated[strawberry.ID | None, strawberry.argument(description="Only this Partner's.")] = None,
        amount: Annotated[
            MoneyInput | None,
            strawberry.argument(description="Only what can be had of this amount; of a RENTAL, for this monthly rent."),
        ] = None,
        months: Annotated[int | None, strawberry.argument(description="Only what can be had over this term.")] = None,
        monthly_at_most: Annotated[
            MoneyInput | None,
            strawberry.argument(
                description="Only where no more is due each month, for `amount` and `months`, or else as matches show it."
            ),
        ] = None,
        sort: Annotated[ProductSort | None, strawberry.argument(description="In which order; absent: OLDEST.")] = None,
        first: First = None,
        after: After = None,
    ) -> CountedConnection[Product] | None:
        wanted = Wanted(
            words=words_of(search or ""),
            kinds=_both(kind, kinds),
            partner_id=id_of("Partner", partner, "partner") if partner is not None else None,
            amount=amount.to_money("amount") if amount is not None else None,
            months=months,
            monthly_at_most=monthly_at_most.to_money("monthlyAtMost") if monthly_at_most is not None else None,
            sort=sort or ProductSort.OLDEST,
        )
        async with reading() as db:
            page = await browsing.page(db, wanted, first=first, after=after)
        return counted(page, page.count)


def _both(kind: ProductKind | None, kinds: list[ProductKind] | None) -> frozenset[ProductKind] | None:
    """Those that are asked for both ways; None where neither way asks."""
    ways = [frozenset(way) for way in ([kind] if kind else None, kinds) if way is not None]
    return frozenset.intersection(*ways) if ways else None
