"""Telling: from an event to one delivery for each webhook that wants to hear of it, in the order in which things happened."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CompoundSelect, Select, and_, func, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import insert

from domain.agreements.agreements import Agreement
from domain.agreements.draw_downs import DrawDown
from domain.applications.applications import Application
from domain.consent.consents import Consent
from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.outbox import Event, EventReaction
from integrations.webhooks import deliveries
from integrations.webhooks.deliveries import DeliveryState, WebhookDelivery
from integrations.webhooks.endpoints import WebhookEndpoint
from integrations.webhooks.event_types import OF_AGREEMENTS, OF_BENEFITS, OF_CONSENTS, OF_PAYOUTS, TYPES

TELL_PARTNER = "tell_partner"  # as rows of the outbox name it


class About(NamedTuple):
    """The application that an event is about, or the consent or redemption that came without one, and whose it is."""

    subject_id: UUID
    partner_id: UUID


async def tell(db: Db, event: Event) -> None:
    """Write the deliveries of an event, and of what happened to the same application before it and is not written yet.

    Workers may come to the second event first. Whoever finds deliveries of an event finds those of all before it.
    """
    about = await _about(db, event)
    own = select(WebhookEndpoint).where(
        WebhookEndpoint.partner_id == about.partner_id, WebhookEndpoint.deleted_at.is_(None)
    )
    # Whoever deletes one waits, and then ends what is written here too.
    kept = own.order_by(WebhookEndpoint.id).with_for_update(read=True, key_share=True)
    listening = (await db.execute(kept)).scalars().all()
    if not listening:
        return
    now = await clock.now(db)
    happened = [*await _not_written_yet(db, event, about), event]
    rows = [
        {
            "id": new_id(),
            "partner_id": about.partner_id,
            "endpoint_id": endpoint.id,
            "event_id": each.id,
            "position": each.position,
            "event_type": TYPES[each.name],
            "subject_id": about.subject_id,
            "happened_at": each.occurred_at,
            "created_at": now,
            "next_at": now,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "tries": 0,
        }
        for each in happened
        for endpoint in listening
        if TYPES[each.name] in endpoint.event_types and each.occurred_at >= endpoint.created_at
    ]
    if rows:
        await db.execute(insert(WebhookDelivery).values(rows).on_conflict_do_nothing())
        deliveries.ring(db)


async def _about(db: Db, event: Event) -> About:
    its: Select[UUID, UUID]
    if event.name in OF_BENEFITS:
        assert event.subject_id is not None, "a redemption is named"
        return About(event.subject_id, UUID(str(event.data["partner_id"])))
    if event.name in OF_CONSENTS:
        consents = select(func.coalesce(Consent.application_id, Consent.id), Consent.partner_id)
        its = consents.where(Consent.user_id == event.user_id, Consent.id == event.subject_id)
    elif event.name in OF_PAYOUTS:
        drawn = select(Agreement.application_id, Agreement.partner_id).join(
            DrawDown, and_(DrawDown.user_id == Agreement.user_id, DrawDown.agreement_id == Agreement.id)
        )
        its = drawn.where(DrawDown.user_id == event.user_id, DrawDown.id == event.subject_id)
    elif event.name in OF_AGREEMENTS:
        agreements = select(Agreement.application_id, Agreement.partner_id)
        its = agreements.where(Agreement.user_id == event.user_id, Agreement.id == event.subject_id)
    else:
        applications = select(Application.id, Application.partner_id)
        its = applications.where(Application.user_id == event.user_id, Application.id == event.subject_id)
    return About(*(await db.execute(its)).one())


def _subjects(event: Event, about: About) -> CompoundSelect[UUID]:
    """What else events of the same application are about: its consent, its agreement, what was drawn of that."""
    consents = select(Consent.id).where(Consent.user_id == event.user_id, Consent.application_id == about.subject_id)
    its = (Agreement.user_id == event.user_id, Agreement.application_id == about.subject_id)
    drawn = select(DrawDown.id).join(
        Agreement, and_(DrawDown.user_id == Agreement.user_id, DrawDown.agreement_id == Agreement.id)
    )
    return union_all(consents, select(Agreement.id).where(*its), drawn.where(*its))


async def _not_written_yet(db: Db, event: Event, about: About) -> list[Event]:
    """What of the same application still owes its deliveries, in the order in which it happened."""
    subjects = [about.subject_id, *(await db.execute(_subjects(event, about))).scalars()]
    place = (Event.position, Event.id)
    owed = (
        select(Event)
        .join(EventReaction, EventReaction.event_id == Event.id)
        .where(EventReaction.reaction == TELL_PARTNER, EventReaction.handled_at.is_(None))
        .where(Event.subject_id.in_(subjects), tuple_(*place) < tuple_(event.position, event.id))
        .order_by(*place)
    )
    return list((await db.execute(owed)).scalars())
