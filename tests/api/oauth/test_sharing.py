"""A person at the page of consent: signs in, sees the exact answer, says yes or no; and whoever would answer for them."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, text

from domain.actors import UserActor
from domain.consent import previewing
from domain.consent.consents import Consent
from domain.credit.grades import Grade
from domain.people import putting_away, redirects, second_factors, sessions, worlds
from domain.people.partners import Partner, PartnerClient
from domain.people.second_factors import FactorKind
from domain.people.sessions import Session
from domain.people.users import User
from domain.sharing.share_grants import ShareGrant
from infra.database import reading, transaction
from infra.settings import settings
from tests.api.doors import Client
from tests.api.oauth.sharing import Visitor, Website, exchange, open_website, somebody_with, token_on, told, words_of
from tests.clocks import Clock
from tests.passkeys import Passkey
from tests.patience import until
from tests.phones import new_key


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    visitor = Visitor()
    async with visitor.http:
        yield visitor


@pytest.fixture(scope="module")
async def website() -> Website:
    return await open_website()


async def consents_of(user_id: UUID) -> list[Consent]:
    async with reading() as db:
        return list((await db.execute(select(Consent).where(Consent.user_id == user_id))).scalars())


async def test_a_yes_is_a_consent_and_a_code_for_the_website(visitor: Visitor, website: Website) -> None:
    user_id, number = await somebody_with(Grade.B)
    page = words_of(await visitor.arrive(website, purpose="RENTING", days="45", scope="scores score_reports"))
    assert "Shop asks about your score" in page and "shop.example" in page and "Renting something to you" in page
    await visitor.sign_in(number)
    page = words_of(await visitor.look())
    async with reading() as db:
        assert await previewing.preview(db, user_id, ["SCORE_CHECK", "SCORE_REPORT"], "en") in page
    assert f"****{number[-4:]}" in page and number not in page
    assert await consents_of(user_id) == []
    said = told(await visitor.send("answer", answer="yes", days="7"))
    assert said.keys() == {"from", "code", "state", "iss"}
    assert (said["state"], said["iss"]) == ("of the shop's", settings().public_url)
    (consent,) = await consents_of(user_id)
    assert (consent.partner_id, consent.purpose, consent.scopes) == (
        website.partner.id,
        "RENTING",
        ["SCORE_CHECK", "SCORE_REPORT"],
    )
    assert consent.expires_at - consent.granted_at == timedelta(days=7)
    async with reading() as db:
        share = (await db.execute(select(ShareGrant).where(ShareGrant.consent_id == consent.id))).scalar_one()
        session = (await db.execute(select(Session).where(Session.user_id == user_id))).scalar_one()
    assert share.code == said["code"] and session.ended_at is not None


async def test_an_answer_whose_reply_was_lost_is_the_same_answer(visitor: Visitor, website: Website) -> None:
    user_id, number = await somebody_with(None)
    await visitor.arrive(website, scope="scores score_reports")
    await visitor.sign_in(number)
    page = await visitor.look()
    assert words_of(page).count("They would be told that not enough is known about you yet.") == 1
    token = token_on(page)
    first, again = [await visitor.send("answer", token, answer="yes") for _ in range(2)]
    assert told(first) == told(again)
    assert len(await consents_of(user_id)) == 1
    assert "You have answered this." in words_of(await visitor.look())


@pytest.mark.parametrize("signs_in", [False, True])
async def test_a_no_is_told_and_leaves_nothing(visitor: Visitor, website: Website, signs_in: bool) -> None:
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    if signs_in:
        await visitor.sign_in(number)
    token = token_on(await visitor.look())
    said = told(await visitor.send("answer", token, answer="no"))
    assert (said["error"], said["state"], "code" in said) == ("access_denied", "of the shop's", False)
    assert told(await visitor.send("answer", token, answer="yes"))["error"] == "access_denied"
    assert await consents_of(user_id) == []


async def test_nobody_says_yes_without_signing_in(visitor: Visitor, website: Website) -> None:
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    assert (await visitor.send("answer", answer="yes")).headers["location"] == visitor.path
    await visitor.send("phone", phone=number)
    refused = await visitor.send("code", code="000000" if await visitor.code() != "000000" else "111111")
    assert refused.status_code == 400 and "This code is wrong. Tries left: 4." in words_of(refused)
    assert (await visitor.send("answer", answer="yes")).headers["location"] == visitor.path
    assert await consents_of(user_id) == []


async def test_no_other_browser_goes_on_with_it(visitor: Visitor, website: Website) -> None:
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    await visitor.sign_in(number)
    token = token_on(await visitor.look())
    other = Visitor()
    async with other.http:
        other.path = visitor.path
        assert (await other.look()).status_code == 403
        assert (await other.send("answer", token, answer="yes")).status_code == 403
        await other.arrive(website)
        other.path = visitor.path
        assert (await other.send("answer", token, answer="yes")).status_code == 403
    assert await consents_of(user_id) == []


async def test_what_the_browser_held_before_signing_in_opens_nothing_after(visitor: Visitor, website: Website) -> None:
    """Whoever planted that cookie does not answer for the person who then signed in."""
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    planted, token = dict(visitor.http.cookies), token_on(await visitor.look())
    await visitor.sign_in(number)
    thief = Visitor()
    async with thief.http:
        thief.path = visitor.path
        headers = {"Cookie": f"longan_share={planted['longan_share']}"}
        sent = await thief.http.post(
            thief.path, data={"form_token": token, "step": "answer", "answer": "yes"}, headers=headers
        )
    assert sent.status_code == 403 and await consents_of(user_id) == []


@pytest.mark.parametrize("token", ["", "0" * 64])
async def test_a_form_of_another_site_says_nothing(visitor: Visitor, website: Website, token: str) -> None:
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    await visitor.sign_in(number)
    assert (await visitor.send("answer", token, answer="yes")).status_code == 403
    elsewhere = Visitor()
    async with elsewhere.http:
        await elsewhere.arrive(website)
        assert (await visitor.send("answer", token_on(await elsewhere.look()), answer="yes")).status_code == 403
    assert await consents_of(user_id) == []


@pytest.mark.parametrize("days", ["0", "31", "366", "999", "1000", "７", "seven", "-7", ""])
async def test_nobody_gives_more_than_was_asked(visitor: Visitor, website: Website, days: str) -> None:
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    await visitor.sign_in(number)
    refused = await visitor.send("answer", answer="yes", days=days)
    assert (refused.status_code, "They asked for 1 to 30 days." in words_of(refused)) == (400, True)
    assert await consents_of(user_id) == []
    assert told(await visitor.send("answer", answer="yes", days="30"))["code"]


async def open_test_website() -> Website:
    website = await open_website()
    async with transaction() as db:
        theirs = await worlds.test_partner(db, await db.get_one(Partner, website.partner.id))
        (await db.get_one(PartnerClient, website.client_id)).partner_id = theirs.id
    return website


def timeless(page: httpx2.Response) -> str:
    """Its words without the second until which the answer would hold."""
    return re.sub(r"\d+:\d\d:\d\d", "", words_of(page))


@pytest.mark.usefixtures("steady_scorer")
async def test_somebody_who_never_was_answers_a_test_client(visitor: Visitor, http: httpx2.AsyncClient) -> None:
    website = await open_test_website()
    assert "in which nobody real takes part" in words_of(await visitor.arrive(website))
    assert (await visitor.send("persona", persona="nobody")).status_code == 303
    assert "As whom" in words_of(await visitor.look())
    assert (await visitor.send("persona", persona="steady-shopper")).status_code == 303
    page = await visitor.look()
    assert "Asked whether your grade is at least" in words_of(page)
    await visitor.send("persona", token_on(page), persona="over-borrowed")
    assert timeless(await visitor.look()) == timeless(page), "whoever signed in is no other person"
    code = told(await visitor.send("answer", answer="yes"))["code"]
    tokens = (await exchange(http, website, code)).json()
    said = {"consentToken": tokens["consent_token"], "purpose": "LENDING", "atLeast": "D", "idempotencyKey": new_key()}
    checked = await Client(http, "partner", tokens["access_token"]).send("CheckScore", input=said)
    assert checked["checkScore"]["answer"] == "YES", checked


async def test_nobody_invented_answers_a_live_client(visitor: Visitor, website: Website) -> None:
    await visitor.arrive(website)
    await visitor.send("persona", persona="steady-shopper")
    assert "Send me a code" in words_of(await visitor.look())


async def test_nobody_real_answers_a_test_client(visitor: Visitor) -> None:
    website = await open_test_website()
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    await visitor.sign_in(number)
    refused = await visitor.send("answer", answer="yes")
    assert (refused.status_code, "This is a test" in words_of(refused)) == (403, True)
    assert await consents_of(user_id) == []


async def test_nobody_is_sent_to_an_address_that_was_taken_back_meanwhile(visitor: Visitor) -> None:
    website = await open_website()
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    await visitor.sign_in(number)
    token = token_on(await visitor.look())
    async with transaction() as db:
        client = await db.get_one(PartnerClient, website.client_id)
        await redirects.register(db, client, ["https://shop.example/other"])
    for answer in ("yes", "no"):
        refused = await visitor.send("answer", token, answer=answer)
        assert (refused.status_code, refused.headers.get("location")) == (403, None)
    assert await consents_of(user_id) == []


async def test_the_page_ends_after_a_quarter_of_an_hour(visitor: Visitor, website: Website, clock: Clock) -> None:
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    await visitor.sign_in(number)
    token = token_on(await visitor.look())
    await clock.forward(minutes=15)
    assert (await visitor.send("answer", token, answer="yes")).status_code == 403
    assert (await visitor.look()).status_code == 403
    async with reading() as db:
        its = select(func.count()).where(Session.user_id == user_id, Session.expires_at > await clock.now())
        assert (await db.execute(its)).scalar_one() == 0
    assert await consents_of(user_id) == []


async def test_codes_are_counted_as_everywhere(
    visitor: Visitor, website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, number = await somebody_with(None)
    await visitor.arrive(website)
    assert (await visitor.send("phone", country="+86", phone="12")).status_code == 400
    monkeypatch.setattr(settings().code_limits, "resend_seconds", 60)
    assert (await visitor.send("phone", country="+86", phone=number.removeprefix("+86"))).status_code == 303
    await visitor.send("other-number")
    again = await visitor.send("phone", country="+1", phone=number)
    assert again.status_code == 429 and "Too many codes were requested." in words_of(again)


async def with_passkey(user_id: UUID) -> Passkey:
    passkey = Passkey()
    async with transaction() as db:
        actor = UserActor(user_id, (await sessions.begin(db, user_id, "Their phone")).id)
        begun = await second_factors.enrol(db, actor, FactorKind.PASSKEY, new_key())
        made = passkey.create(str(await second_factors.options_of(db, begun)))
        assert isinstance(await second_factors.confirm(db, actor, begun.id, made), User)
    return passkey


async def test_whoever_has_a_passkey_signs_in_with_it(visitor: Visitor, website: Website) -> None:
    user_id, number = await somebody_with(Grade.A)
    passkey = await with_passkey(user_id)
    await visitor.arrive(website)
    await visitor.sign_in(number)
    page = await visitor.look()
    asked = re.search(r'data-options="([^"]*)"', page.text)
    assert asked and "passkey.js" in page.text and 'name="totp"' not in page.text
    assert "ask Shop for a code that you can answer in our app" in words_of(page), "where the browser cannot"
    options = unescape(asked[1])
    for wrong in ("", "{}", Passkey().sign(options), passkey.sign(options, origin="https://evil.example")):
        assert (await visitor.send("factor", passkey=wrong)).status_code == 400
    assert (await visitor.send("answer", answer="yes")).headers["location"] == visitor.path
    assert (await visitor.send("factor", passkey=passkey.sign(options))).status_code == 303
    assert told(await visitor.send("answer", answer="yes"))["code"]


async def test_an_account_that_is_put_away_meanwhile_shares_nothing(visitor: Visitor, website: Website) -> None:
    """Both lock the person before their session, so that neither waits for the other for ever."""
    user_id, number = await somebody_with(Grade.A)
    await visitor.arrive(website)
    await visitor.sign_in(number)
    token = token_on(await visitor.look())
    async with transaction() as db:
        user = await db.get_one(User, user_id, with_for_update=True)
        sent = asyncio.create_task(visitor.send("answer", token, answer="yes"))
        await until(somebody_waits_for_a_person)
        await putting_away.put_away(db, user)
    assert (await sent).status_code == 403
    assert await consents_of(user_id) == []


async def somebody_waits_for_a_person() -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM users%'"
    async with reading() as db:
        return bool((await db.execute(text(waiting))).scalar_one())
