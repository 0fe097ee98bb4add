"""A code to a phone, a session for the right answer, and out again."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.people import challenges, phones, signing_in, users
from domain.people.challenges import Challenge
from domain.people.sessions import Session
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.outbox import Event
from infra.setting_parts import CodeLimits, Rate
from infra.settings import settings
from tests.clocks import Clock
from tests.phones import Phone, code_for, new_key, new_number, uuid_of
from tests.working import work_off

AMPLE = Rate(times=100_000, seconds=3600)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> CodeLimits:
    """Limits of the test's own, generous until it lowers one."""
    mine = CodeLimits(
        resend_seconds=0, per_phone=AMPLE, per_ip=AMPLE, per_prefix=AMPLE, per_country=AMPLE, failures_per_phone=AMPLE
    )
    monkeypatch.setattr(settings(), "code_limits", mine)
    return mine


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def challenge(id: str) -> Challenge:
    async with reading() as db:
        return await db.get_one(Challenge, uuid_of(id))


async def session(phone: Phone) -> Session:
    async with reading() as db:
        return await db.get_one(Session, (phone.user_id, uuid_of(phone.session["id"])))


async def registered(number: str) -> bool:
    async with reading() as db:
        return await users.find_by_phone(db, phones.index(number)) is not None


class TestACode:
    async def test_has_six_digits_and_five_minutes(self, phone: Phone) -> None:
        asked = await phone.do("RequestPhoneCode", phone=phone.number)
        kept = await challenge(asked["id"])
        assert asked["codeLength"] == 6
        assert moment(asked["expiresAt"]) - kept.created_at == timedelta(minutes=5)
        assert len(await code_for(asked["id"])) == 6

    async def test_reaches_the_phone(self, phone: Phone) -> None:
        asked = await phone.ask_for_code()
        assert set(await work_off(uuid_of(asked))) == {"send_code", "look_for_a_new_owner"}
        messages = (await phone.http.get("/dev/messages", params={"to": phone.number})).json()
        assert [message["code"] for message in messages] == [await code_for(asked)]
        assert (messages[0]["to"], messages[0]["code"] in messages[0]["body"]) == (phone.number, True)

    async def test_is_stored_nowhere(self, phone: Phone) -> None:
        asked = await phone.ask_for_code()
        stored = repr(vars(await challenge(asked)))
        assert await code_for(asked) not in stored
        assert phone.number.removeprefix("+86") not in stored

    @pytest.mark.parametrize("number", ["", "12345", "13800138000", "+999123456", "+86 138", "hello", "+1 555"])
    async def test_goes_to_phone_numbers_only(self, phone: Phone, number: str) -> None:
        refused = await phone.do("RequestPhoneCode", phone=number)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "phone"])

    @pytest.mark.parametrize("number", ["+44 7911 123456", "+1 202-555-0143", "+81 90-1234-5678", "+86 138 0013 8000"])
    async def test_goes_to_any_country(self, phone: Phone, number: str) -> None:
        assert (await phone.do("RequestPhoneCode", phone=number))["__typename"] == "Challenge"

    async def test_known_and_unknown_numbers_get_the_same_answer(self, member: Phone) -> None:
        known = await member.do("RequestPhoneCode", phone=member.number)
        unknown = await member.do("RequestPhoneCode", phone=new_number())
        assert known.keys() == unknown.keys()
        assert len(known["id"]) == len(unknown["id"])
        assert {known[name] == unknown[name] for name in ("__typename", "codeLength")} == {True}


