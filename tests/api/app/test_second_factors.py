"""Second factors and step-up, and what whoever means harm tries: another session, another person, too late, twice, by luck."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pyotp
import pytest
from sqlalchemy import func, select, update

from domain.people import authenticators, confirming, passkeys, second_factors, second_signing
from domain.people.challenges import Challenge
from domain.people.second_factors import SecondFactor
from domain.people.users import Phone as KnownPhone
from domain.people.users import User
from infra.database import reading, transaction
from infra.outbox import Event
from infra.setting_parts import Rate
from integrations.register.answers import Attestation, RegisterAway
from tests.api.app.test_identity import Asked, new_id_number, verify
from tests.clocks import Clock
from tests.passkeys import Passkey
from tests.phones import Answer, NewPhone, Phone, code_for, new_key, uuid_of

OPTIONS = "{ viewer { stepUpOptions } }"
REQUIRED = """mutation ($input: SignInInput!) { signIn(input: $input) { __typename
    ... on Session { id } ... on SecondFactorRequired { challengeId methods options } ... on Refusal { code } } }"""


class Authenticator:
    """An app that shows the code of now, as if half a minute had passed since one was used."""

    def __init__(self, address: str) -> None:
        self.secret = pyotp.parse_uri(address).secret

    async def code(self) -> str:
        async with transaction() as db:
            step = int((await authenticators.authenticator_time(db)).timestamp()) // authenticators.STEP_SECONDS
            used = SecondFactor.last_step >= step
            await db.execute(update(SecondFactor).where(used).values(last_step=step - 1))
        return str(pyotp.HOTP(self.secret).at(step))


async def enrol(phone: Phone, kind: str, key: str | None = None) -> Answer:
    return await phone.do("EnrolSecondFactor", kind=kind, idempotencyKey=key or new_key())


async def with_app(phone: Phone) -> Authenticator:
    enrolment = await enrol(phone, "TOTP")
    app = Authenticator(enrolment["secret"])
    told = await phone.do("ConfirmSecondFactor", enrolmentId=enrolment["id"], response=await app.code())
    assert told["__typename"] == "User", told
    return app


async def with_passkey(phone: Phone) -> Passkey:
    enrolment, passkey = await enrol(phone, "PASSKEY"), Passkey()
    told = await phone.do(
        "ConfirmSecondFactor", enrolmentId=enrolment["id"], response=passkey.create(enrolment["options"])
    )
    assert told["__typename"] == "User", told
    return passkey


async def step_up(phone: Phone, kind: str, response: str) -> Answer:
    return await phone.do("StepUp", kind=kind, response=response)


async def options(phone: Phone) -> str:
    return str((await phone.ask(OPTIONS))["viewer"]["stepUpOptions"])


async def half_signed_in(phone: Phone) -> Answer:
    """What a code alone brings."""
    id = await phone.ask_for_code()
    input = {"challengeId": id, "code": await code_for(id), "deviceName": "another", "idempotencyKey": new_key()}
    phone.session = {}
    return dict((await phone.ask(REQUIRED, input=input))["signIn"])


async def answer(phone: Phone, half: Answer, kind: str, response: str, key: str | None = None) -> Answer:
    return await phone.do(
        "AnswerSecondFactor",
        challengeId=half["challengeId"],
        kind=kind,
        response=response,
        deviceName="another",
        idempotencyKey=key or new_key(),
    )


async def is_stepped_up(phone: Phone) -> bool:
    """Whether what matters is let through: whoever has a factor may set up another only then."""
    return bool((await enrol(phone, "PASSKEY"))["__typename"] == "SecondFactorEnrolment")


async def test_an_app_signs_in_further_and_a_code_of_it_works_once(member: Phone, web: httpx2.AsyncClient) -> None:
    enrolment = await enrol(member, "TOTP", key := new_key())
    assert (await enrol(member, "TOTP", key))["secret"] == enrolment["secret"]
    assert enrolment["options"] is None and member.number[-8:] not in enrolment["secret"]
    app = Authenticator(enrolment["secret"])
    wrong = await member.do("ConfirmSecondFactor", enrolmentId=enrolment["id"], response="000000")
    assert (wrong["code"], wrong["field"]) == ("CODE_WRONG", ["input", "response"])
    confirmed = {"enrolmentId": enrolment["id"], "response": await app.code()}
    for _ in range(2):
        assert (await member.do("ConfirmSecondFactor", **confirmed))["__typename"] == "User"
    other = Phone(web, member.number)
    half = await half_signed_in(other)
    assert (half["__typename"], half["methods"], half["options"]) == ("SecondFactorRequired", ["TOTP"], None)
    assert (await answer(other, half, "TOTP", confirmed["response"]))["code"] == "CODE_WRONG"
    assert (await answer(other, half, "PASSKEY", "{}"))["code"] == "CODE_WRONG"
    said, key = await app.code(), new_key()
    session = await answer(other, half, "TOTP", said, key)
    assert session["__typename"] == "Session"
    assert (await answer(other, half, "TOTP", said, key))["id"] == session["id"]
    assert (await answer(other, half, "TOTP", await app.code()))["code"] == "CODE_EXPIRED"


async def test_step_up_is_five_minutes_of_one_session(member: Phone, web: httpx2.AsyncClient, clock: Clock) -> None:
    app, other = await with_app(member), Phone(web, member.number)
    other.session = await answer(other, await half_signed_in(other), "TOTP", await app.code())
    assert not await is_stepped_up(member)
    until = await step_up(member, "TOTP", said := await app.code())
    left = datetime.fromisoformat(until["until"]) - await clock.now()
    assert timedelta(minutes=4, seconds=50) < left <= timedelta(minutes=5)
    assert (await is_stepped_up(member), await is_stepped_up(other)) == (True, False)
    assert (await step_up(other, "TOTP", said))["code"] == "CODE_WRONG"
    await clock.forward(minutes=4, seconds=55)
    assert await is_stepped_up(member)
    await clock.forward(seconds=6)
    assert not await is_stepped_up(member)


async def test_a_passkey_steps_up_this_session_once_a_signature(
    member: Phone, new_phone: NewPhone, web: httpx2.AsyncClient
) -> None:
    passkey, thief = await with_passkey(member), Passkey()
    stranger = await new_phone()
    await stranger.sign_in()
    assert await options(stranger) == "None"
    asked = await options(member)
    for response in (
        thief.sign(asked),
        passkey.sign(asked, origin="https://evil.example"),
        json.dumps({**json.loads(passkey.sign(asked)), "id": "AAAA"}),
        *("", "{}", "[]", "null", '{"id": 1}', "x" * 16_001),
    ):
        assert (await step_up(member, "PASSKEY", response))["code"] == "CODE_WRONG", response[:50]
    assert (await step_up(stranger, "PASSKEY", passkey.sign(asked)))["code"] == "NOT_ALLOWED"


async def test_a_signature_is_of_one_session_and_of_one_time(member: Phone, web: httpx2.AsyncClient) -> None:
    passkey, other = await with_passkey(member), Phone(web, member.number)
    half = await half_signed_in(other)
    assert half["methods"] == ["PASSKEY"]
    other.session = await answer(other, half, "PASSKEY", passkey.sign(half["options"]))
    assert other.session["__typename"] == "Session", other.session
    asked = await options(member)
    assert (await step_up(other, "PASSKEY", passkey.sign(asked)))["code"] == "CODE_WRONG"
    signed = passkey.sign(asked)
    answers = await asyncio.gather(*(step_up(member, "PASSKEY", signed) for _ in range(4)))
    assert sorted(told["__typename"] for told in answers) == ["Refused"] * 3 + ["SteppedUp"]
    assert await options(member) != asked
    passkey.count = 0  # a copy of the key counts by itself
    assert (await step_up(member, "PASSKEY", passkey.sign(await options(member))))["code"] == "CODE_WRONG"
    passkey.count, passkey.flags = 99, 0x01  # present, and not verified
    assert (await step_up(member, "PASSKEY", passkey.sign(await options(member))))["code"] == "CODE_WRONG"


async def test_an_authenticator_that_never_counts_is_as_good(member: Phone) -> None:
    passkey = Passkey(count=-1)
    enrolment = await enrol(member, "PASSKEY")
    made = {"enrolmentId": enrolment["id"], "response": passkey.create(enrolment["options"])}
    assert (await member.do("ConfirmSecondFactor", **made))["__typename"] == "User"
    for _ in range(2):
        passkey.count = -1
        assert (await step_up(member, "PASSKEY", passkey.sign(await options(member))))["__typename"] == "SteppedUp"


async def test_luck_is_counted(member: Phone, web: httpx2.AsyncClient, clock: Clock) -> None:
    app = await with_app(member)
    right = await app.code()
    answers = await asyncio.gather(*(step_up(member, "TOTP", f"{turn:06}") for turn in range(12)))
    codes = [told["code"] for told in answers]
    assert (codes.count("CODE_WRONG"), codes.count("RATE_LIMITED")) == (10, 2)
    assert (await step_up(member, "TOTP", right))["code"] == "RATE_LIMITED"
    other = Phone(web, member.number)
    for turn in range(4):
        half = await half_signed_in(other)
        codes = [(await answer(other, half, "TOTP", f"{guess:06}"))["code"] for guess in range(6)]
        assert codes == ["CODE_WRONG"] * 5 + ["CODE_EXPIRED"], turn
    half = await half_signed_in(other)
    assert (await answer(other, half, "TOTP", right))["code"] == "RATE_LIMITED"
    await clock.forward(days=1, seconds=1)
    half = await half_signed_in(other)
    assert (await answer(other, half, "TOTP", right))["__typename"] == "Session"


async def test_an_enrolment_is_over_in_time_and_after_five_guesses(member: Phone, clock: Clock) -> None:
    first = await enrol(member, "TOTP")
    guesses = [await member.do("ConfirmSecondFactor", enrolmentId=first["id"], response="1") for _ in range(6)]
    assert [told["code"] for told in guesses] == ["CODE_WRONG"] * 5 + ["CODE_EXPIRED"]
    second = await enrol(member, "TOTP")
    assert (await member.do("ConfirmSecondFactor", enrolmentId=first["id"], response="1"))["code"] == "NOT_FOUND"
    await clock.forward(minutes=10)
    app = Authenticator(second["secret"])
    late = await member.do("ConfirmSecondFactor", enrolmentId=second["id"], response=await app.code())
    assert late["code"] == "CODE_EXPIRED"
    assert not await held(member)


async def held(phone: Phone) -> list[Any]:
    mine = select(SecondFactor.kind).where(
        SecondFactor.user_id == phone.user_id, SecondFactor.confirmed_at.is_not(None)
    )
    async with reading() as db:
        return list((await db.execute(mine)).scalars())


async def test_nobody_elses_enrolment_is_found(member: Phone, new_phone: NewPhone) -> None:
    other = await new_phone()
    await other.sign_in()
    enrolment = await enrol(member, "TOTP")
    app = Authenticator(enrolment["secret"])
    stolen = await other.do("ConfirmSecondFactor", enrolmentId=enrolment["id"], response=await app.code())
    assert (stolen["code"], await held(other), await held(member)) == ("NOT_FOUND", [], [])
    assert (await enrol(member, "IDENTITY"))["code"] == (await enrol(member, "CODE"))["code"] == "NOT_ALLOWED"


async def test_an_old_session_sets_nothing_up_without_a_code_to_the_phone(
    member: Phone, web: httpx2.AsyncClient, clock: Clock
) -> None:
    await clock.forward(days=1, seconds=1)
    await member.renew()
    assert (await enrol(member, "TOTP"))["code"] == "STEP_UP_REQUIRED"
    assert (await step_up(member, "CODE", "000000"))["code"] == "CODE_EXPIRED"
    for number, purpose, code in (
        (member.number[:-1] + str((int(member.number[-1]) + 1) % 10), "STEP_UP", "NOT_ALLOWED"),
        (member.number, "CHANGE_PHONE", "NOT_ALLOWED"),
    ):
        assert (await member.do("RequestPhoneCode", phone=number, purpose=purpose))["code"] == code
    visitor = Phone(web, member.number)
    assert (await visitor.do("RequestPhoneCode", phone=member.number, purpose="STEP_UP"))["code"] == "NOT_ALLOWED"
    asked = await member.do("RequestPhoneCode", phone=member.number, purpose="STEP_UP")
    # It opens no session, and steps up none but its own.
    assert (await visitor.answer(asked["id"]))["code"] == "CODE_EXPIRED"
    other = Phone(web, member.number)
    await other.sign_in()
    assert (await step_up(other, "CODE", await code_for(asked["id"])))["code"] == "CODE_EXPIRED"
    assert (await step_up(member, "CODE", await code_for(asked["id"])))["__typename"] == "SteppedUp"
    assert (await step_up(member, "CODE", await code_for(asked["id"])))["code"] == "CODE_EXPIRED"
    await with_app(member)
    again = await member.do("RequestPhoneCode", phone=member.number, purpose="STEP_UP")
    assert (await step_up(member, "CODE", await code_for(again["id"])))["code"] == "NOT_ALLOWED"


async def test_a_number_that_slept_opens_nothing_by_a_code_alone(
    member: Phone, web: httpx2.AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(Attestation.YES)
    for place in ("verifying", "recovering"):
        monkeypatch.setattr(f"integrations.{place}.register", lambda: asked)
    number = new_id_number()
    await verify(member, number)
    user_id = member.user_id
    await clock.forward(days=89, hours=23)
    assert (await half_signed_in(Phone(web, member.number)))["__typename"] == "Session"
    await clock.forward(days=90)
    other = Phone(web, member.number)
    half = await half_signed_in(other)
    assert (half["__typename"], half["methods"]) == ("SecondFactorRequired", ["IDENTITY"])
    assert (await answer(other, half, "IDENTITY", f"韩梅梅 {number}"))["code"] == "CODE_WRONG"
    asked.answer = RegisterAway("no_answer")
    assert (await answer(other, half, "IDENTITY", f"李雷 {number}"))["code"] == "PROVIDER_UNAVAILABLE"
    asked.answer = Attestation.NO  # the carrier knows somebody else by this number
    assert (await answer(other, half, "IDENTITY", f"李雷 {number}"))["code"] == "PROVIDER_REFUSED"
    asked.answer = Attestation.YES
    session = await answer(other, half, "IDENTITY", f"李雷 {number.lower()}")
    other.session = session | {"viewer": (await Phone(web).ask("{ viewer { id } }"))["viewer"]}
    assert uuid_of((await other.ask("{ viewer { id } }"))["viewer"]["id"]) == user_id


async def test_recovery_is_counted(member: Phone, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await verify(member, number := new_id_number())
    await with_app(member)
    half = await half_signed_in(other := Phone(web, member.number))
    assert half["methods"] == ["TOTP", "IDENTITY"]
    codes = [(await answer(other, half, "IDENTITY", "李雷 1"))["code"] for _ in range(4)]
    assert codes == ["CODE_WRONG"] * 3 + ["RATE_LIMITED"]
    half = await half_signed_in(other)
    assert (await answer(other, half, "IDENTITY", f"李雷 {number}"))["code"] == "RATE_LIMITED"


async def test_who_recovered_has_no_other_factor_for_a_day_and_whoever_still_has_one_keeps_it(
    member: Phone, web: httpx2.AsyncClient, clock: Clock
) -> None:
    await verify(member, number := new_id_number())
    app, other = await with_app(member), Phone(web, member.number)
    other.session = await answer(other, await half_signed_in(other), "IDENTITY", f"李雷 {number}")
    assert other.session["__typename"] == "Session"
    assert not await is_stepped_up(other)
    assert (await step_up(member, "TOTP", await app.code()))["__typename"] == "SteppedUp"
    await clock.forward(days=1, seconds=1)
    half = await half_signed_in(Phone(web, member.number))
    assert half["methods"] == ["TOTP", "IDENTITY"]
    again = Phone(web, member.number)
    again.session = await answer(again, await half_signed_in(again), "IDENTITY", f"李雷 {number}")
    await clock.forward(days=1, seconds=1)
    assert (await half_signed_in(Phone(web, member.number)))["__typename"] == "Session"


async def owner_of(number: str) -> Any:
    from domain.people import phones, users

    async with reading() as db:
        user = await users.find_by_phone(db, phones.index(number))
        return user and user.id


async def test_a_recycled_number_begins_afresh_and_nothing_follows_it(shopper: Phone, web: httpx2.AsyncClient) -> None:
    former, number = shopper.user_id, shopper.number
    elsewhere = Phone(web, number)
    await elsewhere.sign_in()
    told = await elsewhere.send("ReportRecycledNumber")
    assert (told["__typename"], uuid_of(told["sessionId"])) == ("SignedOut", uuid_of(elsewhere.session["id"]))
    for session in (shopper, elsewhere):
        assert await session.error("{ viewer { id } }") == (401, "SESSION_ENDED")
    for session in (shopper, elsewhere):
        token = session.session["refreshToken"]
        refused = await session.do("RefreshSession", refreshToken=token, idempotencyKey=new_key())
        assert (refused["code"], refused["message"]) == (
            "SESSION_ENDED",
            "This account was put away: its phone number opens another one now. Sign in with the number that you have now and "
            "verify your identity, and your earlier account is yours again. If you never verified it, write to us.",
        )
    assert await owner_of(number) is None
    async with reading() as db:
        assert (await db.get_one(User, former)).status == "RESTRICTED"
    new = Phone(web, number)
    await new.sign_in()
    assert new.user_id != former
    viewer = (await new.ask("{ viewer { linkedAccounts { id } applications { totalCount } score { grade } } }"))[
        "viewer"
    ]
    assert viewer == {"linkedAccounts": [], "applications": {"totalCount": 0}, "score": None}


async def test_a_stolen_session_puts_nothing_away(member: Phone, clock: Clock) -> None:
    await clock.forward(days=1, seconds=1)
    await member.renew()
    assert (await member.send("ReportRecycledNumber"))["code"] == "STEP_UP_REQUIRED"
    assert await owner_of(member.number) == member.user_id
    await member.ask("{ viewer { id } }")
    asked = await member.do("RequestPhoneCode", phone=member.number, purpose="STEP_UP")
    assert (await step_up(member, "CODE", await code_for(asked["id"])))["__typename"] == "SteppedUp"
    assert (await member.send("ReportRecycledNumber"))["__typename"] == "SignedOut"
    assert await owner_of(member.number) is None


async def test_whoever_proved_to_be_the_owner_is_nobody_new(member: Phone, web: httpx2.AsyncClient) -> None:
    app, other = await with_app(member), Phone(web, member.number)
    other.session = await answer(other, await half_signed_in(other), "TOTP", await app.code())
    assert (await other.send("ReportRecycledNumber"))["code"] == "NOT_ALLOWED"
    assert await owner_of(member.number) == member.user_id


async def reassigned(phone: Phone, by_now: Any) -> None:
    async with transaction() as db:
        mine = update(KnownPhone).where(KnownPhone.user_id == phone.user_id)
        await db.execute(mine.values(reassigned_at=by_now))


async def test_a_number_that_a_carrier_gave_away_is_the_new_owners(
    member: Phone, new_phone: NewPhone, web: httpx2.AsyncClient, clock: Clock
) -> None:
    kept = await new_phone()
    await kept.sign_in()
    await verify(kept, new_id_number())
    for phone in (member, kept):
        await reassigned(phone, await clock.now())
    assert (await half_signed_in(Phone(web, kept.number)))["methods"] == ["IDENTITY"]
    new = Phone(web, member.number)
    await new.sign_in()
    assert new.user_id != member.user_id
    assert await member.error("{ viewer { id } }") == (401, "SESSION_ENDED")


async def test_carriers_are_asked_of_a_number_that_was_not_in_use(clock: Clock, web: httpx2.AsyncClient) -> None:
    phone = Phone(web, f"+86138{'99990000'}")
    await phone.sign_in()
    await flagged_after(phone, False)
    await clock.forward(days=30, seconds=1)
    await flagged_after(phone, True)
    first = phone.user_id
    await phone.sign_in()
    assert phone.user_id != first


async def flagged_after(phone: Phone, flagged: bool) -> None:
    from infra.outbox import Event
    from integrations.reassigned import look_for_a_new_owner

    id = uuid_of(await phone.ask_for_code())
    async with reading() as db:
        event = (await db.execute(select(Event).where(Event.subject_id == id))).scalar_one()
    await look_for_a_new_owner(event)
    async with reading() as db:
        seen = select(KnownPhone.reassigned_at).where(KnownPhone.user_id == phone.user_id)
        assert ((await db.execute(seen)).scalar_one() is not None) == flagged


def test_a_house_at_a_bare_address_is_localhost() -> None:
    assert passkeys.host() == "localhost" and passkeys.origins()[0].startswith("http://localhost:")


async def test_a_half_answer_is_no_failure(member: Phone) -> None:
    await with_app(member)
    half = await half_signed_in(member)
    async with reading() as db:
        row = await db.get_one(Challenge, uuid_of(half["challengeId"]))
        failed = select(func.count()).where(
            Challenge.phone_index == row.phone_index, Challenge.answered_at.is_(None), Challenge.half_at.is_(None)
        )
        assert (await db.execute(failed)).scalar_one() == 0
    assert row.half_at and row.expires_at - row.half_at == second_signing.LASTS


async def test_whose_account_went_with_their_number_has_it_again_by_their_identity(
    shopper: Phone, web: httpx2.AsyncClient, new_phone: NewPhone
) -> None:
    await verify(shopper, number := new_id_number())
    former, stranger = shopper.user_id, Phone(web, shopper.number)
    await stranger.sign_in()
    assert (await stranger.send("ReportRecycledNumber"))["__typename"] == "SignedOut"
    await stranger.sign_in()
    back = await new_phone()
    await back.sign_in()
    assert (await verify(back, number))["code"] == "SESSION_ENDED"
    assert await back.error("{ viewer { id } }") == (401, "SESSION_ENDED")
    await back.sign_in()
    assert back.user_id == former
    assert len((await back.ask("{ viewer { linkedAccounts { id } } }"))["viewer"]["linkedAccounts"]) == 3
    assert await owner_of(stranger.number) == stranger.user_id != former
    async with reading() as db:
        user = await db.get_one(User, former)
        assert (user.status, user.put_away_at) == ("ACTIVE", None)


async def test_what_has_ended_stays_so_and_makes_room(member: Phone) -> None:
    await with_app(member)
    its = SecondFactor.user_id == member.user_id
    async with transaction() as db:
        await db.execute(update(SecondFactor).where(its).values(ends_at=SecondFactor.confirmed_at))
        await second_factors.keep_all(db, member.user_id)
    async with reading() as db:
        (ended,) = (await db.execute(select(SecondFactor).where(its))).scalars()
    assert ended.ends_at == ended.confirmed_at
    await with_app(member)
    async with reading() as db:
        (new,) = (await db.execute(select(SecondFactor).where(its))).scalars()
    assert (new.id != ended.id, new.ends_at) == (True, None)


async def test_two_that_are_begun_at_once_are_one_after_the_other(member: Phone) -> None:
    begun = await asyncio.gather(*(enrol(member, "TOTP") for _ in range(4)))
    assert {told["__typename"] for told in begun} == {"SecondFactorEnrolment"}
    async with reading() as db:
        pending = select(func.count()).where(SecondFactor.user_id == member.user_id)
        assert (await db.execute(pending)).scalar_one() == 1


async def test_luck_is_counted_of_all_sessions_together(
    member: Phone, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, other = await with_app(member), Phone(web, member.number)
    other.session = await answer(other, await half_signed_in(other), "TOTP", await app.code())
    monkeypatch.setattr(confirming, "PER_PERSON", Rate(times=12, seconds=86_400))
    codes = [(await step_up(member, "TOTP", f"{guess:06}"))["code"] for guess in range(10)]
    codes += [(await step_up(other, "TOTP", f"{guess:06}"))["code"] for guess in range(3)]
    assert codes == ["CODE_WRONG"] * 12 + ["RATE_LIMITED"]


REMOVE = """mutation ($input: RemoveSecondFactorInput!) { removeSecondFactor(input: $input) { __typename
    ... on User { secondFactors { id kind endsAt } } ... on Refusal { code } } }"""


async def test_one_is_removed_by_whoever_stepped_up_and_nobody_else(
    member: Phone, new_phone: NewPhone, web: httpx2.AsyncClient
) -> None:
    app, other = await with_app(member), await new_phone()
    await other.sign_in()
    ((factor,),) = [(await member.ask("{ viewer { secondFactors { id kind endsAt } } }"))["viewer"]["secondFactors"]]
    assert (factor["kind"], factor["endsAt"]) == ("TOTP", None)

    async def remove(phone: Phone, id: str) -> Answer:
        return dict((await phone.ask(REMOVE, input={"secondFactorId": id}))["removeSecondFactor"])

    assert (await remove(other, factor["id"]))["code"] == "NOT_FOUND"
    assert (await remove(member, "nonsense"))["code"] == "NOT_FOUND"
    assert (await remove(member, factor["id"]))["code"] == "STEP_UP_REQUIRED"
    assert await held(member) == ["TOTP"]
    assert (await step_up(member, "TOTP", await app.code()))["__typename"] == "SteppedUp"
    for _ in range(2):
        assert await remove(member, factor["id"]) == {"__typename": "User", "secondFactors": []}
    removed = select(Event.name).where(Event.user_id == member.user_id, Event.name == second_factors.REMOVED)
    async with reading() as db:
        assert len((await db.execute(removed)).all()) == 1
    assert (await half_signed_in(Phone(web, member.number)))["__typename"] == "Session"
