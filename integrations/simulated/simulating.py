"""Simulating: a test client lets something happen in its own world, through the verbs by which it happens to everybody."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import select

from domain.actors import PartnerActor
from domain.agreements import agreements
from domain.agreements.agreements import Agreement
from domain.applications import applications
from domain.applications.applications import Application
from domain.consent import consent_requests, consent_tokens, consenting
from domain.consent.consent_requests import ConsentRequest
from domain.consent.consents import Consent
from domain.consent.consents import visible_to as consents_of
from domain.market.products import Product, offered_by
from domain.people import worlds
from infra import clock, receipts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.money import Money
from infra.words import N_
from integrations.simulated import lives, people
from integrations.webhooks import failing

LATE_DAYS, DEFAULT_DAYS = 1, 91


class SimulatedEvent(StrEnum):
    APPLICATION = "APPLICATION"
    DECISION = "DECISION"
    ACCEPTANCE = "ACCEPTANCE"
    CONSENT_GRANTED = "CONSENT_GRANTED"
    CONSENT_REVOKED = "CONSENT_REVOKED"
    PAYMENT = "PAYMENT"
    LATE_PAYMENT = "LATE_PAYMENT"
    DEFAULT = "DEFAULT"
    NOTICE = "NOTICE"
    RETURN = "RETURN"
    DISPUTE = "DISPUTE"
    CLAIM_DECISION = "CLAIM_DECISION"
    DELIVERY_FAILURE = "DELIVERY_FAILURE"


@dataclass(frozen=True)
class SimulationWish:
    """What is to happen, and to which of the partner's own; only what the event speaks of is looked at."""

    event: SimulatedEvent
    product_id: UUID | None = None
    application_id: UUID | None = None
    agreement_id: UUID | None = None
    consent_request_id: UUID | None = None
    consent_id: UUID | None = None
    endpoint_id: UUID | None = None
    amount: Money | None = None


@dataclass(frozen=True)
class Simulated:
    """What was made or changed: of which kind, and its id. `token`: of a consent that was given just now."""

    message: str
    kind: str
    id: UUID
    token: str | None = None


Make = Callable[[Db, PartnerActor, SimulationWish], Awaitable[UUID]]


@dataclass(frozen=True)
class _Way:
    make: Make
    kind: str
    message: str


async def simulate(db: Db, actor: PartnerActor, wanted: SimulationWish, key: str) -> Simulated:
    """Let it happen once however often it is sent.

    Refuses NOT_ALLOWED whoever is no test client, INVALID an event without what it happens to, NOT_FOUND, and what the verbs of the
    event refuse.
    """
    input = {name: _plain(value) for name, value in vars(wanted).items() if value is not None}
    receipt = await receipts.claim(db, actor=actor.name, operation="simulate", key=key, input=input)
    way = WAYS[wanted.event]
    if receipt.result_id is None:
        if not await worlds.is_test(db, actor.partner_id):
            raise Refusal(RefusalCode.NOT_ALLOWED, N_("Only a test client can simulate."))
        receipt.result_id = await way.make(db, actor, wanted)
    token = await _token(db, receipt.result_id) if way.make is _grant else None
    return Simulated(way.message, way.kind, receipt.result_id, token)


def _plain(value: object) -> str:
    return f"{value} {value.currency}" if isinstance(value, Money) else str(value)