class TestLimits:
    async def test_another_code_may_be_asked_for_after_a_minute(
        self, phone: Phone, limits: CodeLimits, clock: Clock
    ) -> None:
        limits.resend_seconds = 60
        asked = await phone.do("RequestPhoneCode", phone=phone.number)
        refused = await phone.do("RequestPhoneCode", phone=phone.number)
        assert (refused["code"], refused["field"]) == ("RATE_LIMITED", ["input", "phone"])
        assert refused["retryAt"] == asked["resendAt"]
        assert moment(asked["resendAt"]) - (await challenge(asked["id"])).created_at == timedelta(seconds=60)
        await clock.forward(seconds=60)
        assert (await phone.do("RequestPhoneCode", phone=phone.number))["__typename"] == "Challenge"

    async def test_a_phone_has_so_many_an_hour(self, phone: Phone, limits: CodeLimits, clock: Clock) -> None:
        limits.per_phone = Rate(times=3, seconds=3600)
        first, *_ = [await phone.ask_for_code() for _ in range(3)]
        refused = await phone.do("RequestPhoneCode", phone=phone.number)
        assert refused["code"] == "RATE_LIMITED"
        assert moment(refused["retryAt"]) == (await challenge(first)).created_at + timedelta(hours=1)
        await clock.forward(hours=1)
        assert (await phone.do("RequestPhoneCode", phone=phone.number))["__typename"] == "Challenge"

    @pytest.mark.parametrize("name", ["per_ip", "per_prefix", "per_country"])
    async def test_many_phones_share_a_limit(
        self, phone: Phone, limits: CodeLimits, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A window of its own length is a counter of its own, whatever other tests asked for.
        setattr(limits, name, Rate(times=2, seconds={"per_ip": 4001, "per_prefix": 4002, "per_country": 4003}[name]))
        prefix = new_number()[:-4]
        answers = [await phone.do("RequestPhoneCode", phone=f"{prefix}{last:04}") for last in range(3)]
        assert [answer.get("code") for answer in answers] == [None, None, "RATE_LIMITED"]
        assert moment(answers[2]["retryAt"]) > (await challenge(answers[1]["id"])).created_at

    async def test_a_refused_code_leaves_nothing(self, phone: Phone, limits: CodeLimits) -> None:
        limits.per_phone = Rate(times=1, seconds=3600)
        await phone.ask_for_code()
        assert (await phone.do("RequestPhoneCode", phone=phone.number))["code"] == "RATE_LIMITED"
        async with reading() as db:
            index = phones.index(phone.number)
            kept = await db.execute(select(func.count()).where(Challenge.phone_index == index))
            assert kept.scalar_one() == 1

    async def test_thirty_at_once_are_no_way_around(self, phone: Phone, limits: CodeLimits) -> None:
        limits.per_phone = Rate(times=4, seconds=3600)
        answers = await asyncio.gather(*(phone.do("RequestPhoneCode", phone=phone.number) for _ in range(30)))
        assert sum(answer["__typename"] == "Challenge" for answer in answers) == 4

    async def test_failures_survive_a_resend(self, phone: Phone, limits: CodeLimits, clock: Clock) -> None:
        limits.failures_per_phone = Rate(times=6, seconds=86_400)
        for tries in (4, 2):
            asked = await phone.ask_for_code()
            for _ in range(tries):
                assert (await phone.answer(asked, wrong(await code_for(asked))))["code"] == "CODE_WRONG"
        refused = await phone.do("RequestPhoneCode", phone=phone.number)
        assert refused["code"] == "RATE_LIMITED"
        assert moment(refused["retryAt"]) > await clock.now() + timedelta(hours=23)
        await clock.forward(days=1)
        assert (await phone.do("RequestPhoneCode", phone=phone.number))["__typename"] == "Challenge"


class TestAnswering:
    async def test_the_right_code_signs_in(self, phone: Phone) -> None:
        asked = await phone.ask_for_code()
        signed_in = await phone.answer(asked)
        phone.session = signed_in
        kept = await session(phone)
        assert signed_in["__typename"] == "Session"
        assert signed_in["viewer"]["maskedPhone"] == f"+86 {phone.number[3:6]}****{phone.number[-4:]}"
        assert moment(signed_in["accessExpiresAt"]) - kept.created_at == timedelta(minutes=15)
        assert (await challenge(asked)).answered_at is not None

    async def test_the_first_right_code_registers_and_joins(self, phone: Phone) -> None:
        assert not await registered(phone.number)
        asked = await phone.ask_for_code()
        assert not await registered(phone.number)
        phone.session = await phone.answer(asked)
        assert await registered(phone.number)
        assert (await phone.send("Home"))["membership"]["tier"] == {"code": "LITE", "name": "Lite", "rank": 1}

    async def test_the_same_number_is_the_same_person(self, member: Phone, web: Any) -> None:
        again = Phone(web, member.number)
        assert (await again.sign_in())["viewer"]["id"] == member.session["viewer"]["id"]
        assert again.session["id"] != member.session["id"]

    async def test_a_wrong_code_is_counted_and_says_how_many_are_left(self, phone: Phone) -> None:
        asked = await phone.ask_for_code()
        refused = await phone.answer(asked, wrong(await code_for(asked)))
        assert (refused["code"], refused["field"]) == ("CODE_WRONG", ["input", "code"])
        assert refused["message"] == "This code is wrong. Tries left: 4."
        assert (await challenge(asked)).compared == 1
        assert not await registered(phone.number)

    async def test_fifty_wrong_codes_at_once_are_five_comparisons(self, phone: Phone) -> None:
        asked = await phone.ask_for_code()
        code = await code_for(asked)
        guesses = [f"{(int(code) + step) % 10**6:06}" for step in range(1, 51)]
        answers = await asyncio.gather(*(phone.answer(asked, guess) for guess in guesses))
        told = [answer["code"] for answer in answers]
        assert (told.count("CODE_WRONG"), told.count("CODE_EXPIRED")) == (5, 45)
        assert (await challenge(asked)).compared == 5
        assert (await phone.answer(asked, code))["code"] == "CODE_EXPIRED"
        assert not await registered(phone.number)

    async def test_five_minutes_later_it_is_over(self, phone: Phone, clock: Clock) -> None:
        asked = await phone.ask_for_code()
        code = await code_for(asked)
        await clock.forward(minutes=5)
        refused = await phone.answer(asked, code)
        assert (refused["code"], refused["field"]) == ("CODE_EXPIRED", ["input", "code"])
        assert (await challenge(asked)).compared == 0

    async def test_a_code_signs_in_once(self, phone: Phone) -> None:
        asked = await phone.ask_for_code()
        assert (await phone.answer(asked))["__typename"] == "Session"
        assert (await phone.answer(asked))["code"] == "CODE_EXPIRED"

    async def test_a_pasted_code_signs_in_and_costs_no_try(self, phone: Phone) -> None:
        asked = await phone.ask_for_code()
        code = await code_for(asked)
        key, wide = new_key(), "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in code)
        first = await phone.answer(asked, f"{code[:3]} {code[3:]}", key)
        assert first["__typename"] == "Session"
        assert (await challenge(asked)).compared == 1
        # Typed another way it is the same answer.
        assert (await phone.answer(asked, wide, key))["id"] == first["id"]

    async def test_a_device_token_comes_with_the_session(self, phone: Phone) -> None:
        await phone.sign_in()
        query = """mutation ($phone: String!, $device: String) {
            requestPhoneCode(input: {phone: $phone, deviceToken: $device}) { ... on Challenge { id } } }"""
        kept = await session(phone)
        answer = await phone.ask(query, phone=phone.number, device=kept.device_token)
        asked = await challenge(answer["requestPhoneCode"]["id"])
        assert (asked.place, asked.is_known_place) == (kept.id.bytes, True)
        renewed = await phone.ask(
            """mutation ($token: String!, $key: String!) {
            refreshSession(input: {refreshToken: $token, idempotencyKey: $key}) { ... on Session { deviceToken } } }""",
            token=phone.session["refreshToken"],
            key=new_key(),
        )
        assert renewed["refreshSession"]["deviceToken"] == kept.device_token

    @pytest.mark.parametrize("code", ["", "12345", "１２３４５６", "1" * 5000, "123456\n"])
    async def test_nonsense_is_a_wrong_code(self, phone: Phone, code: str) -> None:
        assert (await phone.answer(await phone.ask_for_code(), code))["code"] == "CODE_WRONG"

    @pytest.mark.parametrize("name", ["", "x" * 101])
    async def test_a_device_has_a_name(self, phone: Phone, name: str) -> None:
        asked = await phone.ask_for_code()
        input = {"challengeId": asked, "code": "000000", "deviceName": name, "idempotencyKey": new_key()}
        refused = await phone.do("SignIn", **input)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "deviceName"])
        assert (await challenge(asked)).compared == 0

    @pytest.mark.parametrize("id", ["", "nonsense", "VXNlcjpubw", "Q2hhbGxlbmdlOg"])
    async def test_a_challenge_that_never_was_is_not_found(self, phone: Phone, id: str) -> None:
        refused = await phone.answer(id, "000000")
        assert (refused["code"], refused["field"]) == ("NOT_FOUND", ["input", "challengeId"])


