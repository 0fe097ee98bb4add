"""Applying, and what comes of it."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.app.agreements import Agreement
from api.app.offers import Offer
from api.app.products import Product
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.reasons import Reason, translate_reasons
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.agreements import accepting, agreements
from domain.applications import applications, applying, decisions, human_reviews, offers
from domain.applications.applications import ApplicationStatus
from domain.applications.decisions import DecisionOutcome
from domain.consent.consents import ConsentScope
from domain.market import products
from domain.permissions import Permission
from infra.database import Db
from infra.outbox import Event
from infra.words import N_, say
from integrations import registrations as registry

TIMELINE = {
    "application.submitted": N_("You applied."),
    "application.approved": N_("Approved: an offer is waiting for you."),
    "application.declined": N_("Your application was declined."),
    "application.referred": N_("A person is reviewing it."),
    "application.delayed": N_("The promised time has passed. We are looking into it."),
    "application.accepted": N_("You accepted the offer."),
    "application.withdrawn": N_("You withdrew your application."),
    "application.expired": N_("The offer expired."),
}


PARTIAL = N_("Not all answered in time: {providers}. We decided by what was known of these accounts before.")


@strawberry.type(description="One thing that happened to an application.")
class TimelineEntry:
    at: datetime = strawberry.field(description="When.")
    event: str = strawberry.field(description="What, as application.approved; `api/codes.md` lists them.")
    message: str = strawberry.field(description="The same for the person, in the language that was asked for.")


@shows(
    decisions.Decision,
    description="Approve, decline or refer, with ordered reasons. Never changed; a later one replaces it.",
)
class Decision:
    outcome: DecisionOutcome = strawberry.field(description="What was decided.")
    decided_at: datetime = strawberry.field(description="When.")
    is_made_by_person: bool = strawberry.field(
        description="Whether somebody decided it; else `requestHumanReview` asks for somebody, within 30 days."
    )

    is_partial: bool = strawberry.field(
        description="Whether accounts did not tell in time what they tell now, so that it rests on what they told before."
    )

    @strawberry.field(description="Of a partial decision, which accounts did not answer, in words; else null.")
    def note(root: strawberry.Parent[decisions.Decision], info: Info) -> str | None:
        if not root.unanswered:
            return None
        locale = info.context.locale
        names = [say(registry.registration_or_name(key).provider.name, locale) for key in root.unanswered]
        return say(PARTIAL, locale, providers=", ".join(names))

    @strawberry.field(description="Why, the weightiest first, at most four.")
    def reasons(root: strawberry.Parent[decisions.Decision], info: Info) -> list[Reason]:
        return translate_reasons(root.reasons, info)


@shows(applications.Application, description="A person's request for a product.")
class Application(Node):
    term_months: int = strawberry.field(description="Over how many months, as the person asked.")
    status: ApplicationStatus = strawberry.field(description="Where it stands.")
    created_at: datetime = strawberry.field(description="When the person applied.")
    promised_by: datetime = strawberry.field(description="By when an answer is promised.")
    viewer = viewer_field()

    @strawberry.field(
        description="The application itself: a field to add it to a list by, where a client asks for one, as `@prependNode`."
    )
    def application(
        root: strawberry.Parent[applications.Application],
    ) -> Annotated["Application", strawberry.lazy("api.app.applications")]:
        return cast(Application, root)

    @strawberry.field(description="What the person applied for.")
    def product(root: strawberry.Parent[applications.Application], info: Info) -> Product:
        return info.context.load(products.by_ids, root.product_id)

    @strawberry.field(description="How much, as the person asked. Of a RENTAL the monthly rent.")
    def amount(root: strawberry.Parent[applications.Application]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="What happened, oldest first.")
    async def timeline(root: strawberry.Parent[applications.Application], info: Info) -> list[TimelineEntry]:
        told: list[Event] = await info.context.load(applications.timelines, root.id) or []
        locale = info.context.locale
        return [
            TimelineEntry(at=event.occurred_at, event=event.name, message=say(TIMELINE[event.name], locale))
            for event in told
            if event.name in TIMELINE
        ]

    @strawberry.field(description="The newest decision; null before the first.")
    def decision(root: strawberry.Parent[applications.Application], info: Info) -> Decision | None:
        return info.context.load(decisions.latest, (root.user_id, root.id))

    @strawberry.field(description="What an approval offers; null without one.")
    def offer(root: strawberry.Parent[applications.Application], info: Info) -> Offer | None:
        return info.context.load(offers.of_applications, (root.user_id, root.id))

    @strawberry.field(description="The accepted offer in force; null until an offer is accepted.")
    def agreement(root: strawberry.Parent[applications.Application], info: Info) -> Agreement | None:
        return info.context.load(agreements.of_applications, (root.user_id, root.id))


ApplyResult = Annotated[
    Application | Refused, strawberry.union("ApplyResult", description="The application, or why there is none.")
]
WithdrawApplicationResult = Annotated[
    Application | Refused,
    strawberry.union("WithdrawApplicationResult", description="The application, withdrawn now, or why not."),
]


RequestHumanReviewResult = Annotated[
    Application | Refused,
    strawberry.union("RequestHumanReviewResult", description="The application, in review now, or why not."),
]


@strawberry.input(description="What to apply for.")
class ApplyInput:
    product_id: strawberry.ID = strawberry.field(description="Of a Product.", metadata=id_check("Product"))
    amount: MoneyInput = strawberry.field(description="Between the product's `amountMin` and `amountMax`.")
    term_months: int = strawberry.field(description="One of the product's `termMonths`.")
    share: list[ConsentScope] = strawberry.field(
        description="What this partner may see for this application; the person chose it, nothing is pre-ticked."
    )
    idempotency_key: str = key()


@strawberry.input(description="Which application to take back.")
class WithdrawApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="Of an Application.", metadata=id_check("Application"))


@strawberry.input(description="Which declined application somebody should look at.")
class RequestHumanReviewInput:
    application_id: strawberry.ID = strawberry.field(
        description="Of an Application that is DECLINED.", metadata=id_check("Application")
    )
    message: str = strawberry.field(
        description=f"What the reviewer should know, in up to {human_reviews.WORDS_MAX} characters."
    )
    idempotency_key: str = key()


@strawberry.type
class ApplicationMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Apply for a product. Where the rules decide, the decision and an offer are in the answer already."
    )
    async def apply(self, info: Info, input: Input[ApplyInput]) -> ApplyResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _apply(db, actor, input, info.context.ip))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Take an application back: until its offer is accepted, and for a day after that as long as nothing is drawn."
    )
    async def withdraw_application(
        self, info: Info, input: Input[WithdrawApplicationInput]
    ) -> WithdrawApplicationResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _withdraw(db, actor, input))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Ask for a person to look at what a program declined: once, within 30 days. It goes to a reviewer, with what the "
        "partner might see of it before."
    )
    async def request_human_review(
        self, info: Info, input: Input[RequestHumanReviewInput]
    ) -> RequestHumanReviewResult | None:
        actor = info.context.user
        application_id = id_of("Application", input.application_id, "input", "applicationId")
        return await commit(
            info,
            lambda db: human_reviews.request(db, actor, application_id, input.message, input.idempotency_key),
        )


async def _apply(db: Db, actor: UserActor, input: ApplyInput, ip: str) -> applications.Application:
    return await applying.apply(
        db,
        actor,
        product_id=id_of("Product", input.product_id, "input", "productId"),
        amount=input.amount.to_money("input", "amount"),
        term_months=input.term_months,
        share=input.share,
        key=input.idempotency_key,
        ip=ip,
    )


async def _withdraw(db: Db, actor: UserActor, input: WithdrawApplicationInput) -> applications.Application:
    application_id = id_of("Application", input.application_id, "input", "applicationId")
    return await accepting.withdraw(db, actor, application_id)
