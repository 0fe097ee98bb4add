"""What a partner offers, drafts and retired ones included, and how it changes that."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, cast

import strawberry
from strawberry.utils.str_converters import to_camel_case

from api.graphql import scalars
from api.graphql.connections import After, CountedConnection, First, listed_counted
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, key
from api.graphql.reach import Days, Reach, reach_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from api.partner.product_rules import ProductRules, ProductRulesInput
from domain.actors import PartnerActor
from domain.credit.grades import Grade
from domain.market import columns, offering, products
from domain.market.goods import Goods
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, PaymentOrder, ProductStatus
from domain.money.loans import Amortisation
from domain.permissions import Permission
from infra.database import Db, reading


@shows(
    products.Product,
    description="What can be applied for, by the partner's own SKU. A RENTAL's amounts are both the monthly rent.",
)
class Product(Node):
    sku: str = strawberry.field(description="The partner's own name for it; it never changes.")
    title: str = strawberry.field(description="What people read.")
    kind: ProductKind = strawberry.field(description="What kind of product it is; it never changes.")
    term_months: list[int] = strawberry.field(description="Over how many months it can be had, shortest first.")
    grade_at_least: Grade | None = strawberry.field(
        description="Only for this grade and better; null: for every grade."
    )
    decision: DecisionMode = strawberry.field(description="Who answers applications for it.")
    payment_order: PaymentOrder = strawberry.field(description="What of an instalment a payment covers first.")
    amortisation: Amortisation = strawberry.field(description="How it is paid back.")
    status: ProductStatus = strawberry.field(description="Whether its partner offers it.")
    version: int = strawberry.field(description="1 at first, one more with each change.")
    updated_at: datetime | None = strawberry.field(description="When it changed last; null where it never did.")
    publish_at: datetime | None = strawberry.field(
        description="When what was told with a `publishAt` is to count; null where nothing waits."
    )
    publish_refused_at: datetime | None = strawberry.field(
        description="When what waited was dropped, since it could not be offered any more at its time; null since the next that waits."
    )

    @strawberry.field(
        description="Whether nobody sees it or can apply for it though it is PUBLISHED, since one of its terms costs more than "
        "the cap, which has fallen."
    )
    def is_withheld(root: strawberry.Parent[products.Product]) -> bool:
        return columns.is_withheld(root)

    @strawberry.field(description="The least that can be applied for.")
    def amount_min(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.amount_min, root.currency)

    @strawberry.field(description="The most that can be applied for.")
    def amount_max(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.amount_max, root.currency)

    @strawberry.field(description="Interest a year, as a fraction: 0.12 is 12 %. Null for a RENTAL, which bears none.")
    def annual_rate(root: strawberry.Parent[products.Product]) -> Decimal | None:
        return scalars.rate(root.annual_rate)

    @strawberry.field(
        description="What is charged once of an instalment that is late, as a fraction of what is open of it."
    )
    def late_fee_rate(root: strawberry.Parent[products.Product]) -> Decimal:
        return scalars.rate(root.late_fee_rate) or Decimal(0)

    @strawberry.field(
        description="What is held of a person whose grade does not make it unnecessary; 0 where nothing is."
    )
    def deposit(root: strawberry.Parent[products.Product]) -> Money:
        return Money.of(root.deposit, root.currency)

    @strawberry.field(description="What is rented; null of other kinds than RENTAL.")
    def goods(root: strawberry.Parent[products.Product]) -> Goods | None:
        return root.rented

    @strawberry.field(description="Who it is for, beyond the grade.")
    def rules(root: strawberry.Parent[products.Product]) -> ProductRules:
        return ProductRules.of(root.rules, root.currency)

    @requires(Permission.OFFER_PRODUCTS)  # an application leads here too
    @strawberry.field(description="Whom it reaches, and what came of it in the last days.")
    async def reach(root: strawberry.Parent[products.Product], info: Info, days: Days = 30) -> Reach | None:
        return await reach_of(info.context, info.context.partner, root.id, days)


Sku = Annotated[str, strawberry.argument(description="The partner's own name for it.")]


@strawberry.type
class ProductQuery:
    @requires(Permission.OFFER_PRODUCTS)
    @strawberry.field(
        description="The partner's product under this SKU, whatever its status; null where there is none."
    )
    async def product(self, info: Info, sku: Sku) -> Product | None:
        async with reading() as db:
            own = products.offered_by(info.context.partner).where(products.Product.sku == sku)
            return cast(Product | None, (await db.execute(own)).scalar_one_or_none())

    @requires(Permission.OFFER_PRODUCTS)
    @strawberry.field(description="The partner's own products, whatever their status, oldest first.")
    async def products(self, info: Info, first: First = None, after: After = None) -> CountedConnection[Product] | None:
        return await listed_counted(products.offered_by(info.context.partner), [products.Product.id], first, after)


UpsertProductResult = Annotated[
    Product | Refused,
    strawberry.union("UpsertProductResult", description="The product as it is now, or why it stays as it was."),
]


TOLD = (
    "An absent field keeps what is there, null clears it. A new product needs a kind, a title, amounts and terms, "
    "and an annual rate unless it is a RENTAL; it begins as a DRAFT that the PARTNER decides."
)


@strawberry.input(description=TOLD)
class RehearseProductInput:
    sku: str = strawberry.field(
        description="The partner's own name for the product: a known one changes it, a new one makes it."
    )
    kind: strawberry.Maybe[ProductKind | None] = strawberry.field(description="Of a new product; it never changes.")
    title: strawberry.Maybe[str | None] = strawberry.field(description="What people read.")
    amount_min: strawberry.Maybe[MoneyInput | None] = strawberry.field(description="The least that can be applied for.")
    amount_max: strawberry.Maybe[MoneyInput | None] = strawberry.field(
        description="The most that can be applied for; of a RENTAL the same as `amountMin`, the monthly rent."
    )
    term_months: strawberry.Maybe[list[int] | None] = strawberry.field(description="Shortest first.")
    annual_rate: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="With it, no amount over any term may cost more than the law allows, all told."
    )
    grade_at_least: strawberry.Maybe[Grade | None] = strawberry.field(description="Only for this grade and better.")
    decision: strawberry.Maybe[DecisionMode | None] = strawberry.field(description="Who answers applications for it.")
    deposit: strawberry.Maybe[MoneyInput | None] = strawberry.field(
        description="Of a RENTAL: what is held of a person whose grade does not make it unnecessary. Other kinds have none."
    )
    status: strawberry.Maybe[ProductStatus | None] = strawberry.field(
        description="PUBLISHED opens it, RETIRED closes it for new applications."
    )
    rules: strawberry.Maybe[ProductRulesInput | None] = strawberry.field(description="Who it is for, beyond the grade.")


@strawberry.input(description=TOLD)
class UpsertProductInput(RehearseProductInput):
    payment_order: strawberry.Maybe[PaymentOrder | None] = strawberry.field(
        description="What of an instalment a payment covers first: charges, where nothing is told."
    )
    amortisation: strawberry.Maybe[Amortisation | None] = strawberry.field(
        description="How it is paid back: in equal instalments, where nothing is told."
    )
    late_fee_rate: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="Of what is open of an instalment three days after it was due, charged once, within what the law allows: 0.05 "
        "at most; none, where nothing is told."
    )
    goods: strawberry.Maybe[Goods | None] = strawberry.field(
        description="What is rented, which says how long before its end notice is given; a HOME, where nothing is told."
    )
    publish_at: strawberry.Maybe[datetime | None] = strawberry.field(
        description="All that is told counts from this time on, within a year, and the product is published then; until then it stays "
        "as it is, and a new one a DRAFT. Another time takes the place of the one before; null undoes what waits, and so does RETIRED."
    )
    idempotency_key: str = key()


@strawberry.type
class ProductMutation:
    @requires(Permission.OFFER_PRODUCTS)
    @strawberry.mutation(description="The partner's offer under this SKU. What was offered to people before stays so.")
    async def upsert_product(self, info: Info, input: Input[UpsertProductInput]) -> UpsertProductResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _upsert(db, actor, input))


async def _upsert(db: Db, actor: PartnerActor, input: UpsertProductInput) -> products.Product:
    return await offering.upsert(
        db, actor, sku=input.sku, changes=changes_in(input, "input"), key=input.idempotency_key
    )


def changes_in(input: object, *path: str) -> dict[str, Any]:
    """What was told, by name and in the domain's values; None clears."""
    maybe = {name: value for name, value in vars(input).items() if isinstance(value, strawberry.Some)}
    return {name: _value(some.value, *path, to_camel_case(name)) for name, some in maybe.items()}


def _value(value: Any, *path: str) -> Any:
    if isinstance(value, MoneyInput):
        return value.to_money(*path)
    return changes_in(value, *path) if isinstance(value, ProductRulesInput) else value
