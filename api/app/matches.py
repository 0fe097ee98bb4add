"""What suits this person, best first, and why. Never binding."""

from decimal import Decimal
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.app.bands import BandEvidence
from api.app.products import Product
from api.app.viewing import viewer_field
from api.graphql.connections import CountedConnection, counted
from api.graphql.context import Context, Info
from api.graphql.mutations import Input, commit
from api.graphql.reasons import Reason, translate_reasons
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.market import quoting
from domain.market.kinds import ProductKind
from domain.matching import basis, impressions, matcher, matches, preferences, why_not
from domain.matching.matcher import OddsBand
from domain.permissions import Permission
from infra import lasting
from infra.database import reading, transaction
from infra.ids import parse_global_id
from infra.words import say


@shows(quoting.Illustration, description="The amount and term that the costs are shown for.")
class Illustration:
    term_months: int = strawberry.field(description="Over how many months.")

    @strawberry.field(description="How much.")
    def amount(root: strawberry.Parent[quoting.Illustration]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="What it costs beyond the amount itself, over the whole term.")
    def total_cost(root: strawberry.Parent[quoting.Illustration]) -> Money:
        return Money.of(root.quote.total_cost, root.currency)

    @strawberry.field(description="What it costs a year, all told, as a fraction: 0.12 is 12 %.")
    def annual_cost(root: strawberry.Parent[quoting.Illustration]) -> Decimal:
        return root.quote.annual_cost


@shows(matches.Match, description="A product ranked for a person, and how likely they get it. Never binding.")
class Match(Node):
    product: Product = strawberry.field(description="What is offered.")
    sponsored: bool = strawberry.field(description="Whether the partner pays for being shown; it moves nothing.")
    band_evidence: BandEvidence = strawberry.field(description="What stands behind `oddsBand`, or behind its absence.")

    @strawberry.field(
        description="How likely an approval is; null where no band keeps what it says, and `bandEvidence` tells why."
    )
    def odds_band(root: strawberry.Parent[matches.Match]) -> OddsBand | None:
        return root.odds_band

    @strawberry.field(description="Why it stands here, the weightiest first.")
    def reasons(root: strawberry.Parent[matches.Match], info: Info) -> list[Reason]:
        return translate_reasons(list(root.reasons), info)

    @strawberry.field(description="What is due each month, for the amount and term of `basis`.")
    def monthly_cost(root: strawberry.Parent[matches.Match]) -> Money:
        return Money.of(root.illustration.quote.monthly_payment, root.product.currency)

    @strawberry.field(description="The amount and term that `monthlyCost` is for.")
    def basis(root: strawberry.Parent[matches.Match]) -> Illustration:
        return cast(Illustration, root.illustration)


@shows(
    why_not.WhyNot, description="What speaks against a product for this person, or where it stands among their matches."
)
class WhyNot:
    product: Product = strawberry.field(description="The product that was asked about.")
    is_offered: bool = strawberry.field(description="Whether it is among the person's matches.")

    @strawberry.field(description="What speaks against it, or where it stands.")
    def reasons(root: strawberry.Parent[why_not.WhyNot], info: Info) -> list[Reason]:
        return translate_reasons(list(root.reasons), info)


@shows(matcher.RankingWeight, description="One part of the value by which matches are ordered.")
class MatchWeight:
    name: str = strawberry.field(description="Its permanent name.")
    weight: float = strawberry.field(description="What it is multiplied by; negative where more is worse.")

    @strawberry.field(description="What it measures, in the language that was asked for.")
    def meaning(root: strawberry.Parent[matcher.RankingWeight], info: Info) -> str:
        return say(root.meaning, info.context.locale)


@strawberry.type(description="How this person's matches are ordered.")
class Matching:
    is_personal: bool = strawberry.field(description="False: by cost alone, as the person chose.")
    model_version: str = strawberry.field(description="Which model orders them.")
    simulated: bool = strawberry.field(description="True while the model was trained on simulated people.")
    weights: list[MatchWeight] = strawberry.field(description="What the order is made of.")
    viewer = viewer_field()


async def page_of(
    context: Context, user_id: UUID, kind: ProductKind | None, first: int | None, after: str | None
) -> CountedConnection[Match]:
    """The page, and a record that it was shown."""
    just_read = await context.load(basis.of_users, user_id)
    async with reading() as db:
        page = await matches.page(db, user_id, kind=kind, first=first, after=after, just_read=just_read)
    if news := page.news:
        with lasting.aside():
            async with transaction() as db:
                await impressions.record(db, user_id, news)
        page.found.recorded.update(shown.key for shown in news)
    return cast(CountedConnection[Match], counted(page, page.count))


async def matching_of(user_id: UUID) -> Matching:
    async with reading() as db:
        is_personal = await preferences.is_personal(db, user_id)
        await basis.keep_up(db)
    live = matcher.matcher()
    return Matching(
        is_personal=is_personal,
        model_version=live.model_version,
        simulated=live.is_simulated,
        weights=cast(list[MatchWeight], list(live.weights)),
    )


async def why_not_of(user_id: UUID, product_id: str) -> WhyNot | None:
    parsed = parse_global_id(product_id)
    if parsed is None or parsed[0] != "Product":
        return None
    async with reading() as db:
        return cast(WhyNot, await why_not.why_not(db, user_id, parsed[1]))


@strawberry.input(description="How to order my matches.")
class SetMatchPreferenceInput:
    is_personal: bool = strawberry.field(description="True: by what suits me. False: by cost alone.")


SetMatchPreferenceResult = Annotated[
    Matching | Refused,
    strawberry.union("SetMatchPreferenceResult", description="How matches are ordered now, or why nothing changed."),
]


@strawberry.type
class MatchMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Rank my matches by what suits me, or by cost alone.")
    async def set_match_preference(
        self, info: Info, input: Input[SetMatchPreferenceInput]
    ) -> SetMatchPreferenceResult | None:
        actor = info.context.user
        answer = await commit(info, lambda db: preferences.choose(db, actor, is_personal=input.is_personal))
        return answer if isinstance(answer, Refused) else await matching_of(actor.user_id)
