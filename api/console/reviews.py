"""Reviewing what was referred or overdue."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.graphql.connections import After, Countable, First, PageInfo, counted, rows
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.actors import StaffActor
from domain.applications import applications, deciding, decisions, reviewing
from domain.applications.applications import ApplicationStatus
from domain.applications.decisions import DecisionOutcome
from domain.market import products
from domain.people import invented
from domain.permissions import Permission
from infra.database import Db, reading
from infra.paging import page_of
from infra.words import say


@strawberry.type(description="Why: a stable code, and a sentence.")
class Reason:
    code: str = strawberry.field(description="Stable, as INCOME_TOO_LOW; `api/codes.md` lists them.")
    message: str = strawberry.field(description="As the person reads it, in the reader's language.")


@shows(decisions.Decision, description="Approve, decline or refer, with ordered reasons.")
class Decision:
    outcome: DecisionOutcome = strawberry.field(description="What was decided.")

    @strawberry.field(description="Why, the weightiest first.")
    def reasons(root: strawberry.Parent[decisions.Decision], info: Info) -> list[Reason]:
        locale = info.context.locale
        return [Reason(code=why.code, message=say(why.message, locale, **why.values)) for why in root.reasons]


@shows(applications.Application, description="A person's request, without the person.")
class Application(Node):
    status: ApplicationStatus = strawberry.field(description="Where it stands.")
    promised_by: datetime = strawberry.field(description="By when the person was promised an answer.")

    @strawberry.field(
        description="Whether the person was made up, so that a house on its first day has something to show."
    )
    async def is_invented(root: strawberry.Parent[applications.Application], info: Info) -> bool:
        return bool(await info.context.load(invented.among, root.user_id))

    @strawberry.field(description="What the person applied for.")
    async def product_title(root: strawberry.Parent[applications.Application], info: Info) -> str:
        product = await info.context.load(products.by_ids, root.product_id)
        assert product is not None, "products are retired, never deleted"
        return product.title

    @strawberry.field(description="The newest decision; null before the first.")
    async def decision(root: strawberry.Parent[applications.Application], info: Info) -> Decision | None:
        return await info.context.load(decisions.latest, (root.user_id, root.id))


@strawberry.type(description="An application of a page, and where it stands in the queue.")
class ReviewEdge:
    cursor: str = strawberry.field(description="Opaque. As `after`, it asks for what follows.")
    node: Application = strawberry.field(description="The application.")


@strawberry.type(description="A page of the queue.")
class ReviewConnection(Countable):
    edges: list[ReviewEdge] = strawberry.field(description="The applications of this page with their cursors.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and how to ask for it.")

    @strawberry.field(description="The applications of this page, for those who need no cursors.")
    def nodes(self) -> list[Application]:
        return [edge.node for edge in self.edges]


@strawberry.type
class ReviewQuery:
    @requires(Permission.REVIEW_APPLICATIONS)
    @strawberry.field(description="What awaits a person, the nearest promise first.")
    async def review_queue(self, info: Info, first: First = None, after: After = None) -> ReviewConnection | None:
        queue = reviewing.queue_of(info.context.staff)
        order = [applications.Application.promised_by, applications.Application.id]
        async with reading() as db:
            page = await page_of(db, queue, order, first=first, after=after)
        return cast(ReviewConnection, counted(page, rows(queue)))


ReviewResult = Annotated[
    Application | Refused, strawberry.union("ReviewResult", description="The application, decided now, or why not.")
]


@strawberry.input(description="A reviewer's answer.")
class ReviewApplicationInput:
    application_id: strawberry.ID = strawberry.field(
        description="Of an Application in the queue.", metadata=id_check("Application")
    )
    outcome: DecisionOutcome = strawberry.field(description="APPROVE or DECLINE.")
    reasons: list[str] = strawberry.field(description="One to four sentences for the person.")
    idempotency_key: str = key()


@strawberry.type
class ReviewMutation:
    @requires(Permission.REVIEW_APPLICATIONS)
    @strawberry.mutation(
        description="Decide an application that was referred or is overdue. What is decided stays decided."
    )
    async def review_application(self, info: Info, input: Input[ReviewApplicationInput]) -> ReviewResult | None:
        actor = info.context.staff
        return await commit(info, lambda db: _review(db, actor, input))


async def _review(db: Db, actor: StaffActor, input: ReviewApplicationInput) -> applications.Application:
    application_id = id_of("Application", input.application_id, "input", "applicationId")
    return await deciding.decide_by_review(
        db,
        actor,
        application_id=application_id,
        outcome=input.outcome,
        reasons=input.reasons,
        key=input.idempotency_key,
    )