class TestOnce:
    async def test_the_same_sign_in_sent_twenty_times_is_one_session(self, phone: Phone) -> None:
        asked, key = await phone.ask_for_code(), new_key()
        code = await code_for(asked)
        answers = await asyncio.gather(*(phone.answer(asked, code, key) for _ in range(20)))
        assert len({answer["id"] for answer in answers}) == 1
        assert len({answer["refreshToken"] for answer in answers}) == 1
        phone.session = answers[0]
        async with reading() as db:
            mine = await db.execute(select(func.count()).where(Session.user_id == phone.user_id))
            told = select(func.count()).where(Event.user_id == phone.user_id, Event.name == "user.registered")
            assert (mine.scalar_one(), (await db.execute(told)).scalar_one()) == (1, 1)

    async def test_the_key_of_another_answer_is_a_mismatch(self, phone: Phone) -> None:
        asked, key = await phone.ask_for_code(), new_key()
        code = await code_for(asked)
        await phone.answer(asked, code, key)
        assert (await phone.answer(asked, wrong(code), key))["code"] == "IDEMPOTENCY_MISMATCH"

    async def test_a_wrong_code_does_not_spend_the_key(self, phone: Phone) -> None:
        asked, key = await phone.ask_for_code(), new_key()
        code = await code_for(asked)
        assert (await phone.answer(asked, wrong(code), key))["code"] == "CODE_WRONG"
        assert (await phone.answer(asked, code, key))["__typename"] == "Session"

    async def test_the_answer_is_repeated_for_as_long_as_the_code_lived(self, phone: Phone, clock: Clock) -> None:
        asked, key = await phone.ask_for_code(), new_key()
        code = await code_for(asked)
        first = await phone.answer(asked, code, key)
        await clock.forward(minutes=4, seconds=50)
        assert (await phone.answer(asked, code, key))["id"] == first["id"]
        await clock.forward(seconds=10)
        assert (await phone.answer(asked, code, key))["code"] == "CODE_EXPIRED"

    async def test_two_first_sign_ins_at_once_make_one_person(self, phone: Phone) -> None:
        first, second = await phone.ask_for_code(), await phone.ask_for_code()
        answers = await asyncio.gather(phone.answer(first), phone.answer(second))
        assert len({answer["viewer"]["id"] for answer in answers}) == 1
        assert len({answer["id"] for answer in answers}) == 2

    @pytest.mark.parametrize("key", ["short", "x" * 129])
    async def test_a_key_has_eight_to_128_characters(self, phone: Phone, key: str) -> None:
        refused = await phone.answer(await phone.ask_for_code(), "000000", key)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "idempotencyKey"])


async def test_a_wrong_code_is_returned_so_that_it_counts() -> None:
    async with transaction() as db:
        asked = await signing_in.request_code(db, phone=new_number(), ip="", locale="en")
        code = wrong(challenges.code_of(asked))
        answer = await signing_in.sign_in(db, challenge_id=asked.id, code=code, device_name="x", key=new_key())
    assert isinstance(answer, Refusal)
    assert answer.code == RefusalCode.CODE_WRONG
