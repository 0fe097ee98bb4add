"""Reviewing what was referred or overdue."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.connections import PageInfo, connection
from api.graphql.context import Info
from api.graphql.mutations import commit, id_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.actors import StaffActor
from domain.applications import applications, deciding, decisions, reviewing
from domain.applications.applications import ApplicationStatus
from domain.applications.decisions import DecisionOutcome
from domain.market import products
from domain.permissions import Permission
from infra.database import Db, reading
from infra.paging import page_of
from infra.words import say


@strawberry.type(description="Why: a stable code, and a sentence.")
class Reason:
    code: str
    message: str


@shows(decisions.Decision, description="The newest one, with its reasons, the weightiest first.")
class Decision:
    outcome: DecisionOutcome

    @strawberry.field
    def reasons(root: strawberry.Parent[decisions.Decision], info: Info) -> list[Reason]:
        locale = info.context.locale
        return [Reason(code=why.code, message=say(why.message, locale, **why.values)) for why in root.reasons]


@shows(applications.Application, description="A person's request, without the person.")
class Application(Node):
    status: ApplicationStatus
    promised_by: datetime

    @strawberry.field
    async def product_title(root: strawberry.Parent[applications.Application], info: Info) -> str:
        product = await info.context.load(products.by_ids, root.product_id)
        assert product is not None, "products are retired, never deleted"
        return product.title

    @strawberry.field
    async def decision(root: strawberry.Parent[applications.Application], info: Info) -> Decision | None:
        return await info.context.load(decisions.latest, (root.user_id, root.id))


@strawberry.type
class ReviewEdge:
    cursor: str
    node: Application


@strawberry.type
class ReviewConnection:
    edges: list[ReviewEdge]
    page_info: PageInfo


@strawberry.type
class ReviewQuery:
    @requires(Permission.REVIEW_APPLICATIONS)
    @strawberry.field(description="What awaits a person, the nearest promise first.")
    async def review_queue(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> ReviewConnection | None:
        queue = reviewing.queue_of(info.context.staff)
        order = [applications.Application.promised_by, applications.Application.id]
        async with reading() as db:
            return connection(await page_of(db, queue, order, first=first, after=after))


ReviewResult = Annotated[Application | Refused, strawberry.union("ReviewResult")]


@strawberry.input
class ReviewApplicationInput:
    application_id: strawberry.ID
    outcome: DecisionOutcome
    reasons: list[str] = strawberry.field(description="One to four sentences for the person.")
    idempotency_key: str


@strawberry.type
class ReviewMutation:
    @requires(Permission.REVIEW_APPLICATIONS)
    @strawberry.mutation
    async def review_application(self, info: Info, input: ReviewApplicationInput) -> ReviewResult | None:
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
        input={"application": application_id, "outcome": input.outcome, "reasons": input.reasons},
    )
