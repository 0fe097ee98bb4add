"""From an event to what is posted: who hears of it, in which order, signed so that anybody can check it."""

import asyncio
import base64
import hashlib
import hmac
import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from graphql import parse, validate
from sqlalchemy import select, text

from domain.actors import PartnerActor, UserActor
from domain.agreements import agreements, deposits, draw_downs, leaving
from domain.agreements.kinds import KINDS
from domain.applications import applications
from domain.consent import consent_requests, consent_tokens, consenting, consents
from domain.consent.consents import ConsentScope, Purpose
from domain.redeemed import REDEEMED
from infra import entity, pruning, reacting
from infra.database import reading, transaction
from infra.ids import global_id
from infra.outbox import Event
from integrations.webhooks import payloads, registering, replaying, signing
from integrations.webhooks.endpoints import WebhookEndpoint
from integrations.webhooks.event_types import TYPES, EventType
from integrations.webhooks.telling import TELL_PARTNER
from tests.api.doors import served_schemas
from tests.api.people import Shop, apply_at, open_shop, somebody
from tests.clocks import Clock
from tests.integrations.webhooks.hooks import (
    Hook,
    Posted,
    accept,
    answering,
    deliveries_of,
    happen,
    listen,
    send,
    send_all,
)
from tests.patience import until
from tests.statements import statements

SUBMITTED, APPROVED, ACCEPTED = applications.SUBMITTED, applications.APPROVED, applications.ACCEPTED


