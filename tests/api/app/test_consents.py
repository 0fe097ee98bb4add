"""Consents: what a person lets a partner see, given, shown and taken back; and the partner's feed of them."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select

from domain.consent import consent_tokens
from domain.consent.consents import Consent
from infra.database import reading
from infra.ids import global_id
from tests.api.doors import Client
from tests.api.offering import close
from tests.api.people import Shop, open_shop
from tests.clocks import Clock
from tests.phones import Answer, NewPhone, Phone, new_key, uuid_of

MINE = """{ viewer { consents(first: 10) { edges { node { id token status purpose scopes expiresAt partner { id } } } } } }"""
FEED = """query ($updatedSince: DateTime, $first: Int, $after: String) {
  consents(updatedSince: $updatedSince, first: $first, after: $after) {
    edges { node { id purpose scopes status expiresAt updatedAt } } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = await open_shop()
    yield shop
    await close(shop)


@pytest.fixture
def client(http: httpx2.AsyncClient, shop: Shop) -> Client:
    return Client(http, "partner", shop.token)


def said(shop: Shop, **more: object) -> Answer:
    wish = {"purpose": "LENDING", "scopes": ["SCORE_CHECK"], "days": 30, "idempotencyKey": new_key()}
    return {"partnerId": global_id("Partner", shop.partner.id), **wish, **more}


async def grant(phone: Phone, shop: Shop, **more: object) -> Answer:
    return await phone.do("GrantConsent", **said(shop, **more))


async def kept(phone: Phone) -> int:
    async with reading() as db:
        return (await db.execute(select(func.count()).where(Consent.user_id == phone.user_id))).scalar_one()


async def shown(phone: Phone) -> list[Answer]:
    edges = (await phone.ask(MINE))["viewer"]["consents"]["edges"]
    return [edge["node"] for edge in edges]


async def test_a_consent_is_given_with_its_token_once(member: Phone, shop: Shop) -> None:
    key = new_key()
    consent = await grant(member, shop, scopes=["SCORE_REPORT", "SCORE_CHECK", "SCORE_CHECK"], idempotencyKey=key)
    assert (consent["__typename"], consent["status"], consent["purpose"]) == ("Consent", "LIVE", "LENDING")
    assert consent["scopes"] == ["SCORE_CHECK", "SCORE_REPORT"]
    assert consent_tokens.opened(consent["token"]) == (member.user_id, uuid_of(consent["id"]))
    again = await grant(member, shop, scopes=["SCORE_CHECK", "SCORE_REPORT"], idempotencyKey=key)
    assert again == consent
    assert await kept(member) == 1
    assert [(node["id"], node["token"], node["status"]) for node in await shown(member)] == [
        (consent["id"], None, "LIVE")
    ]


async def test_the_token_is_shown_again_for_a_day_alone(member: Phone, shop: Shop, clock: Clock) -> None:
    key = new_key()
    consent = await grant(member, shop, idempotencyKey=key)
    await clock.forward(hours=23)
    await member.renew()
    assert (await grant(member, shop, idempotencyKey=key))["token"] == consent["token"]
    await clock.forward(hours=1, seconds=1)
    await member.renew()
    assert await grant(member, shop, idempotencyKey=key) == {**consent, "token": None}


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"scopes": []}, "INVALID", ["input", "scopes"]),
        ({"days": 0}, "INVALID", ["input", "days"]),
        ({"days": 366}, "INVALID", ["input", "days"]),
        ({"partnerId": global_id("Partner", UUID(int=7))}, "NOT_FOUND", ["input", "partnerId"]),
        ({"idempotencyKey": "short"}, "INVALID", ["input", "idempotencyKey"]),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_left(
    member: Phone, shop: Shop, wrong: Answer, code: str, field: list[str]
) -> None:
    refusal = await grant(member, shop, **wrong)
    assert (refusal["__typename"], refusal["code"], refusal["field"]) == ("Refused", code, field)
    assert await kept(member) == 0


async def test_a_consent_is_taken_back_once_and_by_its_person_alone(
    member: Phone, new_phone: NewPhone, shop: Shop
) -> None:
    consent = await grant(member, shop)
    other = await new_phone()
    await other.sign_in()
    stranger = await other.do("RevokeConsent", consentId=consent["id"])
    assert stranger["code"] == "NOT_FOUND"
    for _ in range(2):
        assert await member.do("RevokeConsent", consentId=consent["id"]) == {
            "__typename": "Consent",
            "id": consent["id"],
            "status": "REVOKED",
        }
    async with reading() as db:
        row = await db.get_one(Consent, (member.user_id, uuid_of(consent["id"])))
    assert row.revoked_at == row.updated_at


async def test_it_ends_by_itself(member: Phone, shop: Shop, clock: Clock) -> None:
    await grant(member, shop, days=1)
    await clock.forward(days=1, seconds=1)
    await member.renew()
    assert [node["status"] for node in await shown(member)] == ["EXPIRED"]


async def test_the_partner_follows_its_own_and_sees_nobody(member: Phone, shop: Shop, client: Client) -> None:
    stranger = await open_shop()
    await grant(member, stranger)
    empty = (await client.ask(FEED))["consents"]
    assert empty["edges"] == [] and empty["pageInfo"]["endCursor"]
    consent = await grant(member, shop)
    page = (await client.ask(FEED, after=empty["pageInfo"]["endCursor"]))["consents"]
    node = page["edges"][0]["node"]
    assert (node["purpose"], node["scopes"], node["status"]) == ("LENDING", ["SCORE_CHECK"], "LIVE")
    await member.do("RevokeConsent", consentId=consent["id"])
    after = (await client.ask(FEED, after=page["pageInfo"]["endCursor"]))["consents"]
    assert [(edge["node"]["id"], edge["node"]["status"]) for edge in after["edges"]] == [(node["id"], "REVOKED")]
    await close(stranger)
