"""What became of the events that were posted to a partner's webhooks, attempt by attempt."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.connections import After, Connection, First, connection
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, commit, id_check, id_of
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from api.partner.webhooks import WebhookEndpoint
from domain.permissions import Permission
from infra.database import reading
from infra.ids import global_id
from infra.paging import page_of
from infra.words import N_, say
from integrations.webhooks import bodies, deliveries, endpoints, listing, replaying
from integrations.webhooks.deliveries import AttemptOutcome, WebhookDeliveryStatus
from integrations.webhooks.event_types import EventType
from integrations.webhooks.payloads import event_global_id

show(
    WebhookDeliveryStatus,
    "Where a delivery stands.",
    name="DeliveryStatus",
    PENDING="It is sent, or tried again at `nextAttemptAt`.",
    DELIVERED="The partner's server took it.",
    FAILED="It was not taken in three days, while others were; or its webhook was deleted. It can be replayed.",
    PAUSED="It waits until its webhook is LIVE again.",
)
MEANINGS: Mapping[AttemptOutcome, str] = {
    AttemptOutcome.DELIVERED: "The server answered 2xx. What else it answered was not read.",
    AttemptOutcome.REFUSED: "The server answered another status.",
    AttemptOutcome.REDIRECTED: "The server answered 3xx. Redirects are not followed: change the address.",
    AttemptOutcome.GONE: "The server answered 410, and the webhook was paused.",
    AttemptOutcome.UNAVAILABLE: "The server answered 429, 502, 503 or 504.",
    AttemptOutcome.TIMED_OUT: "The head of an answer was not there in time.",
    AttemptOutcome.UNREACHABLE: "Nothing listens there, or the name was not found.",
    AttemptOutcome.UNSAFE_ADDRESS: "The name leads to an address that may not be called.",
    AttemptOutcome.TLS_FAILED: "The certificate was not valid for this name, or no TLS was spoken.",
    AttemptOutcome.BROKEN_OFF: "The connection ended, or what came was not HTTP, or too long.",
}
show(AttemptOutcome, "What came of an attempt.", **{each.name: meaning for each, meaning in MEANINGS.items()})

ERRORS: Mapping[AttemptOutcome, str] = {
    AttemptOutcome.REFUSED: N_("Your server answered {status}."),
    AttemptOutcome.REDIRECTED: N_("Your server answered {status}. Redirects are not followed."),
    AttemptOutcome.GONE: N_("Your server answered 410, so the webhook was paused."),
    AttemptOutcome.UNAVAILABLE: N_("Your server answered {status}: it was busy or away."),
    AttemptOutcome.TIMED_OUT: N_("Your server did not answer in time."),
    AttemptOutcome.UNREACHABLE: N_("Your server could not be reached."),
    AttemptOutcome.UNSAFE_ADDRESS: N_("The name of your server leads to an address that may not be called."),
    AttemptOutcome.TLS_FAILED: N_("Your server's certificate is not valid, or it does not speak TLS."),
    AttemptOutcome.BROKEN_OFF: N_("Your server broke off, or did not answer by HTTP."),
}
assert {AttemptOutcome.DELIVERED, *ERRORS} == set(AttemptOutcome) == set(MEANINGS), "each failure has its sentence"


@shows(deliveries.WebhookAttempt, description="One attempt to deliver an event.")
class WebhookAttempt:
    number: int = strawberry.field(description="1 for the first. A number is missing where we were broken off.")
    at: datetime = strawberry.field(description="When it ended.")
    outcome: AttemptOutcome = strawberry.field(description="What came of it.")
    status: int | None = strawberry.field(description="The HTTP status that was answered; null without any.")
    milliseconds: int = strawberry.field(description="How long it took.")


@shows(deliveries.WebhookDelivery, description="An event on its way to one webhook.")
class WebhookDelivery(Node):
    event_type: EventType = strawberry.field(description="What happened.")
    attempts: int = strawberry.field(description="How often it was sent so far, replays and all.")
    happened_at: datetime = strawberry.field(description="When it happened.")
    created_at: datetime = strawberry.field(
        description="When it was written down, by which the list is in order: what happens at once may be some minutes out of it."
    )

    @strawberry.field(description="The header `webhook-id`: the same at each attempt, in replays and for all webhooks.")
    def event_id(root: strawberry.Parent[deliveries.WebhookDelivery]) -> strawberry.ID:
        return strawberry.ID(event_global_id(root.event_id))

    @strawberry.field(description="Of the Application that it is about; null where it is about none.")
    async def application_id(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> strawberry.ID | None:
        return await _subject_of(root, info, "Application")

    @strawberry.field(description="Of the Consent that it is about, where that came without an application; else null.")
    async def consent_id(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> strawberry.ID | None:
        return await _subject_of(root, info, "Consent")

    @strawberry.field(description="Of the Redemption that it is about; null where it is about none.")
    async def redemption_id(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> strawberry.ID | None:
        return await _subject_of(root, info, "Redemption")

    @strawberry.field(description="Where it stands.")
    async def status(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> WebhookDeliveryStatus:
        return deliveries.status_of(root, await info.context.load(endpoints.by_ids, root.endpoint_id))

    @strawberry.field(description="Why the last attempt failed, in the asker's language; null where it did not.")
    def last_error(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> str | None:
        sentence = ERRORS.get(root.last_outcome) if root.last_outcome else None
        return say(sentence, info.context.locale, status=root.last_status) if sentence else None

    @strawberry.field(description="When it is sent again; null where it is not.")
    async def next_attempt_at(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> datetime | None:
        endpoint = await info.context.load(endpoints.by_ids, root.endpoint_id)
        if deliveries.status_of(root, endpoint) != WebhookDeliveryStatus.PENDING:
            return None
        return max(root.next_at, endpoint.retry_at or root.next_at)

    @strawberry.field(description="Where it goes; deleted ones too.")
    async def endpoint(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> WebhookEndpoint:
        return await info.context.load(endpoints.by_ids, root.endpoint_id)

    @strawberry.field(
        description="What is posted: the same bytes at each attempt, of which the signature is made. `longan listen` brings it to a "
        "developer's own machine."
    )
    async def body(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> str:
        return await info.context.load(bodies.bodies_of, root.id)

    @strawberry.field(description="Each attempt, oldest first.")
    async def attempt_log(root: strawberry.Parent[deliveries.WebhookDelivery], info: Info) -> list[WebhookAttempt]:
        return await info.context.load(deliveries.attempts_of, root.id)


async def _subject_of(root: deliveries.WebhookDelivery, info: Info, kind: str) -> strawberry.ID | None:
    is_of = await info.context.load(bodies.subjects_of, root.id)
    return strawberry.ID(global_id(kind, root.subject_id)) if is_of == kind else None


OfWebhook = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this WebhookEndpoint.")]
WithStatus = Annotated[WebhookDeliveryStatus | None, strawberry.argument(description="Only those that stand so now.")]


@strawberry.type
class DeliveryQuery:
    @requires(Permission.RECEIVE_EVENTS)
    @strawberry.field(description="What was sent and is to be sent to the partner's webhooks in 30 days, newest first.")
    async def webhook_deliveries(
        self,
        info: Info,
        webhook_endpoint_id: OfWebhook = None,
        status: WithStatus = None,
        first: First = None,
        after: After = None,
    ) -> Connection[WebhookDelivery] | None:
        of = webhook_endpoint_id
        endpoint_id = None if of is None else id_of("WebhookEndpoint", of, "webhookEndpointId")
        async with reading() as db:
            own, id = await listing.listed(db, info.context.partner, endpoint_id=endpoint_id, status=status)
            return connection(await page_of(db, own, [id], first=first, after=after, newest_first=True))


ReplayDeliveryResult = Annotated[
    WebhookDelivery | Refused,
    strawberry.union("ReplayDeliveryResult", description="The delivery, on its way again, or why it is not."),
]


@strawberry.input(description="Which delivery is sent once more.")
class ReplayDeliveryInput:
    delivery_id: strawberry.ID = strawberry.field(
        description="Of a WebhookDelivery.", metadata=id_check("WebhookDelivery")
    )


@strawberry.type
class DeliveryMutation:
    @requires(Permission.RECEIVE_EVENTS)
    @strawberry.mutation(description="Send a delivery now, whatever became of it, by the same ids.")
    async def replay_delivery(self, info: Info, input: Input[ReplayDeliveryInput]) -> ReplayDeliveryResult | None:
        actor = info.context.partner
        return await commit(
            info,
            lambda db: replaying.replay(db, actor, id_of("WebhookDelivery", input.delivery_id, "input", "deliveryId")),
        )
