"""A new number: by whoever stepped up and has it, once a day, and the old one can stop it for that day."""

import asyncio
from datetime import datetime, timedelta

import httpx2
import pytest
from sqlalchemy import select, text

from domain.people import challenges, changing_phone, code_limits, phones
from domain.people.challenges import Challenge, CodePurpose
from domain.people.users import User, UserStatus
from infra.clock import now
from infra.database import reading, transaction
from infra.outbox import Event
from infra.setting_parts import Rate
from tests.api.app.test_identity import new_id_number, profile, verify
from tests.api.app.test_second_factors import half_signed_in, owner_of, step_up, with_app, with_passkey
from tests.clocks import Clock
from tests.patience import until
from tests.phones import Answer, NewPhone, Phone, code_for, new_key, new_number, uuid_of

STOP = """mutation ($input: StopPhoneChangeInput!) { stopPhoneChange(input: $input) { __typename
    ... on PhoneChangeStopped { maskedPhone } ... on Refusal { code message } } }"""


@pytest.fixture(autouse=True)
def many_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """All who ask here ask from one network."""
    monkeypatch.setattr(changing_phone, "STOPS_PER_NETWORK", Rate(times=1_000, seconds=86_400))


async def code_to(phone: Phone, number: str) -> str:
    asked = await phone.do("RequestPhoneCode", phone=number, purpose="CHANGE_PHONE")
    assert asked["__typename"] == "Challenge", asked
    return str(asked["id"])


async def change(phone: Phone, challenge: str, code: str | None = None, key: str | None = None) -> Answer:
    said = code if code is not None else await code_for(challenge)
    return await phone.do("ChangePhone", challengeId=challenge, code=said, idempotencyKey=key or new_key())


async def stop(phone: Phone, number: str, code: str) -> Answer:
    return dict((await phone.ask(STOP, input={"phone": number, "code": code}))["stopPhoneChange"])


async def stop_code(number: str) -> str:
    told = select(Challenge).where(
        Challenge.phone_index == phones.index(number), Challenge.purpose == CodePurpose.STOP_CHANGE
    )
    async with reading() as db:
        return challenges.code_of((await db.execute(told)).scalar_one())


async def stepped_up(phone: Phone) -> None:
    app = await with_app(phone)
    assert (await step_up(phone, "TOTP", await app.code()))["__typename"] == "SteppedUp"


async def test_whoever_stepped_up_takes_a_number_and_the_old_one_stops_it(
    member: Phone, web: httpx2.AsyncClient, new_phone: NewPhone, clock: Clock
) -> None:
    old, new, visitor = member.number, new_number(), Phone(web)
    challenge = await code_to(member, new)
    assert (await change(member, challenge))["code"] == "STEP_UP_REQUIRED"
    assert (await visitor.answer(challenge))["code"] == "CODE_EXPIRED"  # it signs nobody in
    await stepped_up(member)
    assert (await change(member, challenge, "000000"))["code"] == "CODE_WRONG"
    key = new_key()
    taps = await asyncio.gather(*(change(member, challenge, None, key) for _ in range(2)))
    assert [told["maskedPhone"] for told in taps] == [f"+86 {new[3:6]}****{new[-4:]}"] * 2
    assert (await owner_of(old), await owner_of(new)) == (None, member.user_id)
    # Nobody outruns the old number's no, and nobody takes that number meanwhile.
    assert (await change(member, await code_to(member, new_number())))["code"] == "NOT_OPEN"
    gone = await visitor.ask_for_code() if visitor.number == old else (await Phone(web, old).ask_for_code())
    assert (await Phone(web, old).answer(gone))["code"] == "NOT_OPEN"
    other = await new_phone()
    await other.sign_in()
    await stepped_up(other)
    assert (await change(other, await code_to(other, old)))["code"] == "NOT_ALLOWED"
    assert (await stop(visitor, old, "0000000"))["code"] == "CODE_WRONG"
    # Nobody learns which number was changed: of a number that was not, and of one that nobody has, it is told the same.
    nobodys = [await stop(visitor, number, await stop_code(old)) for number in (new, new_number())]
    assert nobodys == [await stop(visitor, old, "0000000")] * 2
    stopped = await stop(visitor, old, await stop_code(old))
    assert stopped == {"__typename": "PhoneChangeStopped", "maskedPhone": f"+86 {old[3:6]}****{old[-4:]}"}
    assert (await owner_of(old), await owner_of(new)) == (member.user_id, None)
    assert await member.error("{ viewer { id } }") == (401, "SESSION_ENDED")
    assert (await stop(visitor, old, await stop_code(old)))["code"] == "CODE_WRONG"


async def test_a_day_later_it_stays_and_the_old_number_is_anybodys(
    member: Phone, web: httpx2.AsyncClient, clock: Clock
) -> None:
    old, first = member.number, member.user_id
    await stepped_up(member)
    assert (await change(member, await code_to(member, new_number())))["__typename"] == "User"
    await clock.forward(days=1, seconds=1)
    assert (await stop(Phone(web), old, await stop_code(old)))["code"] == "CODE_WRONG"
    afresh = Phone(web, old)
    await afresh.sign_in()
    assert afresh.user_id != first


async def test_a_number_with_an_account_and_another_sessions_code_are_refused(
    member: Phone, new_phone: NewPhone
) -> None:
    other = await new_phone()
    await other.sign_in()
    await stepped_up(member)
    assert (await change(member, await code_to(member, other.number)))["code"] == "NOT_ALLOWED"
    assert (await change(member, await code_to(other, new_number())))["code"] == "CODE_EXPIRED"
    assert await owner_of(member.number) == member.user_id


