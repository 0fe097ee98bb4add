"""Reviewing what was referred or overdue."""

from typing import Annotated, cast

import strawberry

from api.console.cases import Application
from api.graphql.connections import After, Countable, First, PageInfo, listed_counted
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from domain.actors import StaffActor
from domain.applications import applications, deciding, review_holds, reviewing
from domain.applications.applications import ApplicationStatus
from domain.applications.decisions import DecisionOutcome
from domain.permissions import Permission
from infra.database import Db, reading
from infra.ids import parse_global_id


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
    async def review_queue(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        status: Annotated[
            ApplicationStatus | None, strawberry.argument(description="Only IN_REVIEW, or only DELAYED.")
        ] = None,
        search: Annotated[
            str | None, strawberry.argument(description="Only with these words in the product's or the partner's name.")
        ] = None,
    ) -> ReviewConnection | None:
        queue = reviewing.queue_of(info.context.staff, status=status, words=search)
        order = [applications.Application.promised_by, applications.Application.id]
        return cast(ReviewConnection, await listed_counted(queue, order, first, after))

    @requires(Permission.REVIEW_APPLICATIONS)
    @strawberry.field(description="One application, whatever became of it; null where there is none of this id.")
    async def review_case(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Of an Application.")],
    ) -> Application | None:
        parsed = parse_global_id(id)
        if parsed is None or parsed[0] != "Application":
            return None
        async with reading() as db:
            return cast(Application | None, await applications.find(db, info.context.staff, parsed[1]))


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
    amount: MoneyInput | None = strawberry.field(
        default=None,
        description="To approve less than was asked: how much, at the rate applied for. Absent: all of it.",
    )
    term_months: int | None = strawberry.field(
        default=None,
        description="Of what is approved: another of the terms that were offered then. Absent: the one asked for.",
    )
    seen: str | None = strawberry.field(
        default=None, description="The application's `seen`: refused with STALE if anything changed since."
    )


@strawberry.input(description="What to look at.")
class TakeApplicationInput:
    application_id: strawberry.ID = strawberry.field(
        description="Of an Application in the queue.", metadata=id_check("Application")
    )


@strawberry.type
class ReviewMutation:
    @requires(Permission.REVIEW_APPLICATIONS)
    @strawberry.mutation(
        description="Look at an application alone: for 15 minutes nobody else of the staff decides it. Taking it again holds it anew."
    )
    async def take_application(self, info: Info, input: Input[TakeApplicationInput]) -> ReviewResult | None:
        actor = info.context.staff
        application_id = id_of("Application", input.application_id, "input", "applicationId")
        return await commit(info, lambda db: review_holds.take(db, actor, application_id))

    @requires(Permission.REVIEW_APPLICATIONS)
    @strawberry.mutation(
        description="Decide an application that was referred or is overdue, all of it or less. What is decided stays decided."
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
        amount=input.amount.to_money("input", "amount") if input.amount else None,
        months=input.term_months,
        seen=input.seen,
    )
