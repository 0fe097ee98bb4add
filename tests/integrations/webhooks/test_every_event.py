"""Every event that partners were promised reaches a partner's server, and brings the document that fetches what it is about."""

from typing import Any
from uuid import UUID

import pytest
from graphql import EnumTypeDefinitionNode, parse, validate
from sqlalchemy import select

from domain.agreements.draw_downs import PAYOUT_REQUESTED
from domain.applications.applications import Application
from domain.consent.consents import Consent, ConsentScope
from domain.redeemed import REDEEMED
from infra import events, outbox, reacting
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from integrations.webhooks.event_types import OF_AGREEMENTS, OF_CONSENTS, TYPES, EventType
from integrations.webhooks.telling import TELL_PARTNER
from tests.api.doors import CONTRACT, served_schemas
from tests.api.people import Shop, apply_at
from tests.domain.agreements.loans import open_loan, send
from tests.integrations.webhooks.hooks import Hook, deliveries_of, listen, send_all
from tests.integrations.webhooks.test_telling import is_signed

DATA: dict[object, Any] = {str: "rules", int: 1}


def promised() -> list[str]:
    document = parse((CONTRACT / "partner.graphqls").read_text("utf-8"))
    (found,) = [
        each
        for each in document.definitions
        if isinstance(each, EnumTypeDefinitionNode) and each.name.value == "EventType"
    ]
    return [value.name.value for value in found.values or ()]


async def subject_of(shop: Shop, name: str) -> tuple[UUID, UUID, str, UUID]:
    """Whose it is, what the event is about, and the type and id of what it leads to."""
    if name == REDEEMED:
        id = new_id()
        return new_id(), id, "Redemption", id
    if name == PAYOUT_REQUESTED or name in OF_AGREEMENTS:
        async with transaction() as db:
            agreement = await open_loan(db, 500_00, months=1, partner_id=shop.partner.id)
            drawn = await send(db, agreement, 500_00)
        if name == PAYOUT_REQUESTED:
            return agreement.user_id, drawn.id, "DrawDown", drawn.id
        return agreement.user_id, agreement.id, "Agreement", agreement.id
    application = await apply_at(shop, share=(ConsentScope.SCORE_CHECK,))
    about = await consent_of(application) if name in OF_CONSENTS else application.id
    return application.user_id, about, "Application", application.id


async def consent_of(application: Application) -> UUID:
    its = select(Consent.id).where(Consent.user_id == application.user_id, Consent.application_id == application.id)
    async with reading() as db:
        return (await db.execute(its)).scalar_one()


@pytest.mark.parametrize("type_name", promised())
async def test_of_the_contract_arrives_signed(shop: Shop, server: Hook, type_name: str) -> None:
    wanted = EventType[type_name]
    names = [name for name, kind in TYPES.items() if kind is wanted]
    subjects = [await subject_of(shop, name) for name in names]
    endpoint, secret = await listen(shop, server.url, wanted)
    for count, (name, (user_id, about, noun, leads_to)) in enumerate(zip(names, subjects, strict=True), 1):
        told: dict[str, Any] = {key: DATA[kind] for key, kind in events.declared()[name].items()}
        if name == REDEEMED:
            told = {"partner_id": str(shop.partner.id)}
        async with transaction() as db:
            event = await outbox.announce(db, name, user_id=user_id, subject_id=about, **told)
        await reacting.react(event.id, TELL_PARTNER)
        await send_all()
        assert [each.state for each in await deliveries_of(endpoint)] == ["DELIVERED"] * count
        posted = server.posted[-1]
        assert (posted.id, posted.told["type"]) == (global_id("Event", event.id), wanted.value)
        assert is_signed(posted, secret)
        fetch = posted.told["data"]["fetch"]
        assert fetch["variables"] == {"id": global_id(noun, leads_to)}
        assert validate(served_schemas()["partner"], parse(fetch["query"])) == []
        assert f"... on {noun} " in fetch["query"]
