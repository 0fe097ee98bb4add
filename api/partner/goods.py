"""Goods: a partner says that they came, and what becomes of those that go back."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from api.partner.agreements import Agreement
from domain.actors import PartnerActor
from domain.agreements import agreements, delivering, returning
from domain.permissions import Permission
from infra.database import Db

ReportDeliveryResult = Annotated[
    Agreement | Refused,
    strawberry.union("ReportDeliveryResult", description="The agreement, or why the report was not taken."),
]
ConfirmReturnResult = Annotated[
    Agreement | Refused,
    strawberry.union("ConfirmReturnResult", description="The agreement, or why nothing was taken back."),
]
RefuseReturnResult = Annotated[
    Agreement | Refused,
    strawberry.union("RefuseReturnResult", description="The agreement, or why the return was not refused."),
]


@strawberry.input(description="Which goods came, and when.")
class ReportDeliveryInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    delivered_at: datetime = strawberry.field(
        description="After the agreement was made, of the last 7 days, and not ahead."
    )
    reference: str | None = strawberry.field(
        default=None, description="The partner's own, up to 128 characters, and nothing about the person."
    )
    idempotency_key: str = key()


@strawberry.input(description="Which goods the partner has again.")
class ConfirmReturnInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    amount: MoneyInput | None = strawberry.field(
        default=None,
        description="What of the price is taken back; absent: all of it. With a part there are fewer instalments.",
    )
    idempotency_key: str = key()


@strawberry.input(description="Which goods the partner does not take back, and why.")
class RefuseReturnInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    reason: str = strawberry.field(description="For the person to read: up to 500 characters.")
    idempotency_key: str = key()


@strawberry.type
class GoodsMutation:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.mutation(
        description="Say that goods came. It counts as confirmed once the person confirms it, or has said nothing for 7 days."
    )
    async def report_delivery(self, info: Info, input: Input[ReportDeliveryInput]) -> ReportDeliveryResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _report(db, actor, input))

    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.mutation(
        description="Say that goods came back: RETURNING becomes UNWOUND, and what the person paid goes back to them."
    )
    async def confirm_return(self, info: Info, input: Input[ConfirmReturnInput]) -> ConfirmReturnResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _take_back(db, actor, input))

    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.mutation(description="Say why goods are not taken back: the agreement goes on as before.")
    async def refuse_return(self, info: Info, input: Input[RefuseReturnInput]) -> RefuseReturnResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _refuse(db, actor, input))


async def _report(db: Db, actor: PartnerActor, input: ReportDeliveryInput) -> agreements.Agreement:
    id, at = id_of("Agreement", input.agreement_id, "input", "agreementId"), input.delivered_at.astimezone(UTC)
    return await delivering.report(db, actor, id, at, input.reference, input.idempotency_key)


async def _take_back(db: Db, actor: PartnerActor, input: ConfirmReturnInput) -> agreements.Agreement:
    id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    amount = input.amount.to_money("input", "amount") if input.amount else None
    return await returning.take_back(db, actor, id, amount, input.idempotency_key)


async def _refuse(db: Db, actor: PartnerActor, input: RefuseReturnInput) -> agreements.Agreement:
    id = id_of("Agreement", input.agreement_id, "input", "agreementId")
    return await returning.refuse(db, actor, id, input.reason, input.idempotency_key)
