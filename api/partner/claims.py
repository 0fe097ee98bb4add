"""What a partner wants of a deposit."""

from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from api.partner.agreements import Agreement
from domain.actors import PartnerActor
from domain.agreements import agreements, claiming
from domain.permissions import Permission
from infra.database import Db

ClaimDamageResult = Annotated[
    Agreement | Refused, strawberry.union("ClaimDamageResult", description="The agreement, or why nothing was claimed.")
]


@strawberry.input(description="What is wanted of a deposit, and why.")
class ClaimDamageInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    amount: MoneyInput = strawberry.field(description="Above zero, up to what is held.")
    reason: str = strawberry.field(description="For the person, and for staff who decide, in up to 500 characters.")
    idempotency_key: str = key()


@strawberry.type
class ClaimMutation:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.mutation(
        description="Claim some of the deposit of a RENTAL, once, from its notice or last day on. The person can dispute it; what they "
        "do not dispute in time stands. CLAIM_DECIDED tells how much of it is yours, as the settlement report does."
    )
    async def claim_damage(self, info: Info, input: Input[ClaimDamageInput]) -> ClaimDamageResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _claim(db, actor, input))


async def _claim(db: Db, actor: PartnerActor, input: ClaimDamageInput) -> agreements.Agreement:
    agreement_id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    amount = input.amount.to_money("input", "amount")
    return await claiming.claim(db, actor, agreement_id, amount, input.reason, input.idempotency_key)