async def test_the_old_number_is_told_by_text_with_the_code(member: Phone, web: httpx2.AsyncClient) -> None:
    from integrations.tasks import _message

    await stepped_up(member)
    await change(member, await code_to(member, new_number()))
    code = await stop_code(member.number)
    told = select(Challenge).where(
        Challenge.phone_index == phones.index(member.number), Challenge.purpose == CodePurpose.STOP_CHANGE
    )
    async with reading() as db:
        message = _message((await db.execute(told)).scalar_one())
    assert (message.to, message.code, message.minutes, message.stops_change) == (member.number, code, 1440, True)
    assert message.body.startswith("Your Longan account has a new number.") and code in message.body


async def changed(phone: Phone) -> None:
    await stepped_up(phone)
    assert (await change(phone, await code_to(phone, new_number())))["__typename"] == "User"


async def test_no_stranger_uses_up_the_owners_tries(
    member: Phone, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, stranger, owner = member.number, Phone(web), Phone(web)
    await changed(member)
    monkeypatch.setattr(changing_phone, "STOPS_PER_NETWORK", Rate(times=7, seconds=86_400))
    for _ in range(7):
        assert (await stop(stranger, old, "0000000"))["code"] == "CODE_WRONG"
    assert (await stop(stranger, old, "0000000"))["code"] == "RATE_LIMITED"
    monkeypatch.setattr(changing_phone, "STOPS_PER_NETWORK", Rate(times=1_000, seconds=86_400))  # from elsewhere
    assert (await stop(owner, old, await stop_code(old)))["__typename"] == "PhoneChangeStopped"
    assert await owner_of(old) == member.user_id


async def test_a_stop_takes_away_what_was_set_up_behind_the_change(member: Phone, web: httpx2.AsyncClient) -> None:
    old = member.number
    await changed(member)
    await with_passkey(member)
    assert (await stop(Phone(web), old, await stop_code(old)))["__typename"] == "PhoneChangeStopped"
    assert (await half_signed_in(Phone(web, old)))["__typename"] == "Session"


async def test_a_stop_opens_an_account_that_was_put_away_meanwhile(member: Phone, web: httpx2.AsyncClient) -> None:
    old, owner_id = member.number, member.user_id
    await changed(member)
    await member.send("ReportRecycledNumber")
    assert (await stop(Phone(web), old, await stop_code(old)))["__typename"] == "PhoneChangeStopped"
    async with reading() as db:
        user = await db.get_one(User, owner_id)
    assert (user.status, user.put_away_at, await owner_of(old)) == (UserStatus.ACTIVE, None, owner_id)


async def test_whoever_signs_in_meanwhile_is_done_before_an_account_is_put_away(member: Phone) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

    async def somebody_waits() -> bool:
        async with reading() as db:
            return bool((await db.execute(waiting)).scalar_one())

    async with transaction() as db:
        await code_limits.one_at_a_time(db, phones.index(member.number))
        reporting = asyncio.create_task(member.send("ReportRecycledNumber"))
        await until(somebody_waits)
        assert not reporting.done() and await owner_of(member.number) == member.user_id
    assert (await reporting)["__typename"] == "SignedOut"
    assert await owner_of(member.number) is None


async def test_nobody_is_fixed_as_the_person_while_the_change_can_be_stopped(member: Phone, clock: Clock) -> None:
    await changed(member)
    number = new_id_number()
    assert (await verify(member, number))["code"] == "NOT_OPEN"
    assert (await profile(member))["identity"] == "UNCHECKED"
    await clock.forward(days=1, seconds=1)
    await member.renew()
    assert (await verify(member, number))["__typename"] == "User"


async def test_the_code_is_sent_to_the_old_number_again_and_to_no_other(
    member: Phone, web: httpx2.AsyncClient, clock: Clock
) -> None:
    old, visitor = member.number, Phone(web)
    before = await asked_for(old)
    await changed(member)
    assert await asked_for(old) == before  # nobody learns from how many more are sent that it was changed
    first = await stop_code(old)
    asked = [await ask_again(visitor, number) for number in (old, visitor.number)]
    assert [told["__typename"] for told in asked] == ["Challenge"] * 2
    lasts = [datetime.fromisoformat(told["expiresAt"]) - await clock.now() for told in asked]
    assert all(timedelta(minutes=4) < each <= challenges.LASTS for each in lasts)
    sent = select(Event.subject_id).where(Event.name == challenges.CREATED)
    async with reading() as db:
        ids = [uuid_of(told["id"]) for told in asked]
        assert set((await db.execute(sent.where(Event.subject_id.in_(ids)))).scalars()) == {ids[0]}
    again = await code_for(asked[0]["id"])
    assert (await visitor.answer(asked[0]["id"], again))["code"] == "CODE_EXPIRED"  # it signs nobody in
    await clock.forward(minutes=5)
    if again != first:
        assert (await stop(visitor, old, again))["code"] == "CODE_WRONG"
    assert (await stop(visitor, old, await code_for((await ask_again(visitor, old))["id"])))["__typename"] == STOPPED
    assert (await stop(visitor, old, first))["code"] == "CODE_WRONG"
    assert await owner_of(old) == member.user_id


async def asked_for(number: str) -> int:
    async with reading() as db:
        return len(await code_limits._asked(db, phones.index(number), await now(db)))


STOPPED = "PhoneChangeStopped"
AGAIN = """mutation ($input: RequestPhoneCodeInput!) { requestPhoneCode(input: $input) { __typename
    ... on Challenge { id expiresAt } ... on Refusal { code } } }"""


async def ask_again(phone: Phone, number: str) -> Answer:
    said = {"phone": number, "purpose": "STOP_CHANGE"}
    return dict((await phone.ask(AGAIN, input=said))["requestPhoneCode"])
