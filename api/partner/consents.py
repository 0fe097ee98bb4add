"""The consents that people gave a partner, each without its person."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from api.graphql.connections import After, Connection, First, Since, connection, resumable
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import URL
from api.graphql.showing import Node, shows
from domain.consent import consent_requests, consents, feed
from domain.consent.consents import ConsentScope, ConsentStatus, Purpose
from domain.permissions import Permission
from infra.ids import global_id


@shows(consents.Consent, description="What a person lets the partner see, for one purpose, until it ends.")
class Consent(Node):
    purpose: Purpose = strawberry.field(description="What for; asking for anything else is refused.")
    scopes: list[str] = strawberry.field(description="What may be asked.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    updated_at: datetime = strawberry.field(description="When it was given, or taken back.")

    @strawberry.field(description="Whether it still opens anything.")
    def status(root: strawberry.Parent[consents.Consent], info: Info) -> ConsentStatus:
        return info.context.load(consents.statuses, (root.user_id, root.id))


@strawberry.type
class ConsentQuery:
    @requires(Permission.FOLLOW_CONSENTS)
    @strawberry.field(
        description="A feed of changes, oldest first. Ask again after `endCursor`, which is there even when nothing is, "
        "and no change is ever missed. What ends by itself is no change: see `expiresAt`."
    )
    async def consents(
        self,
        info: Info,
        updated_since: Since = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Consent] | None:
        page = await feed.page(info.context.partner, updated_since, first=first, after=after)
        return cast(Connection[Consent], connection(resumable(page)))


@shows(
    consent_requests.ConsentRequest,
    description="What is asked of whoever opens the code, until it is answered or over.",
)
class ConsentRequest:
    code: str = strawberry.field(description="What the person's app asks with.")
    expires_at: datetime = strawberry.field(description="Until when it can be answered.")

    @strawberry.field(description="Of this request.")
    def id(root: strawberry.Parent[consent_requests.ConsentRequest]) -> strawberry.ID:
        return strawberry.ID(global_id("ConsentRequest", root.id))

    @strawberry.field(description="For a QR code or a link: it opens the app.")
    def url(root: strawberry.Parent[consent_requests.ConsentRequest]) -> URL:
        return URL(f"longan://consent/{root.code}")


RequestConsentResult = Annotated[
    ConsentRequest | Refused,
    strawberry.union("RequestConsentResult", description="What to show the person, or why there is nothing."),
]


@strawberry.input(description="What to ask of whoever opens the code.")
class RequestConsentInput:
    purpose: Purpose = strawberry.field(description="What for.")
    scopes: list[ConsentScope] = strawberry.field(description="What to see; at least one.")
    days: int = strawberry.field(description="For how long, 1 to 365; the person may answer with fewer.")
    reference: str | None = strawberry.field(
        default=None, description="The partner's own, 1 to 100 characters; told again with the answer."
    )
    idempotency_key: str = key()


@strawberry.type
class ConsentMutation:
    @requires(Permission.FOLLOW_CONSENTS)
    @strawberry.mutation(
        description="Ask for a consent by a QR code or link. A yes comes as CONSENT_GRANTED by webhook, with the token."
    )
    async def request_consent(self, info: Info, input: Input[RequestConsentInput]) -> RequestConsentResult | None:
        actor = info.context.partner
        return await commit(
            info,
            lambda db: consent_requests.ask(
                db,
                actor,
                input.purpose,
                input.scopes,
                input.days,
                input.reference,
                key=input.idempotency_key,
            ),
        )
