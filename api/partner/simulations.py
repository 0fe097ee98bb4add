"""What a test client lets happen, to see how it copes."""

from typing import Annotated
from uuid import UUID

import strawberry

from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, commit, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import MoneyInput
from api.graphql.showing import shows
from domain.actors import PartnerActor
from domain.permissions import Permission
from infra.database import Db
from infra.ids import global_id
from infra.words import say
from integrations.simulated import simulating
from integrations.simulated.simulating import SimulatedEvent, SimulationWish

show(
    SimulatedEvent,
    "What a test client can let happen. Whoever it happens to never was.",
    APPLICATION="Somebody applies for a product; where the rules decide about it, they do.",
    DECISION="An application is approved as it was asked for, in the partner's name.",
    ACCEPTANCE="An offer is accepted, and the person gets at once all that it is for.",
    CONSENT_GRANTED="Somebody opens the code of a `requestConsent`, and says yes.",
    CONSENT_REVOKED="The person takes a consent back.",
    PAYMENT="The person pays.",
    LATE_PAYMENT="Somebody else has had the same for a month, and is late by a day with the first instalment.",
    DEFAULT="Somebody else has had the same for four months, and has paid nothing.",
    NOTICE="The person gives notice of a lease, and leaves as soon as they may.",
    RETURN="The person sends goods back.",
    DISPUTE="The person says no to what is claimed of their deposit.",
    CLAIM_DECISION="It is decided how much of a claim is right, as staff do.",
    DELIVERY_FAILURE="An attempt to deliver what waits for a webhook, or else what went there last, fails; it is tried again.",
)


@shows(simulating.Simulated, description="What happened in the test client's world.")
class Simulated:
    @strawberry.field(description="What happened, in words.")
    def message(root: strawberry.Parent[simulating.Simulated], info: Info) -> str:
        return say(root.message, info.context.locale)

    @strawberry.field(description="What was made, or changed.")
    def id(root: strawberry.Parent[simulating.Simulated]) -> strawberry.ID | None:
        return strawberry.ID(global_id(root.kind, root.id))

    @strawberry.field(description="Of CONSENT_GRANTED: the token that your webhook is told too. Else null.")
    def consent_token(root: strawberry.Parent[simulating.Simulated]) -> str | None:
        return root.token


SimulateResult = Annotated[
    Simulated | Refused,
    strawberry.union("SimulateResult", description="What happened, or why nothing did."),
]


@strawberry.input(description="What is to happen, and to what; an event looks at the one id that it needs.")
class SimulateInput:
    event: SimulatedEvent = strawberry.field(description="What is to happen.")
    idempotency_key: str = key()
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of APPLICATION; also of LATE_PAYMENT and DEFAULT, where no agreement is named."
    )
    application_id: strawberry.ID | None = strawberry.field(default=None, description="Of DECISION and ACCEPTANCE.")
    agreement_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Of PAYMENT, NOTICE, RETURN, DISPUTE and CLAIM_DECISION; of LATE_PAYMENT and DEFAULT, the agreement of which "
        "somebody else has the same.",
    )
    amount: MoneyInput | None = strawberry.field(
        default=None,
        description="Of PAYMENT: how much; absent, what is due or, where nothing is, the next instalment. Of CLAIM_DECISION: how "
        "much of the claim is right; absent, all of it.",
    )
    consent_request_id: strawberry.ID | None = strawberry.field(default=None, description="Of CONSENT_GRANTED.")
    consent_id: strawberry.ID | None = strawberry.field(default=None, description="Of CONSENT_REVOKED.")
    webhook_endpoint_id: strawberry.ID | None = strawberry.field(default=None, description="Of DELIVERY_FAILURE.")


@strawberry.type
class SimulationMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Let something happen, as it does to everybody, with somebody who never was. Test clients only."
    )
    async def simulate(self, info: Info, input: Input[SimulateInput]) -> SimulateResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _simulate(db, actor, input))


async def _simulate(db: Db, actor: PartnerActor, input: SimulateInput) -> simulating.Simulated:
    wanted = SimulationWish(
        event=input.event,
        product_id=_id("Product", input.product_id, "productId"),
        application_id=_id("Application", input.application_id, "applicationId"),
        agreement_id=_id("Agreement", input.agreement_id, "agreementId"),
        consent_request_id=_id("ConsentRequest", input.consent_request_id, "consentRequestId"),
        consent_id=_id("Consent", input.consent_id, "consentId"),
        amount=input.amount.to_money("input", "amount") if input.amount else None,
        endpoint_id=_id("WebhookEndpoint", input.webhook_endpoint_id, "webhookEndpointId"),
    )
    return await simulating.simulate(db, actor, wanted, input.idempotency_key)


def _id(kind: str, told: str | None, field: str) -> UUID | None:
    return None if told is None else id_of(kind, told, "input", field)
