"""What people ask of a partner, and its answers."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import strawberry

from api.graphql import scalars
from api.graphql.connections import After, Connection, First, Since, connection, resumable
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from api.partner.products import Product
from domain.actors import PartnerActor
from domain.applications import applications, deciding, decisions, disclosing, feed, given_reasons, offers
from domain.applications.applications import ApplicationStatus
from domain.applications.approving import ApprovedTerms
from domain.applications.decisions import DecisionOutcome
from domain.credit.grades import Grade
from domain.market import products
from domain.permissions import Permission
from infra.database import Db
from infra.ids import global_id
from infra.words import say


@strawberry.type(description="One reason of a decision.")
class DecisionReason:
    code: str = strawberry.field(description="Stable, as INCOME_TOO_LOW; `api/codes.md` lists them.")
    message: str = strawberry.field(description="What the person reads, in the asker's language.")


@shows(decisions.Decision, description="What was decided last. Never changed; a later one replaces it.")
class Decision:
    outcome: DecisionOutcome = strawberry.field(description="What was decided.")
    decided_at: datetime = strawberry.field(description="When.")
    is_partial: bool = strawberry.field(
        description="Whether some of the person's accounts did not answer before a decision that could not wait."
    )

    @strawberry.field(
        description="The partner's own reasons. Empty where our rules or staff decided: those reasons are the person's."
    )
    def reasons(root: strawberry.Parent[decisions.Decision], info: Info) -> list[DecisionReason]:
        own = root.reasons if root.decided_by == "partner" else []
        return [
            DecisionReason(code=why.code, message=say(why.message, info.context.locale, **why.values)) for why in own
        ]


@shows(offers.Offer, description="What the person was offered, binding until it expires.")
class Offer:
    term_months: int = strawberry.field(description="Over how many months it is repaid or rented.")
    annual_cost: Decimal = strawberry.field(description="What it costs a year, all told, as a fraction: 0.12 is 12 %.")
    expires_at: datetime = strawberry.field(description="Until when the person can accept it.")

    @strawberry.field(description="Names the offer; permanent.")
    def id(root: strawberry.Parent[offers.Offer]) -> strawberry.ID:
        return strawberry.ID(global_id("Offer", root.id))

    @strawberry.field(description="What the person gets. Of a RENTAL the monthly rent.")
    def amount(root: strawberry.Parent[offers.Offer]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="Interest a year, as a fraction; null for a RENTAL, which bears none.")
    def annual_rate(root: strawberry.Parent[offers.Offer]) -> Decimal | None:
        return scalars.rate(root.annual_rate)


@shows(applications.Application, description="A person's request for one of the partner's products.")
class Application(Node):
    status: ApplicationStatus = strawberry.field(description="Where it stands.")
    term_months: int = strawberry.field(description="Over how many months, as the person asked.")
    promised_by: datetime = strawberry.field(description="By when the person was promised an answer.")
    created_at: datetime = strawberry.field(description="When the person applied.")
    updated_at: datetime = strawberry.field(description="When it changed last.")

    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.field(description="What the person applied for.")
    def product(root: strawberry.Parent[applications.Application], info: Info) -> Product:
        return info.context.load(products.by_ids, root.product_id)

    @strawberry.field(description="How much, as the person asked. Of a RENTAL the monthly rent.")
    def amount(root: strawberry.Parent[applications.Application]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="The newest decision; null before the first.")
    def decision(root: strawberry.Parent[applications.Application], info: Info) -> Decision | None:
        return info.context.load(decisions.latest, (root.user_id, root.id))

    @strawberry.field(description="What an approval offers; null without one.")
    def offer(root: strawberry.Parent[applications.Application], info: Info) -> Offer | None:
        return info.context.load(offers.of_applications, (root.user_id, root.id))

    @strawberry.field(
        description="The person's grade of today, while the consent that came with the application lives; else null."
    )
    def grade(root: strawberry.Parent[applications.Application], info: Info) -> Grade | None:
        return info.context.load(disclosing.grades, (root.user_id, root.id))


@strawberry.type
class ApplicationQuery:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.field(
        description="A feed of changes, oldest first. Ask again after `endCursor`, which is there even when nothing is, "
        "and no change is ever missed."
    )
    async def applications(
        self,
        info: Info,
        status: Annotated[
            ApplicationStatus | None, strawberry.argument(description="Only where it stands so now.")
        ] = None,
        updated_since: Since = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Application] | None:
        since = updated_since.astimezone(UTC) if updated_since is not None else None
        page = await feed.page(info.context.partner, status, since, first=first, after=after)
        return connection(resumable(page))


class DeclineReason(StrEnum):
    GRADE_TOO_LOW = "GRADE_TOO_LOW"
    INCOME_TOO_LOW = "INCOME_TOO_LOW"
    BURDEN_TOO_HIGH = "BURDEN_TOO_HIGH"
    RECENT_ARREARS = "RECENT_ARREARS"
    NOT_ENOUGH_HISTORY = "NOT_ENOUGH_HISTORY"
    IDENTITY_UNCLEAR = "IDENTITY_UNCLEAR"
    OUTSIDE_AREA = "OUTSIDE_AREA"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    OTHER = "OTHER"


show(
    DeclineReason,
    "Why a partner declines. The person reads a sentence of ours, or the partner's own.",
    GRADE_TOO_LOW="The grade is lower than the product asks for.",
    INCOME_TOO_LOW="The income is lower than the product asks for.",
    BURDEN_TOO_HIGH="The monthly payments would take too much of the income.",
    RECENT_ARREARS="The person was behind on a repayment lately.",
    NOT_ENOUGH_HISTORY="Too little is known of how the person repaid before.",
    IDENTITY_UNCLEAR="It is not clear enough who the person is.",
    OUTSIDE_AREA="The product is not offered where the person lives.",
    OUT_OF_STOCK="There is none left.",
    OTHER="Another reason; say it in `message`.",
)
assert set(DeclineReason) == set(given_reasons.PARTNER_REASONS), "each reason has its sentence for the person"

DecideApplicationResult = Annotated[
    Application | Refused,
    strawberry.union("DecideApplicationResult", description="The application, decided now, or why not."),
]


@strawberry.input(description="One reason why an application is declined or referred.")
class DecisionReasonInput:
    code: DeclineReason = strawberry.field(description="What kind of reason it is.")
    message: str | None = strawberry.field(
        default=None, description="What the person reads, in the partner's words; absent: a sentence of ours."
    )


@strawberry.input(description="What is offered to the person.")
class TermsInput:
    amount: MoneyInput = strawberry.field(description="At most what was asked for.")
    term_months: int = strawberry.field(
        description="One of the product's `termMonths`, as they were when the person applied."
    )
    annual_rate: Decimal | None = strawberry.field(
        default=None,
        description="Interest a year, as a fraction: at most what was shown then, which is meant where it is absent. None of a RENTAL.",
    )


@strawberry.input(description="The partner's answer to an application.")
class DecideApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="Of an Application.", metadata=id_check("Application"))
    outcome: DecisionOutcome = strawberry.field(description="What is decided. REFER hands it to a person of ours.")
    reasons: list[DecisionReasonInput] | None = strawberry.field(
        default=None, description="At most four, the weightiest first; declining needs one."
    )
    terms: TermsInput | None = strawberry.field(default=None, description="When approving.")
    idempotency_key: str = key()
    by_person: bool = strawberry.field(
        default=False,
        description="Whether a person decided it. Of what no person has decided, the applicant can ask for a review by ours.",
    )


@strawberry.type
class ApplicationMutation:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.mutation(description="Answer an application that the partner decides. What is decided stays decided.")
    async def decide_application(
        self, info: Info, input: Input[DecideApplicationInput]
    ) -> DecideApplicationResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _decide(db, actor, input))


async def _decide(db: Db, actor: PartnerActor, input: DecideApplicationInput) -> applications.Application:
    application_id = id_of("Application", input.application_id, "input", "applicationId")
    reasons = [(reason.code.value, reason.message) for reason in input.reasons or ()]
    return await deciding.decide_by_partner(
        db,
        actor,
        application_id=application_id,
        outcome=input.outcome,
        reasons=reasons,
        terms=_terms(input.terms),
        key=input.idempotency_key,
        by_person=input.by_person,
    )


def _terms(terms: TermsInput | None) -> ApprovedTerms | None:
    if terms is None:
        return None
    return ApprovedTerms(terms.amount.to_money("input", "terms", "amount"), terms.term_months, terms.annual_rate)
