"""Treatments: a person gives up what was not done of one."""

from typing import Annotated

import strawberry

from api.app.agreements import Agreement
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.actors import UserActor
from domain.agreements import agreements, treating
from domain.permissions import Permission
from infra.database import Db

CancelTreatmentResult = Annotated[
    Agreement | Refused,
    strawberry.union("CancelTreatmentResult", description="The agreement, or why nothing is cancelled."),
]


@strawberry.input(description="Which treatment to cancel, and why.")
class CancelTreatmentInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    reason: str = strawberry.field(description="In the person's words, for the partner: up to 500 characters.")
    idempotency_key: str = key()


@strawberry.type
class TreatmentMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Give up what was not treated: it is never owed. What was treated is paid as planned; where nothing was, "
        "all of it is unwound."
    )
    async def cancel_treatment(self, info: Info, input: Input[CancelTreatmentInput]) -> CancelTreatmentResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _cancel(db, actor, input))


async def _cancel(db: Db, actor: UserActor, input: CancelTreatmentInput) -> agreements.Agreement:
    agreement_id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    return await treating.cancel(db, actor, agreement_id, input.reason, input.idempotency_key)