async def _apply(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    product = await _product(db, actor, _needed(wanted.product_id, "productId"))
    return (await lives.apply(db, actor, product, await clock.now(db))).id


async def _decide(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await lives.approve(db, actor, await _application(db, actor, wanted))).id


async def _accept(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await lives.accept(db, actor, await _application(db, actor, wanted))).id


async def _pay(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    agreement = await _agreement(db, actor, wanted)
    await lives.pay(db, agreement, wanted.amount)
    return agreement.id


async def _give_notice(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await lives.give_notice(db, await _agreement(db, actor, wanted))).id


async def _send_back(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await lives.send_back(db, await _agreement(db, actor, wanted))).id


async def _dispute(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await lives.dispute(db, await _agreement(db, actor, wanted))).id


async def _decide_claim(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await lives.decide_claim(db, await _agreement(db, actor, wanted), wanted.amount)).id


async def _be_late(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await lives.be_late(db, actor, await _pattern(db, actor, wanted), LATE_DAYS)).id


async def _default(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await lives.be_late(db, actor, await _pattern(db, actor, wanted), DEFAULT_DAYS)).id


async def _grant(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    field, id = ("input", "consentRequestId"), _needed(wanted.consent_request_id, "consentRequestId")
    its = consent_requests.visible_to(actor).where(ConsentRequest.id == id)
    request = (await db.execute(its.with_for_update())).scalar_one_or_none()
    if request is None:
        raise not_found(N_("We could not find this request for a consent."), field)
    consent_requests.refuse_over(request, await clock.now(db), field)
    somebody = await people.come(db, actor.partner_id)
    given = await consent_requests.answer(db, somebody, request.code, is_granted=True, days=None, key=str(uuid4()))
    assert given is not None, "they said yes"
    return given.id


async def _token(db: Db, consent_id: UUID) -> str:
    """What their webhooks are told too."""
    return consent_tokens.token_of((await db.execute(select(Consent).where(Consent.id == consent_id))).scalar_one())


async def _revoke(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    consent_id = _needed(wanted.consent_id, "consentId")
    its = consents_of(actor).where(Consent.id == consent_id).with_only_columns(Consent.user_id)
    user_id = (await db.execute(its)).scalar_one_or_none()
    if user_id is None:
        raise not_found(N_("We could not find this consent."), ("input", "consentId"))
    return (await consenting.revoke(db, await people.actor_of(db, user_id), consent_id)).id


async def _fail_delivery(db: Db, actor: PartnerActor, wanted: SimulationWish) -> UUID:
    return (await failing.fail_once(db, actor, _needed(wanted.endpoint_id, "webhookEndpointId"))).id


async def _product(db: Db, actor: PartnerActor, id: UUID) -> Product:
    product = (await db.execute(offered_by(actor).where(Product.id == id))).scalar_one_or_none()
    if product is None:
        raise not_found(N_("We could not find this product."), ("input", "productId"))
    return product


async def _application(db: Db, actor: PartnerActor, wanted: SimulationWish) -> Application:
    application = await applications.lock(db, actor, _needed(wanted.application_id, "applicationId"))
    if application is None:
        raise not_found(N_("We could not find this application."), ("input", "applicationId"))
    return application


async def _agreement(db: Db, actor: PartnerActor, wanted: SimulationWish) -> Agreement:
    return await agreements.lock_of_partner(db, actor, _needed(wanted.agreement_id, "agreementId"))


async def _pattern(db: Db, actor: PartnerActor, wanted: SimulationWish) -> Product:
    """The product that is named, or that of the agreement that is."""
    if wanted.agreement_id is None:
        return await _product(db, actor, _needed(wanted.product_id, "agreementId"))
    its = agreements.visible_to(actor).where(Agreement.id == wanted.agreement_id)
    product_id = (await db.execute(its.with_only_columns(Agreement.product_id))).scalar_one_or_none()
    if product_id is None:
        raise agreements.no_such_agreement()
    return (await db.execute(select(Product).where(Product.id == product_id))).scalar_one()


def _needed(id: UUID | None, field: str) -> UUID:
    if id is None:
        raise invalid(N_("This event needs to know what it happens to."), ("input", field))
    return id


WAYS: Mapping[SimulatedEvent, _Way] = {
    SimulatedEvent.APPLICATION: _Way(_apply, "Application", N_("Somebody applied.")),
    SimulatedEvent.DECISION: _Way(_decide, "Application", N_("The application was approved as it was asked for.")),
    SimulatedEvent.ACCEPTANCE: _Way(
        _accept, "Agreement", N_("The offer was accepted, and the person got all that it is for.")
    ),
    SimulatedEvent.CONSENT_GRANTED: _Way(_grant, "Consent", N_("Somebody opened your code, and said yes.")),
    SimulatedEvent.CONSENT_REVOKED: _Way(_revoke, "Consent", N_("The person took this consent back.")),
    SimulatedEvent.PAYMENT: _Way(_pay, "Agreement", N_("The person paid.")),
    SimulatedEvent.LATE_PAYMENT: _Way(
        _be_late, "Agreement", N_("Somebody else has the same, and was to pay the first instalment yesterday.")
    ),
    SimulatedEvent.DEFAULT: _Way(
        _default, "Agreement", N_("Somebody else has the same, and has paid nothing for more than 90 days.")
    ),
    SimulatedEvent.NOTICE: _Way(
        _give_notice, "Agreement", N_("The person gave notice, and leaves as soon as they may.")
    ),
    SimulatedEvent.RETURN: _Way(_send_back, "Agreement", N_("The person sent the goods back.")),
    SimulatedEvent.DISPUTE: _Way(_dispute, "Agreement", N_("The person said no to what you claim of the deposit.")),
    SimulatedEvent.CLAIM_DECISION: _Way(
        _decide_claim, "Agreement", N_("It was decided how much of your claim is right.")
    ),
    SimulatedEvent.DELIVERY_FAILURE: _Way(
        _fail_delivery, "WebhookDelivery", N_("An attempt at this delivery failed, and it will be tried again.")
    ),
}
