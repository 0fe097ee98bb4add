"""Disputes: what waits, the facts and not the person, and the answer."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.graphql.connections import After, CountedConnection, First, listed_counted
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.actors import StaffActor
from domain.disputes import disputes, disputing
from domain.disputes.disputes import DisputeStatus
from domain.permissions import Permission
from infra.database import Db
from infra.ids import global_id
from infra.words import say


@shows(disputes.DisputedFact, description="A fact as it stood when it was disputed.")
class DisputedFact:
    name: str = strawberry.field(
        description="Of the vocabulary, as repayment.late_24m; unlinked: what an account left behind."
    )
    observed_at: datetime = strawberry.field(description="When its source saw it.")

    @strawberry.field(description="Names it; `answerDispute` takes it.")
    def id(root: strawberry.Parent[disputes.DisputedFact]) -> strawberry.ID:
        return strawberry.ID(global_id("DisputedFact", root.id))

    @strawberry.field(description="What it is, in the language that was asked for.")
    def label(root: strawberry.Parent[disputes.DisputedFact], info: Info) -> str:
        return say(root.label, info.context.locale)

    @strawberry.field(description="As the source told it.")
    def value(root: strawberry.Parent[disputes.DisputedFact]) -> str:
        return root.shown_value

    @strawberry.field(description="Who told it: a provider, or unlinked for what an account left behind.")
    def source(root: strawberry.Parent[disputes.DisputedFact]) -> str:
        return root.shown_source


@shows(disputes.Dispute, description="A person's no to a factor of their score, without the person.")
class Dispute(Node):
    factor_code: str = strawberry.field(description="Of the factor that is disputed.")
    status: DisputeStatus = strawberry.field(description="Where it stands.")
    answer_by: datetime = strawberry.field(description="By when it is to be answered.")

    @strawberry.field(description="Why, in the person's words; empty where they were erased.")
    async def message(root: strawberry.Parent[disputes.Dispute], info: Info) -> str:
        written = await _written(root, info)
        return written.message if written else ""

    @strawberry.field(description="The facts behind the factor, as they stood. The person can read who looked at them.")
    async def facts(root: strawberry.Parent[disputes.Dispute], info: Info) -> list[DisputedFact]:
        written = await _written(root, info)
        return cast(list[DisputedFact], [*written.facts] if written else [])

    @strawberry.field(description="What was answered; null until then.")
    async def answer(root: strawberry.Parent[disputes.Dispute], info: Info) -> str | None:
        written = await _written(root, info)
        return written.answer if written else None


async def _written(dispute: disputes.Dispute, info: Info) -> disputes.DisputeTexts | None:
    return await info.context.load(disputes.WrittenFor(info.context.staff), (dispute.user_id, dispute.id))


@strawberry.type
class DisputeQuery:
    @requires(Permission.ANSWER_DISPUTES)
    @strawberry.field(description="What waits for an answer, the nearest time first.")
    async def disputes(self, info: Info, first: First = None, after: After = None) -> CountedConnection[Dispute] | None:
        order = [disputes.Dispute.answer_by, disputes.Dispute.id]
        return await listed_counted(disputes.waiting_for(info.context.staff), order, first, after)


DisputeResult = Annotated[
    Dispute | Refused, strawberry.union("DisputeResult", description="The dispute, answered now, or why not.")
]


@strawberry.input(description="What is said to a dispute.")
class AnswerDisputeInput:
    dispute_id: strawberry.ID = strawberry.field(description="Of a Dispute that is OPEN.", metadata=id_check("Dispute"))
    upheld: bool = strawberry.field(description="Whether some of its facts are wrong.")
    fact_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Which of them; at least one where it is upheld, else none."
    )
    answer: str = strawberry.field(description="Why, for the person to read, in up to 500 characters.")
    idempotency_key: str = key()


@strawberry.type
class DisputeMutation:
    @requires(Permission.ANSWER_DISPUTES)
    @strawberry.mutation(
        description="Answer a dispute. The facts that are named count no more, also where their source tells the same again, and "
        "the person is scored anew."
    )
    async def answer_dispute(self, info: Info, input: Input[AnswerDisputeInput]) -> DisputeResult | None:
        actor = info.context.staff
        return await commit(info, lambda db: _answer(db, actor, input))


async def _answer(db: Db, actor: StaffActor, input: AnswerDisputeInput) -> disputes.Dispute:
    return await disputing.answer(
        db,
        actor,
        id_of("Dispute", input.dispute_id, "input", "disputeId"),
        upheld=input.upheld,
        fact_ids=[id_of("DisputedFact", id, "input", "factIds") for id in input.fact_ids or ()],
        answer=input.answer,
        key=input.idempotency_key,
    )
