"""A campaign's message is tried on one's own phone alone: whoever has its code, and uses the app with it."""

import re
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from domain.actors import Role
from domain.people import challenges, signing_in
from domain.people.challenges import Challenge
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.outbox import Event
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.api.console.pages.test_campaigns import PAGE, made_by
from tests.phones import Phone, new_number
from tests.trying import rolled_back

CHALLENGE = re.compile(r'name="challenge" value="([0-9a-f-]{36})"')
SENT = "It comes to your app now, marked as a test."


async def code_sent(browser: Browser, its: str, number: str) -> tuple[str, str]:
    """The challenge that the page names, and the code that came to the phone."""
    [challenge] = CHALLENGE.findall((await browser.send(its, {"phone": number})).text)
    async with reading() as db:
        return challenge, challenges.code_of(await db.get_one(Challenge, UUID(challenge)))


async def answer(browser: Browser, its: str, challenge: str, code: str) -> httpx2.Response:
    return await browser.send(its, {"challenge": challenge, "code": code})


async def test_it_comes_to_whoever_proves_their_phone_marked_as_a_test(browser_of: NewBrowser, member: Phone) -> None:
    marketer = await browser_of(Role.MARKETING)
    campaign = await made_by(marketer)
    its = f"{PAGE}/{campaign.id}/trial"
    challenge, code = await code_sent(marketer, its, member.number)
    wrong = await answer(marketer, its, challenge, "000000" if code != "000000" else "111111")
    assert wrong.status_code == 400 and "This code is wrong." in words_of(wrong)
    assert SENT in words_of(await answer(marketer, its, challenge, code))
    again = await answer(marketer, its, challenge, code)
    assert again.status_code == 409 and "This code is no longer valid." in words_of(again)
    await member.settle()
    listed = (await member.send("MyNotices"))["notices"]["edges"]
    assert [each["node"]["title"] for each in listed if each["node"]["class"] == "MARKETING"] == [
        "Test: A film for 9.9"
    ]
    async with reading() as db:
        tried = select(Event.data).where(Event.name == "campaign.tried", Event.subject_id == campaign.id)
        [data] = (await db.execute(tried)).scalars()
    assert UUID(data["by"]) == campaign.author_id


async def test_nobody_else_is_sent_it(browser_of: NewBrowser, member: Phone) -> None:
    marketer = await browser_of(Role.MARKETING)
    campaign = await made_by(marketer)
    its = f"{PAGE}/{campaign.id}/trial"
    assert (await marketer.send(its, {"phone": "12345"})).status_code == 400
    challenge, code = await code_sent(marketer, its, new_number())
    strange = await answer(marketer, its, challenge, code)
    assert strange.status_code == 404 and "Nobody uses the app with this number yet." in words_of(strange)
    wish = {"class": "MARKETING", "channel": "APP", "isAllowed": False}
    await member.do("SetContactPreferences", preferences=[wish])
    challenge, code = await code_sent(marketer, its, member.number)
    unwanted = await answer(marketer, its, challenge, code)
    assert unwanted.status_code == 409 and "Your own preferences let no such message through." in words_of(unwanted)
    assert (await marketer.send(f"{PAGE}/{uuid4()}/trial", {"phone": member.number})).status_code == 404
    assert (await (await browser_of(Role.VIEWER)).send(its, {"phone": member.number})).status_code == 403


async def test_a_code_answers_for_its_own_purpose_alone(browser_of: NewBrowser, member: Phone) -> None:
    """Whoever is talked into reading out the code of a trial gives nobody their account; nor the other way round."""
    marketer = await browser_of(Role.MARKETING)
    its = f"{PAGE}/{(await made_by(marketer)).id}/trial"
    challenge, code = await code_sent(marketer, its, member.number)
    said: dict[str, Any] = {"challenge_id": UUID(challenge), "code": code, "device_name": "x", "key": challenge}
    async with rolled_back() as db:
        with pytest.raises(Refusal) as refused:
            await signing_in.sign_in(db, **said)
    assert refused.value.code is RefusalCode.CODE_EXPIRED
    async with transaction() as db:
        usual = await signing_in.request_code(db, phone=new_number(), ip="203.0.113.7", locale="en")
    strange = await answer(marketer, its, str(usual.id), challenges.code_of(usual))
    assert strange.status_code == 409 and "This code is no longer valid." in words_of(strange)
