"""Tokens: renewed by rotation, forgiven a lost reply, ended by reuse and by signing out."""

import asyncio
import base64

import httpx2
import pytest
from sqlalchemy import func, select

from infra.database import reading
from infra.outbox import Event
from tests.clocks import Clock
from tests.phones import Answer, Phone, new_key

WHO = "{ viewer { id } }"


async def renew(phone: Phone, token: str, key: str | None = None) -> Answer:
    return await phone.do("RefreshSession", refreshToken=token, idempotencyKey=key or new_key())


async def test_new_tokens_for_the_newest_one(member: Phone, clock: Clock) -> None:
    before = member.session
    await clock.forward(seconds=1)
    after = await renew(member, before["refreshToken"])
    assert after["id"] == before["id"]
    assert after["accessToken"] != before["accessToken"]
    assert after["refreshToken"] != before["refreshToken"]
    assert after["accessExpiresAt"] > before["accessExpiresAt"]
    member.session = {**before, **after}
    assert (await member.ask(WHO))["viewer"]["id"] == before["viewer"]["id"]


class TestALostReply:
    async def test_is_sent_again_for_a_minute(self, member: Phone, clock: Clock) -> None:
        token, key = member.session["refreshToken"], new_key()
        first = await renew(member, token, key)
        await clock.forward(seconds=59)
        assert await renew(member, token, key) == first

    async def test_fifty_at_once_get_one_answer(self, member: Phone) -> None:
        token, key = member.session["refreshToken"], new_key()
        answers = await asyncio.gather(*(renew(member, token, key) for _ in range(50)))
        assert {answer["__typename"] for answer in answers} == {"Session"}
        assert len({answer["refreshToken"] for answer in answers}) == 1

    async def test_is_not_sent_again_after_a_minute(self, member: Phone, clock: Clock) -> None:
        token, key = member.session["refreshToken"], new_key()
        await renew(member, token, key)
        await clock.forward(seconds=61)
        assert (await renew(member, token, key))["code"] == "SESSION_ENDED"

    async def test_is_not_sent_again_once_the_new_tokens_are_used(self, member: Phone) -> None:
        token, key = member.session["refreshToken"], new_key()
        member.session |= await renew(member, token, key)
        await member.ask(WHO)
        assert (await renew(member, token, key))["code"] == "SESSION_ENDED"
        assert await member.error(WHO) == (401, "SESSION_ENDED")

    async def test_is_not_sent_again_once_the_new_refresh_token_is_used(self, member: Phone) -> None:
        token, key = member.session["refreshToken"], new_key()
        newest = await renew(member, (await renew(member, token, key))["refreshToken"])
        assert (await renew(member, token, key))["code"] == "SESSION_ENDED"
        assert (await renew(member, newest["refreshToken"]))["code"] == "SESSION_ENDED"


class TestReuse:
    async def test_under_another_key_ends_the_whole_family(self, member: Phone) -> None:
        old = member.session["refreshToken"]
        member.session |= await renew(member, old)
        refused = await renew(member, old)
        assert refused["code"] == "SESSION_ENDED"
        assert await member.error(WHO) == (401, "SESSION_ENDED")
        assert (await renew(member, member.session["refreshToken"]))["code"] == "SESSION_ENDED"
        async with reading() as db:
            told = select(func.count()).where(Event.user_id == member.user_id, Event.name == "session.reused")
            assert (await db.execute(told)).scalar_one() == 1

    async def test_leaves_the_persons_other_devices_alone(self, member: Phone, web: httpx2.AsyncClient) -> None:
        tablet = Phone(web, member.number)
        await tablet.sign_in()
        old = member.session["refreshToken"]
        await renew(member, old)
        assert (await renew(member, old))["code"] == "SESSION_ENDED"
        assert (await tablet.ask(WHO))["viewer"]["id"] == tablet.session["viewer"]["id"]


class TestTokensThatAreNotOurs:
    @pytest.mark.parametrize("token", ["", "nonsense", "é", "A" * 80, "====", "A" * 100_000])
    async def test_renew_nothing(self, member: Phone, token: str) -> None:
        assert (await renew(member, token))["code"] == "SESSION_ENDED"

    async def test_a_changed_generation_renews_nothing(self, member: Phone) -> None:
        raw = bytearray(base64.urlsafe_b64decode(member.session["refreshToken"] + "=="))
        raw[35] += 1
        forged = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        assert (await renew(member, forged))["code"] == "SESSION_ENDED"
        assert (await member.ask(WHO))["viewer"] is not None

    @pytest.mark.parametrize("token", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 8000])
    async def test_ask_nothing(self, phone: Phone, token: str) -> None:
        phone.session = {"accessToken": token}
        assert await phone.error(WHO) == (401, "UNAUTHENTICATED")

    async def test_keys_are_checked_before_anything(self, member: Phone) -> None:
        refused = await member.do("RefreshSession", refreshToken=member.session["refreshToken"], idempotencyKey="short")
        assert refused["code"] == "INVALID"
        assert (await renew(member, member.session["refreshToken"]))["__typename"] == "Session"


class TestTheEnd:
    async def test_an_access_token_is_over_after_a_quarter_of_an_hour(self, member: Phone, clock: Clock) -> None:
        await clock.forward(minutes=14, seconds=50)
        assert (await member.ask(WHO))["viewer"] is not None
        await clock.forward(seconds=10)
        status, code = await member.error(WHO)
        assert (status, code) == (401, "UNAUTHENTICATED")
        member.session |= await renew(member, member.session["refreshToken"])
        assert (await member.ask(WHO))["viewer"] is not None

    async def test_a_refresh_token_is_over_after_sixty_days(self, member: Phone, clock: Clock) -> None:
        await clock.forward(days=60)
        assert (await renew(member, member.session["refreshToken"]))["code"] == "SESSION_ENDED"

    async def test_signing_out_ends_this_device(self, member: Phone) -> None:
        assert await member.send("SignOut") == {"__typename": "SignedOut", "sessionId": member.session["id"]}
        assert await member.error(WHO) == (401, "SESSION_ENDED")
        assert (await renew(member, member.session["refreshToken"]))["code"] == "SESSION_ENDED"

    async def test_who_is_signed_out_is_nobody(self, phone: Phone) -> None:
        assert await phone.ask(WHO) == {"viewer": None}
        assert await phone.error("mutation { signOut { __typename } }") == (401, "UNAUTHENTICATED")