def is_signed(posted: Posted, secret: str) -> bool:
    """As the specification has it, written apart."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.{posted.body.decode()}"
    right = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
    is_now = abs(time.time() - int(posted.headers["webhook-timestamp"])) < 300
    return is_now and f"v1,{right}" in posted.headers["webhook-signature"].split(" ")


class TestWhatIsPosted:
    async def test_is_thin_signed_and_the_same_bytes_each_time(self, shop: Shop, server: Hook, clock: Clock) -> None:
        endpoint, secret = await listen(shop, server.url)
        application = await apply_at(shop)
        (event,) = await happen(application, SUBMITTED)
        await send_all()
        (posted,) = server.posted
        assert is_signed(posted, secret) and not is_signed(posted, "whsec_" + base64.b64encode(b"x" * 32).decode())
        (delivery,) = await deliveries_of(endpoint)
        id = global_id("Application", application.id)
        assert posted.told == {
            "id": global_id("Event", event.id),
            "deliveryId": global_id("WebhookDelivery", delivery.id),
            "type": "application.submitted",
            "timestamp": event.occurred_at.isoformat().replace("+00:00", "Z"),
            "data": {"applicationId": id, "fetch": {"query": payloads.QUERY, "variables": {"id": id}}},
        }
        assert (posted.path, posted.id) == ("/hooks", global_id("Event", event.id))
        assert posted.headers["content-type"] == "application/json"
        assert (delivery.state, delivery.attempts, delivery.last_status) == ("DELIVERED", 1, 200)

    def test_brings_a_document_that_the_door_answers(self) -> None:
        assert validate(served_schemas()["partner"], parse(payloads.QUERY)) == []

    def test_every_event_of_an_application_and_of_its_agreement_has_a_type(self) -> None:
        told = {*applications.LIFE.events, consents.GRANTED, consents.REVOKED} - {applications.PROMISE_DUE}
        of_kinds = {name for kind in KINDS.values() for name in kind.life.events}
        told |= {*of_kinds, agreements.CANCELLED, agreements.DRAWN, agreements.REPAID, agreements.REPLANNED}
        told |= {leaving.NOTICE_GIVEN, deposits.CLAIM_DISPUTED, deposits.CLAIM_DECIDED}
        assert set(TYPES) == told | {draw_downs.PAYOUT_REQUESTED, REDEEMED}

    async def test_carries_both_signatures_while_a_secret_is_rotated(
        self, shop: Shop, server: Hook, clock: Clock
    ) -> None:
        endpoint, old = await listen(shop, server.url)
        async with transaction() as db:
            new = signing.text_of(await signing.rotate(db, endpoint))
        application = await apply_at(shop)
        await happen(application, SUBMITTED)
        await send_all()
        await clock.forward(hours=24)
        await happen(application, applications.WITHDRAWN)
        await send_all()
        assert [[is_signed(each, secret) for secret in (new, old)] for each in server.posted] == [
            [True, True],
            [True, False],
        ]


class TestWhoHears:
    async def test_each_webhook_hears_what_it_wants_of_its_own_partner(self, shop: Shop, server: Hook) -> None:
        other = await open_shop()
        everything, _ = await listen(shop, f"{server.url}/all")
        accepted, _ = await listen(shop, f"{server.url}/accepted", EventType.OFFER_ACCEPTED)
        elsewhere, _ = await listen(other, f"{server.url}/other")
        await happen(await apply_at(shop), SUBMITTED, APPROVED, ACCEPTED)
        heard = {id: [each.event_type.value for each in await deliveries_of(id)] for id in (everything, accepted)}
        assert heard == {
            everything: ["application.submitted", "application.decided", "offer.accepted"],
            accepted: ["offer.accepted"],
        }
        assert await deliveries_of(elsewhere) == []

    async def test_of_a_consent_that_was_asked_for_with_its_token_and_of_its_end_without(
        self, shop: Shop, server: Hook
    ) -> None:
        await listen(shop, server.url)
        partner = PartnerActor(partner_id=shop.partner.id, client_id="till")
        async with transaction() as db:
            person = UserActor((await somebody(db)).id, uuid4())
            request = await consent_requests.ask(
                db, partner, Purpose.LENDING, [ConsentScope.SCORE_CHECK], 30, "till 7", key=f"ask-{uuid4()}"
            )
            consent = await consent_requests.answer(
                db, person, request.code, is_granted=True, days=None, key=f"yes-{uuid4()}"
            )
            assert consent is not None
            given = await consents.give(
                db, person.user_id, shop.partner.id, Purpose.LENDING, [ConsentScope.SCORE_CHECK], lasts=timedelta(1)
            )
        async with transaction() as db:
            await consenting.revoke(db, person, consent.id)
        for event in await of_consents(person.user_id):
            await reacting.react(event, TELL_PARTNER)
        await send_all()
        asked, own = global_id("Consent", consent.id), global_id("Consent", given.id)
        fetch = {"query": payloads.CONSENT_QUERY, "variables": {"id": asked}}
        told = sorted((posted.told["type"], posted.told["data"]["consentId"]) for posted in server.posted)
        assert told == sorted([("consent.granted", asked), ("consent.granted", own), ("consent.revoked", asked)])
        data = {(each.told["type"], each.told["data"]["consentId"]): each.told["data"] for each in server.posted}
        assert data["consent.granted", asked] == {
            "consentId": asked,
            "consentToken": consent_tokens.token_of(consent),
            "reference": "till 7",
            "fetch": fetch,
        }
        assert data["consent.revoked", asked] == {"consentId": asked, "fetch": fetch}
        assert data["consent.granted", own].keys() == {"consentId", "fetch"}

    async def test_of_a_consent_with_its_token_also_when_its_end_is_sent_at_once(
        self, shop: Shop, server: Hook
    ) -> None:
        for each in (EventType.CONSENT_GRANTED, EventType.CONSENT_REVOKED):
            await listen(shop, server.url, each)
        partner = PartnerActor(partner_id=shop.partner.id, client_id="till")
        async with transaction() as db:
            person = UserActor((await somebody(db)).id, uuid4())
            request = await consent_requests.ask(
                db, partner, Purpose.LENDING, [ConsentScope.SCORE_CHECK], 30, None, key=f"ask-{uuid4()}"
            )
            consent = await consent_requests.answer(
                db, person, request.code, is_granted=True, days=None, key=f"yes-{uuid4()}"
            )
            assert consent is not None
        async with transaction() as db:
            await consenting.revoke(db, person, consent.id)
        for event in await of_consents(person.user_id):
            await reacting.react(event, TELL_PARTNER)
        assert len(await send()) == 2
        told = {posted.told["type"]: posted.told["data"].get("consentToken") for posted in server.posted}
        assert told == {"consent.granted": consent_tokens.token_of(consent), "consent.revoked": None}

    async def test_of_a_consent_by_its_application(self, shop: Shop, server: Hook) -> None:
        endpoint, _ = await listen(shop, server.url)
        application = await apply_at(shop, share=(ConsentScope.SCORE_CHECK,))
        async with transaction() as db:
            await consents.end_for_application(db, application.user_id, application.id)
        for event in await of_consents(application.user_id):
            await reacting.react(event, TELL_PARTNER)
        await send_all()
        id = global_id("Application", application.id)
        assert [(each.told["type"], each.told["data"]["applicationId"]) for each in server.posted] == [
            ("consent.granted", id),
            ("consent.revoked", id),
        ]
        assert len(await deliveries_of(endpoint)) == 2

    async def test_nobody_hears_of_what_was_before(self, shop: Shop, server: Hook) -> None:
        application = await apply_at(shop)
        before = await happen(application, SUBMITTED, tell=False)
        endpoint, _ = await listen(shop, server.url)
        after = await happen(application, APPROVED)
        await reacting.react(before[0].id, TELL_PARTNER)
        assert [each.event_id for each in await deliveries_of(endpoint)] == [after[0].id]

    async def test_one_that_is_deleted_meanwhile_is_left_nothing_that_waits(self, shop: Shop, server: Hook) -> None:
        endpoint, _ = await listen(shop, server.url)
        (event,) = await happen(await apply_at(shop), SUBMITTED, tell=False)
        async with transaction() as db:
            await registering.delete(db, PartnerActor(shop.partner.id, "client"), endpoint)
            await db.flush()
            telling = asyncio.create_task(reacting.react(event.id, TELL_PARTNER))
            await until(is_somebody_waiting)
        await telling
        assert await deliveries_of(endpoint) == []

    async def test_one_that_was_deleted_a_month_ago_is_forgotten(self, shop: Shop, server: Hook, clock: Clock) -> None:
        deleted, live = [(await listen(shop, server.url))[0] for _ in range(2)]
        async with transaction() as db:
            await registering.delete(db, PartnerActor(shop.partner.id, "client"), deleted)
        left = []
        for _ in range(2):
            async with transaction() as db:
                await pruning.one_batch(db, "prune_webhooks")
            async with reading() as db:
                its = select(WebhookEndpoint.id).where(WebhookEndpoint.partner_id == shop.partner.id)
                left.append({*(await db.execute(its)).scalars()})
            await clock.forward(days=30, seconds=1)
        assert left == [{deleted, live}, {live}]

    async def test_once_however_often_a_worker_comes(self, shop: Shop, server: Hook) -> None:
        endpoint, _ = await listen(shop, server.url)
        (event,) = await happen(await apply_at(shop), SUBMITTED)
        await reacting.react(event.id, TELL_PARTNER)
        assert len(await deliveries_of(endpoint)) == 1

    async def test_statements(self, shop: Shop, server: Hook) -> None:
        """However many webhooks there are."""
        counts = []
        for _ in range(2):
            await listen(shop, server.url)
            events = await happen(await apply_at(shop), SUBMITTED, tell=False)
            with statements() as sent:
                await reacting.react(events[0].id, TELL_PARTNER)
            counts.append(len(sent))
        assert counts[0] == counts[1] <= 9


class TestOrder:
    async def test_a_worker_that_comes_to_the_second_first_changes_nothing(self, shop: Shop, server: Hook) -> None:
        await listen(shop, server.url)
        events = await happen(await apply_at(shop), SUBMITTED, APPROVED, ACCEPTED, tell=False)
        await reacting.react(events[2].id, TELL_PARTNER)
        await send_all()
        for event in reversed(events):
            await reacting.react(event.id, TELL_PARTNER)
        await send_all()
        assert [each.id for each in server.posted] == [global_id("Event", each.id) for each in events]

    async def test_is_the_databases_whatever_the_clocks_of_the_machines_say(
        self, shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ids are made by the clocks of those who announce; here each next one's is an hour behind."""
        endpoint, _ = await listen(shop, server.url)
        application = await apply_at(shop)
        hours = iter(range(9, 0, -1))
        with monkeypatch.context() as patched:
            patched.setattr(entity, "new_id", lambda: UUID(f"019a{next(hours):04}-0000-7000-8000-{uuid4().hex[:12]}"))
            events = await happen(application, SUBMITTED, APPROVED, ACCEPTED, tell=False)
        assert [each.id for each in events] == sorted((each.id for each in events), reverse=True)
        await reacting.react(events[1].id, TELL_PARTNER)
        server.behave = answering(b"HTTP/1.1 500 no\r\n\r\n")
        assert len(await send_all()) == 1, "the second waits for the first, and is due with it"
        first, second = await deliveries_of(endpoint)
        assert (first.event_id, second.next_at) == (events[0].id, first.next_at)
        server.behave = accept
        for event in reversed(events):
            await reacting.react(event.id, TELL_PARTNER)
        async with transaction() as db:
            await replaying.replay(db, PartnerActor(shop.partner.id, "client"), first.id)
        await send_all()
        assert [each.id for each in server.posted[1:]] == ids([each.id for each in events])

    async def test_one_application_waits_for_its_own_alone(self, shop: Shop, server: Hook, clock: Clock) -> None:
        async def refuse_the_first(posted: Posted, writer: object) -> None:
            head = b"500 no" if posted.told["data"]["applicationId"] == stubborn else b"200 OK"
            writer.write(b"HTTP/1.1 " + head + b"\r\n\r\n")  # type: ignore[attr-defined]

        await listen(shop, server.url)
        one, other = await apply_at(shop), await apply_at(shop)
        stubborn, server.behave = global_id("Application", one.id), refuse_the_first
        held = await happen(one, SUBMITTED, APPROVED)
        free = await happen(other, SUBMITTED, APPROVED)
        assert len(await send()) == 2
        assert len(await send()) == 1
        assert await send() == []
        assert {each.id for each in server.posted[:2]} == {*ids([held[0].id, free[0].id])}, "at once, in any order"
        assert [each.id for each in server.posted[2:]] == ids([free[1].id])
        stubborn = ""
        await clock.forward(seconds=7)
        await send_all()
        assert [each.id for each in server.posted[3:]] == ids([held[0].id, held[1].id])

    async def test_what_waits_for_another_is_due_with_it_and_at_once_when_it_is_through(
        self, shop: Shop, server: Hook, clock: Clock
    ) -> None:
        """Whoever looks for what is due reads past none that could not be sent, however many a failing server leaves."""
        endpoint, _ = await listen(shop, server.url)
        await happen(await apply_at(shop), SUBMITTED, APPROVED, ACCEPTED)
        server.behave = answering(b"HTTP/1.1 500 no\r\n\r\n")
        await send_all()
        first, *others = await deliveries_of(endpoint)
        assert [each.next_at for each in others] == [first.next_at] * 2
        server.behave = accept
        async with transaction() as db:
            await replaying.replay(db, PartnerActor(shop.partner.id, "client"), first.id)
        for round in range(3):
            assert len(await send()) == 1, round
        assert [each.state for each in await deliveries_of(endpoint)] == ["DELIVERED"] * 3


async def is_somebody_waiting() -> bool:
    """For a lock of another's."""
    async with reading() as db:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool((await db.execute(waiting)).scalar_one())


def ids(events: list[UUID]) -> list[str]:
    return [global_id("Event", each) for each in events]


async def of_consents(user_id: UUID) -> list[UUID]:
    its = select(Event.id).where(Event.user_id == user_id, Event.name.in_([consents.GRANTED, consents.REVOKED]))
    async with reading() as db:
        return list((await db.execute(its.order_by(Event.id))).scalars())
