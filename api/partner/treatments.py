"""Treatments: a partner says which part of one was done."""

from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from api.partner.agreements import Agreement
from domain.actors import PartnerActor
from domain.agreements import agreements, treating
from domain.permissions import Permission
from infra.database import Db

ConfirmTreatmentResult = Annotated[
    Agreement | Refused,
    strawberry.union("ConfirmTreatmentResult", description="The agreement, or why nothing was confirmed."),
]


@strawberry.input(description="Which treatment was done, and what of the price that part costs.")
class ConfirmTreatmentInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    amount: MoneyInput = strawberry.field(description="Above zero, up to what is not treated yet.")
    reference: str | None = strawberry.field(
        default=None, description="The partner's own, up to 128 characters, and nothing about the person."
    )
    idempotency_key: str = key()


@strawberry.type
class TreatmentMutation:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.mutation(
        description="Say that a part of a treatment was done: so much of the price is owed from today."
    )
    async def confirm_treatment(self, info: Info, input: Input[ConfirmTreatmentInput]) -> ConfirmTreatmentResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _confirm(db, actor, input))


async def _confirm(db: Db, actor: PartnerActor, input: ConfirmTreatmentInput) -> agreements.Agreement:
    id, amount = (
        id_of("Agreement", input.agreement_id, "input", "agreementId"),
        input.amount.to_money("input", "amount"),
    )
    return await treating.confirm(db, actor, id, amount, input.reference, input.idempotency_key)
