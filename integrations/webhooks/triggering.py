"""Triggering: an event is told once more, or for the first time, to a test partner's webhooks, as if it had happened just now."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.agreements.agreements import Agreement
from domain.agreements.draw_downs import DrawDown
from domain.applications.applications import Application
from domain.consent.consents import Consent
from domain.people.partners import Partner
from infra import clock, events, outbox
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.ids import new_id
from infra.outbox import Event
from infra.words import N_
from integrations.webhooks.event_types import OF_AGREEMENTS, OF_BENEFITS, OF_CONSENTS, OF_PAYOUTS, TYPES, EventType
from integrations.webhooks.telling import TELL_PARTNER

FIELD = ("input", "eventType")


async def trigger(db: Db, partner_id: UUID, event_type: EventType) -> Event:
    """An event about the newest thing of its kind that this test partner has. Only its webhooks hear of it: nobody is notified,
    and nothing else goes on from it.

    Refuses NOT_ALLOWED any other partner, and NOT_FOUND where there is nothing that it could be about.
    """
    if not (await db.get_one(Partner, partner_id, populate_existing=True)).is_test:
        raise Refusal(RefusalCode.NOT_ALLOWED, N_("Only a test client's events can be made up."), field=FIELD)
    name = next(each for each, kind in TYPES.items() if kind is event_type)
    user_id, subject_id = await _about(db, partner_id, name)
    data: dict[str, events.Datum] = dict.fromkeys(events.declared()[name], "test")
    if name in OF_BENEFITS:
        data = {"partner_id": str(partner_id)}
    elif "days_late" in data:
        data = {"days_late": 0}
    events.check(name, data)
    now = await clock.now(db)
    event = Event(name=name, user_id=user_id, subject_id=subject_id, data=data, occurred_at=now)
    await outbox.owe(db, event, [TELL_PARTNER], now)
    return event


async def _about(db: Db, partner_id: UUID, name: str) -> tuple[UUID | None, UUID]:
    if name in OF_BENEFITS:
        return None, new_id()  # of a voucher that nobody has
    found = (await db.execute(_newest(partner_id, name))).first()
    if found is None:
        sentence = N_("This test client has nothing yet that such an event could be about.")
        raise not_found(sentence, FIELD)
    return found[0], found[1]


def _newest(partner_id: UUID, name: str) -> Any:
    if name in OF_PAYOUTS:
        same = (DrawDown.user_id == Agreement.user_id) & (DrawDown.agreement_id == Agreement.id)
        drawn = select(DrawDown.user_id, DrawDown.id).join(Agreement, same).where(Agreement.partner_id == partner_id)
        return drawn.order_by(DrawDown.id.desc()).limit(1)
    about: Any = Agreement if name in OF_AGREEMENTS else Consent if name in OF_CONSENTS else Application
    its = select(about.user_id, about.id).where(about.partner_id == partner_id)
    return its.order_by(about.id.desc()).limit(1)
