"""Where a partner's server hears of what happened, instead of asking for it."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import strawberry

from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, answer, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import URL
from api.graphql.showing import Node, shows
from domain.actors import PartnerActor
from domain.permissions import Permission
from infra.database import reading, transact
from integrations.webhooks import addresses, endpoints, registering
from integrations.webhooks.endpoints import WebhookPauseReason, WebhookStatus
from integrations.webhooks.event_types import EventType

show(
    EventType,
    "What a partner can be told of. In payloads: application.submitted and so on. Types may be added: answer 200 to one "
    "that you do not know.",
    APPLICATION_SUBMITTED="A person applied for one of the partner's products.",
    APPLICATION_WITHDRAWN="The person took the application back.",
    APPLICATION_DECIDED="It was approved or declined, by whomever.",
    APPLICATION_REFERRED="It was handed to a person of ours, who decides.",
    APPLICATION_DELAYED="It was not answered by the time that was promised.",
    OFFER_ACCEPTED="The person accepted what an approval offered.",
    OFFER_EXPIRED="The person did not accept it in time.",
    PAYOUT_REQUESTED="Money is to be paid out.",
    AGREEMENT_DRAWN="Something of it is owed from now on: money was paid out, goods were delivered, or a treatment was confirmed.",
    AGREEMENT_CANCELLED="The person gave up what was not treated yet.",
    AGREEMENT_REPAID="An instalment was paid.",
    AGREEMENT_REPLANNED="What is still to come is due on other days, or less for a while.",
    AGREEMENT_OVERDUE="An instalment is late.",
    AGREEMENT_RETURNING="The person sends back what was delivered: say what becomes of it.",
    AGREEMENT_SETTLED="Nothing is owed any more.",
    AGREEMENT_UNWOUND="What was agreed on was undone.",
    NOTICE_GIVEN="The person gave notice of what they rent.",
    CLAIM_DISPUTED="The person said no to what is claimed of their deposit.",
    CLAIM_DECIDED="Longan decided what of a disputed claim is kept.",
    CONSENT_GRANTED="A person let the partner see something: with an application, by its code, or on its website.",
    CONSENT_REVOKED="A person took that back, or what it came with has ended.",
    BENEFIT_REDEEMED="The partner confirmed that a benefit was used.",
)
show(
    WebhookStatus,
    "Whether anything is sent to a webhook.",
    LIVE="What happens is sent.",
    PAUSED="What happens waits, for 30 days, until it is LIVE again.",
)
show(
    WebhookPauseReason,
    "Why a webhook is paused.",
    PARTNER="The partner paused it.",
    GONE="Its server answered 410: it is gone for good.",
    DEAD="For three days nothing reached it.",
)


@shows(endpoints.WebhookEndpoint, description="An address of the partner's that hears of what happens.")
class WebhookEndpoint(Node):
    url: URL = strawberry.field(description="Where events are posted.")
    status: WebhookStatus = strawberry.field(description="Whether anything is sent there.")
    created_at: datetime = strawberry.field(description="It hears of what happens from then on.")
    paused_at: datetime | None = strawberry.field(description="When it was paused; null while it is LIVE.")
    pause_reason: WebhookPauseReason | None = strawberry.field(description="Why it is paused; null while it is LIVE.")
    failing_since: datetime | None = strawberry.field(
        description="Since when its server takes nothing at all; null where it does."
    )
    retry_at: datetime | None = strawberry.field(
        description="When it is tried again, one delivery alone; null where it takes what comes. LIVE tries at once."
    )

    @strawberry.field(description="What it hears of.")
    def event_types(root: strawberry.Parent[endpoints.WebhookEndpoint]) -> list[EventType]:
        return [EventType(each) for each in root.event_types]


@shows(registering.Issued, description="A webhook, and a secret that is shown once.")
class WebhookEndpointCreated:
    secret: str = strawberry.field(
        description="`whsec_...`, which signs what is sent. Keep it: it is shown again to the same idempotency key for 24 "
        "hours, and never to anybody else."
    )

    @requires(Permission.RECEIVE_EVENTS)
    @strawberry.field(description="The webhook as it is now.")
    def endpoint(root: strawberry.Parent[registering.Issued]) -> WebhookEndpoint:
        return cast(WebhookEndpoint, root.endpoint)


@strawberry.type
class WebhookQuery:
    @requires(Permission.RECEIVE_EVENTS)
    @strawberry.field(description="The partner's webhooks, oldest first; ten at the most.")
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint]:
        own = endpoints.visible_to(info.context.partner).order_by(endpoints.WebhookEndpoint.id)
        async with reading() as db:
            return cast(list[WebhookEndpoint], [*(await db.execute(own)).scalars()])


CreateWebhookEndpointResult = Annotated[
    WebhookEndpointCreated | Refused,
    strawberry.union("CreateWebhookEndpointResult", description="The webhook with its secret, or why there is none."),
]
RotateWebhookSecretResult = Annotated[
    WebhookEndpointCreated | Refused,
    strawberry.union(
        "RotateWebhookSecretResult", description="The webhook with its new secret, or why it keeps its old."
    ),
]
SaveWebhookEndpointResult = Annotated[
    WebhookEndpoint | Refused,
    strawberry.union("SaveWebhookEndpointResult", description="The webhook as it is now, or why it stays as it was."),
]
URL_MEANS = (
    "Public, by https. It is called as it stands: redirects are not followed. `listen:` and a name is nowhere: what happens waits, "
    "and `longan listen` comes for it."
)


@strawberry.input(description="Where to tell what.")
class CreateWebhookEndpointInput:
    url: URL = strawberry.field(description=URL_MEANS)
    event_types: list[EventType] = strawberry.field(description="One or more.")
    idempotency_key: str = key()


@strawberry.input(description="Which webhook gets a new secret.")
class RotateWebhookSecretInput:
    webhook_endpoint_id: strawberry.ID = strawberry.field(
        description="Of a WebhookEndpoint.", metadata=id_check("WebhookEndpoint")
    )
    idempotency_key: str = key()


@strawberry.input(description="What is to change; what is absent or null stays as it is.")
class UpdateWebhookEndpointInput:
    webhook_endpoint_id: strawberry.ID = strawberry.field(
        description="Of a WebhookEndpoint.", metadata=id_check("WebhookEndpoint")
    )
    url: URL | None = strawberry.field(default=None, description=URL_MEANS)
    event_types: list[EventType] | None = strawberry.field(default=None, description="One or more, instead of those.")
    status: WebhookStatus | None = strawberry.field(
        default=None, description="PAUSED lets all wait. LIVE sends what waits at once, also where it was failing."
    )


@strawberry.input(description="Which webhook goes.")
class DeleteWebhookEndpointInput:
    webhook_endpoint_id: strawberry.ID = strawberry.field(
        description="Of a WebhookEndpoint.", metadata=id_check("WebhookEndpoint")
    )


@strawberry.type
class WebhookMutation:
    @requires(Permission.RECEIVE_EVENTS)
    @strawberry.mutation(description="A new webhook: what happens from now on is posted there, signed.")
    async def create_webhook_endpoint(
        self, info: Info, input: Input[CreateWebhookEndpointInput]
    ) -> CreateWebhookEndpointResult | None:
        return await answer(info.context, _create(info.context.partner, input))

    @requires(Permission.RECEIVE_EVENTS)
    @strawberry.mutation(description="A new secret. For 24 hours what is sent is signed with the one before, too.")
    async def rotate_webhook_secret(
        self, info: Info, input: Input[RotateWebhookSecretInput]
    ) -> RotateWebhookSecretResult | None:
        actor, key = info.context.partner, input.idempotency_key
        return await commit(info, lambda db: registering.rotate(db, actor, _id(input), key=key))

    @requires(Permission.RECEIVE_EVENTS)
    @strawberry.mutation(description="Change, pause or resume a webhook. What waits goes to the new address.")
    async def update_webhook_endpoint(
        self, info: Info, input: Input[UpdateWebhookEndpointInput]
    ) -> SaveWebhookEndpointResult | None:
        return await answer(info.context, _update(info.context.partner, input))

    @requires(Permission.RECEIVE_EVENTS)
    @strawberry.mutation(
        description="Send nothing there any more; what waits is not sent. Deleting again changes nothing."
    )
    async def delete_webhook_endpoint(
        self, info: Info, input: Input[DeleteWebhookEndpointInput]
    ) -> SaveWebhookEndpointResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: registering.delete(db, actor, _id(input)))


async def _create(actor: PartnerActor, input: CreateWebhookEndpointInput) -> registering.Issued:
    # Names are looked up before the transaction: nothing in it may wait for somebody else's server.
    unsafe = await addresses.examine(input.url)
    return await transact(
        lambda db: registering.create(
            db, actor, url=input.url, unsafe=unsafe, event_types=input.event_types, key=input.idempotency_key
        )
    )


async def _update(actor: PartnerActor, input: UpdateWebhookEndpointInput) -> endpoints.WebhookEndpoint:
    unsafe = None if input.url is None else await addresses.examine(input.url)
    return await transact(
        lambda db: registering.update(
            db,
            actor,
            _id(input),
            url=input.url,
            unsafe=unsafe,
            event_types=input.event_types,
            status=input.status,
        )
    )


def _id(input: RotateWebhookSecretInput | UpdateWebhookEndpointInput | DeleteWebhookEndpointInput) -> UUID:
    return id_of("WebhookEndpoint", input.webhook_endpoint_id, "input", "webhookEndpointId")
