"""Consents: what a person lets partners see, for what and until when."""

from datetime import datetime
from typing import Annotated, Any, cast

import strawberry

from api.app.products import Partner
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.consent import consenting, consents
from domain.consent.consents import ConsentScope, ConsentStatus, Purpose
from domain.market import products
from domain.permissions import Permission
from infra.database import Db

show(
    ConsentStatus,
    "Whether a consent still opens anything.",
    LIVE="The partner may ask.",
    REVOKED="Taken back: whoever asks is refused.",
    EXPIRED="Its time is over: whoever asks is refused.",
)


@shows(consents.Consent, description="What the person lets one partner see, for one purpose, until it ends.")
class Consent(Node):
    viewer = viewer_field()
    purpose: Purpose = strawberry.field(description="What for; for nothing else.")
    granted_at: datetime = strawberry.field(description="When it was given.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")

    @strawberry.field(description="Who may see it.")
    def partner(root: strawberry.Parent[consents.Consent], info: Info) -> Partner:
        return info.context.load(products.partners_by_ids, root.partner_id)

    @strawberry.field(description="What they may see.")
    def scopes(root: strawberry.Parent[consents.Consent]) -> list[ConsentScope]:
        return [ConsentScope(scope) for scope in root.scopes]

    @strawberry.field(description="Whether it still opens anything.")
    def status(root: strawberry.Parent[consents.Consent], info: Info) -> ConsentStatus:
        return info.context.load(consents.statuses, (root.user_id, root.id))

    @strawberry.field(
        description="What the app hands to the partner; it works for that partner's clients alone. In the answer to "
        "`grantConsent`, and again for the same idempotency key within 24 hours; null elsewhere."
    )
    def token(root: strawberry.Parent[consents.Consent]) -> str | None:
        return root.shown_token


GrantConsentResult = Annotated[
    Consent | Refused, strawberry.union("GrantConsentResult", description="The consent, or why there is none.")
]
RevokeConsentResult = Annotated[
    Consent | Refused, strawberry.union("RevokeConsentResult", description="The consent, over now, or why it stays.")
]


@strawberry.input(description="Whom to let see what, for what, for how long.")
class GrantConsentInput:
    partner_id: strawberry.ID = strawberry.field(description="Of a Partner.", metadata=id_check("Partner"))
    purpose: Purpose = strawberry.field(description="What for.")
    scopes: list[ConsentScope] = strawberry.field(description="What they may see; at least one, chosen by the person.")
    days: int = strawberry.field(description=f"How long, 1 to {consenting.DAYS_MAX}.")
    idempotency_key: str = key()


@strawberry.input(description="Which consent to take back.")
class RevokeConsentInput:
    consent_id: strawberry.ID = strawberry.field(description="Of a Consent.", metadata=id_check("Consent"))


@strawberry.type
class ConsentMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Let a partner ask about this person. Each look is written down in `lookups`.")
    async def grant_consent(self, info: Info, input: Input[GrantConsentInput]) -> GrantConsentResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _grant(db, actor, input))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Take a consent back: the next look is refused, also one that has begun.")
    async def revoke_consent(self, info: Info, input: Input[RevokeConsentInput]) -> RevokeConsentResult | None:
        actor = info.context.user
        return await commit(info, lambda db: consenting.revoke(db, actor, _consent(input)))


async def _grant(db: Db, actor: UserActor, input: GrantConsentInput) -> Any:
    partner_id = id_of("Partner", input.partner_id, "input", "partnerId")
    granted = await consenting.grant(
        db, actor, partner_id, input.purpose, input.scopes, input.days, key=input.idempotency_key
    )
    granted.consent.shown_token = granted.token
    return cast(Consent, granted.consent)


def _consent(input: RevokeConsentInput) -> Any:
    return id_of("Consent", input.consent_id, "input", "consentId")
