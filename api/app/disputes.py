"""Disputes: the person says no to what their score was made of."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.disputes import disputes, disputing
from domain.disputes.disputes import DisputeStatus
from domain.permissions import Permission


@shows(disputes.Dispute, description="The person's no to a factor of their score.")
class Dispute(Node):
    viewer = viewer_field()
    factor_code: str = strawberry.field(description="Of the factor that is disputed, as repayment.")
    status: DisputeStatus = strawberry.field(description="Where it stands.")
    answer_by: datetime = strawberry.field(description="By when it is answered.")

    @strawberry.field(description="Why, in the person's words.")
    async def message(root: strawberry.Parent[disputes.Dispute], info: Info) -> str | None:
        written = await info.context.load(disputes.texts_of, (root.user_id, root.id))
        return written.message if written else None

    @strawberry.field(description="What staff answered; null until then.")
    async def answer(root: strawberry.Parent[disputes.Dispute], info: Info) -> str | None:
        written = await info.context.load(disputes.texts_of, (root.user_id, root.id))
        return written.answer if written else None


DisputeFactorResult = Annotated[
    Dispute | Refused,
    strawberry.union(
        "DisputeFactorResult", description="The dispute, with the day of its answer, or why there is none."
    ),
]


@strawberry.input(description="What is wrong with a score.")
class DisputeFactorInput:
    factor_code: str = strawberry.field(description="`code` of one of the score's factors.")
    message: str = strawberry.field(description=f"What is wrong with it, in up to {disputing.WORDS_MAX} characters.")
    idempotency_key: str = key()


@strawberry.type
class DisputeMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Say no to a factor of the score. Somebody looks at the facts behind it within twenty days; what is wrong "
        "counts no more, and the score is worked out anew."
    )
    async def dispute_factor(self, info: Info, input: Input[DisputeFactorInput]) -> DisputeFactorResult | None:
        actor = info.context.user
        return await commit(
            info,
            lambda db: disputing.dispute(db, actor, input.factor_code, input.message, input.idempotency_key),
        )
