"""A partner asks by a code, a person sees the exact answer and says yes or no, and the partner hears it once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import Select, func, select

from domain.consent import consent_tokens
from domain.consent.consent_requests import ConsentRequest
from domain.consent.consents import Consent
from domain.credit import scores
from infra import pruning
from infra.database import reading, transaction
from infra.ids import global_id
from tests.api.doors import Client
from tests.api.offering import close
from tests.api.partner.test_scores import check
from tests.api.people import Shop, open_shop
from tests.clocks import Clock
from tests.phones import Answer, NewPhone, Phone, new_key, uuid_of


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = await open_shop()
    yield shop
    await close(shop)


@pytest.fixture
def client(http: httpx2.AsyncClient, shop: Shop) -> Client:
    return Client(http, "partner", shop.token)


async def ask(client: Client, **more: Any) -> Answer:
    wish = {"purpose": "LENDING", "scopes": ["SCORE_CHECK"], "days": 30, "idempotencyKey": new_key(), **more}
    request: Answer = (await client.send("RequestConsent", input=wish))["requestConsent"]
    return request


async def see(phone: Phone, code: str) -> Answer | None:
    request: Answer | None = await phone.send("ConsentRequestByCode", code=code)
    return request


async def answer(phone: Phone, code: str, granted: bool = True, **more: Any) -> Answer | None:
    said = {"code": code, "isGranted": granted, "idempotencyKey": new_key(), **more}
    return await phone.do("AnswerConsentRequest", **said)


async def kept(phone: Phone) -> int:
    async with reading() as db:
        return (await db.execute(select(func.count()).where(Consent.user_id == phone.user_id))).scalar_one()


async def test_a_yes_gives_what_was_asked_and_the_preview_is_what_comes(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    key = new_key()
    request = await ask(client, reference="till 7", idempotencyKey=key)
    assert request["url"] == f"longan://consent/{request['requestCode']}"
    assert await ask(client, reference="till 7", idempotencyKey=key) == request
    seen = await see(shopper, request["requestCode"])
    async with reading() as db:
        score = await scores.current(db, shopper.user_id)
    assert seen is not None and score is not None
    assert (seen["partner"]["name"], seen["scopes"]) == ("Shop", ["SCORE_CHECK"])
    consent = await answer(shopper, request["requestCode"], days=7)
    assert consent is not None and consent["status"] == "LIVE"
    async with reading() as db:
        row = await db.get_one(Consent, (shopper.user_id, uuid_of(consent["id"])))
        asked = (await db.execute(select(ConsentRequest).where(ConsentRequest.consent_id == row.id))).scalar_one()
    assert ((row.expires_at - row.granted_at).days, row.scopes, asked.reference) == (7, ["SCORE_CHECK"], "till 7")
    token = consent_tokens.token_of(row)
    for grade in "ABCD":
        told = (await check(client, token, grade))["answer"]
        assert told == ("YES" if score.grade <= grade else "NO")
    assert await see(shopper, request["requestCode"]) is None


async def test_a_preview_names_each_grade_on_its_side(shopper: Phone, client: Client) -> None:
    async with reading() as db:
        score = await scores.current(db, shopper.user_id)
    assert score is not None
    request = await ask(client, scopes=["SCORE_CHECK", "SCORE_REPORT", "CONTRIBUTE_FACTS"])
    told = (await shopper.post(SEEN, {"code": request["requestCode"]}, **{"accept-language": "en"})).json()
    preview = told["data"]["consentRequest"]["preview"]
    yes = ", ".join(grade for grade in "ABCD" if score.grade <= grade)
    no = ", ".join(grade for grade in "ABCD" if score.grade > grade)
    first = "A, B, C or D, they would be told yes." if not no else f"{yes}, they would be told yes; at least {no}: no."
    assert preview.startswith("They may tell us facts about you; they are told nothing.")
    assert first in preview
    assert f"your grade {score.grade}, your {score.points} points" in preview


SEEN = "query ($code: String!) { consentRequest(code: $code) { preview } }"


async def test_a_no_leaves_nothing_and_ends_the_code(member: Phone, client: Client) -> None:
    request = await ask(client)
    assert await answer(member, request["requestCode"], granted=False) is None
    assert await kept(member) == 0
    late = await answer(member, request["requestCode"])
    assert late is not None and late["code"] == "NOT_OPEN"
    assert await kept(member) == 0


async def test_one_person_answers_once(member: Phone, new_phone: NewPhone, client: Client) -> None:
    other = await new_phone()
    await other.sign_in()
    request, key = await ask(client), new_key()
    answers = await asyncio.gather(
        *(answer(member, request["requestCode"], idempotencyKey=key) for _ in range(5)),
        *(answer(other, request["requestCode"]) for _ in range(5)),
    )
    assert await kept(member) + await kept(other) == 1
    granted = [each for each in answers if each and each["__typename"] == "Consent"]
    assert len({each["id"] for each in granted}) == 1
    assert {each["code"] for each in answers if each and each["__typename"] == "Refused"} == {"NOT_OPEN"}


async def test_what_is_too_old_unknown_or_too_long_is_refused(member: Phone, client: Client, clock: Clock) -> None:
    request = await ask(client, days=10)
    for days in (0, 11):
        refusal = await answer(member, request["requestCode"], days=days)
        assert refusal is not None and (refusal["code"], refusal["field"]) == ("INVALID", ["input", "days"])
    unknown = await answer(member, "nobody-asked-it")
    assert unknown is not None and (unknown["code"], unknown["field"]) == ("NOT_FOUND", ["input", "code"])
    await clock.forward(hours=24, seconds=1)
    await member.renew()
    assert await see(member, request["requestCode"]) is None
    late = await answer(member, request["requestCode"])
    assert late is not None and late["code"] == "NOT_OPEN"
    assert await kept(member) == 0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"reference": "x" * 101}, "reference"),
    ],
)
async def test_a_partner_learns_what_is_wrong(client: Client, wrong: Answer, field: str) -> None:
    refusal = await ask(client, **wrong)
    assert (refusal["code"], refusal["field"]) == ("INVALID", ["input", field])


async def test_what_nobody_said_yes_to_is_forgotten_after_a_month(
    member: Phone, shop: Shop, client: Client, clock: Clock
) -> None:
    granted, declined, unanswered = [await ask(client) for _ in range(3)]
    await answer(member, granted["requestCode"])
    await answer(member, declined["requestCode"], granted=False)
    asked = select(ConsentRequest.code).where(ConsentRequest.partner_id == shop.partner.id)
    async with reading() as db:
        over = select(func.min(ConsentRequest.expires_at)).where(ConsentRequest.partner_id == shop.partner.id)
        first = (await db.execute(over)).scalar_one()
    await clock.stand_at(first + timedelta(days=30) - timedelta(seconds=1))
    assert await left_of(asked) == {each["requestCode"] for each in (granted, declined, unanswered)}
    await clock.stand_at(first + timedelta(days=30, seconds=60))
    assert await left_of(asked) == {granted["requestCode"]}


async def left_of(asked: Select[str]) -> set[str]:
    """What a night leaves of these."""
    async with transaction() as db:
        while await pruning.one_batch(db, "prune_spent"):
            pass
        return {*(await db.execute(asked)).scalars()}


async def test_whoever_leaves_allows_nothing_new(member: Phone, shop: Shop, client: Client) -> None:
    request = await ask(client)
    await member.do("DeleteMyAccount", confirmation=member.number)
    given = await member.do(
        "GrantConsent",
        partnerId=global_id("Partner", shop.partner.id),
        purpose="LENDING",
        scopes=["SCORE_CHECK"],
        days=30,
        idempotencyKey=new_key(),
    )
    answered = await answer(member, request["requestCode"])
    assert answered is not None
    assert (given["code"], answered["code"], await kept(member)) == ("NOT_ALLOWED", "NOT_ALLOWED", 0)
