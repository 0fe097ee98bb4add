"""What a partner's QR code or link asks, and the person's answer."""

from datetime import datetime
from typing import Annotated, Any, cast

import strawberry

from api.app.consents import Consent
from api.app.products import Partner
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import shows
from domain.consent import consent_requests, previewing
from domain.consent.consents import ConsentScope, Purpose
from domain.market import products
from domain.permissions import Permission
from infra.database import reading
from infra.ids import global_id

Code = Annotated[str, strawberry.argument(description="In the QR code or link.")]


@shows(consent_requests.ConsentRequest, description="What a partner asks of whoever opens its QR code or link.")
class ConsentRequest:
    purpose: Purpose = strawberry.field(description="What for.")
    expires_at: datetime = strawberry.field(description="Until when it can be answered.")

    @strawberry.field(description="Of this request.")
    def id(root: strawberry.Parent[consent_requests.ConsentRequest]) -> strawberry.ID:
        return strawberry.ID(global_id("ConsentRequest", root.id))

    @strawberry.field(description="Who asks.")
    def partner(root: strawberry.Parent[consent_requests.ConsentRequest], info: Info) -> Partner:
        return info.context.load(products.partners_by_ids, root.partner_id)

    @strawberry.field(description="What they want to see.")
    def scopes(root: strawberry.Parent[consent_requests.ConsentRequest]) -> list[ConsentScope]:
        return [ConsentScope(scope) for scope in root.scopes]

    @strawberry.field(description="The exact answer that the partner would get now, in words.")
    async def preview(root: strawberry.Parent[consent_requests.ConsentRequest], info: Info) -> str:
        async with reading() as db:
            return await previewing.preview(db, info.context.user.user_id, root.scopes, info.context.locale)


AnswerConsentRequestResult = Annotated[
    Consent | Refused,
    strawberry.union("AnswerConsentRequestResult", description="The consent, or why there is none; null after a no."),
]


@strawberry.input(description="The person's answer to what a partner asks.")
class AnswerConsentRequestInput:
    code: str = strawberry.field(description="In the QR code or link.")
    is_granted: bool = strawberry.field(description="Yes or no.")
    days: int | None = strawberry.field(default=None, description="Shorter than they asked; absent: as they asked.")
    idempotency_key: str = key()


@strawberry.type
class ConsentRequestQuery:
    @requires(Permission.SIGNED_IN)
    @strawberry.field(description="What a partner's code asks; null where nobody asks it, or it was answered.")
    async def consent_request(self, info: Info, code: Code) -> ConsentRequest | None:
        async with reading() as db:
            return cast(ConsentRequest | None, await consent_requests.find(db, code))


@strawberry.type
class ConsentRequestMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Say yes or no to what a partner asks. The partner gets its token by webhook.")
    async def answer_consent_request(
        self, info: Info, input: Input[AnswerConsentRequestInput]
    ) -> AnswerConsentRequestResult | None:
        actor = info.context.user

        async def answered(db: Any) -> Any:
            return await consent_requests.answer(
                db, actor, input.code, is_granted=input.is_granted, days=input.days, key=input.idempotency_key
            )

        return await commit(info, answered)
