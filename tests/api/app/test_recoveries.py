"""Recovering by identity, attacked: whoever has the phone and a copy of the id card looks, changes nothing, and is put out."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx2
import pytest
from graphql import OperationType
from sqlalchemy import func, select

from api.app.schema import schema
from api.graphql.requiring import AskFirst, root_fields_of
from domain.actors import UserActor
from domain.notices.deliveries import Delivery
from domain.notices.notices import Notice
from domain.notices.preferences import ContactPreference
from domain.people import code_limits, gates, phones, putting_away, second_signing, stepping_up
from domain.people.challenges import Challenge
from domain.people.second_factors import SecondFactor
from domain.people.sessions import Session
from domain.people.users import User
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.money import Money
from infra.setting_parts import Rate
from integrations import recovering
from integrations.register.answers import Attestation, Resident
from tests.api.app.test_devices import device_of, devices
from tests.api.app.test_identity import new_id_number, verify
from tests.api.app.test_second_factors import (
    Authenticator,
    answer,
    enrol,
    half_signed_in,
    options,
    step_up,
    with_app,
    with_passkey,
)
from tests.clocks import Clock
from tests.phones import Answer, Phone, new_key, uuid_of

LOOK = "{ viewer { id devices { id } } }"
OPEN_TO_ALL = {
    "answerSecondFactor",
    "refreshSession",
    "reportRecycledNumber",  # refuses whoever proved to be the owner
    "requestPhoneCode",
    "signIn",
    "stopPhoneChange",
}


class Owner:
    """A person with an app who is signed in; and a thief who has their phone and a copy of their id card."""

    def __init__(self, phone: Phone, number: str, app: Authenticator) -> None:
        self.phone, self.number, self.app = phone, number, app

    async def recovered(self, web: httpx2.AsyncClient) -> Phone:
        thief = Phone(web, self.phone.number)
        session = await answer(thief, await half_signed_in(thief), "IDENTITY", f"李雷 {self.number}")
        assert session["__typename"] == "Session", session
        thief.session = session | {"viewer": self.phone.session["viewer"]}
        return thief


@pytest.fixture
async def owner(member: Phone) -> Owner:
    await verify(member, number := new_id_number())
    return Owner(member, number, await with_app(member))


async def ends_at(phone: Phone) -> list[datetime | None]:
    its = select(SecondFactor.ends_at).where(
        SecondFactor.user_id == phone.user_id, SecondFactor.confirmed_at.is_not(None)
    )
    async with reading() as db:
        return list((await db.execute(its)).scalars())


async def test_whoever_recovered_changes_nothing_for_a_day(owner: Owner, web: httpx2.AsyncClient, clock: Clock) -> None:
    thief = await owner.recovered(web)
    (until,) = await ends_at(owner.phone)
    assert until is not None and timedelta(hours=23) < until - await clock.now() <= timedelta(hours=24)
    assert {each["id"] for each in (await thief.ask(LOOK))["viewer"]["devices"]} == {
        device_of(owner.phone),
        device_of(thief),
    }
    for refused in (
        await thief.do("SetContactPreferences", quietFrom="00:00", quietUntil="23:59"),
        await thief.do("ReadNotices", until="2100-01-01T00:00:00Z"),
        await thief.do("RegisterPush", platform="FCM", token="a-thiefs-token"),
        await thief.do("UpdateProfile", occupation="thief"),
        await enrol(thief, "PASSKEY"),
        await step_up(thief, "TOTP", await owner.app.code()),
    ):
        assert refused["code"] == "NOT_OPEN"
    assert (await thief.send("ReportRecycledNumber"))["code"] == "NOT_ALLOWED"
    refused = await thief.do("EndDevice", deviceId=device_of(owner.phone))
    assert (refused["code"], len(await devices(owner.phone))) == ("NOT_OPEN", 2)
    await clock.forward(days=1, seconds=1)
    await thief.renew()
    assert (await enrol(thief, "TOTP"))["__typename"] == "Refused"  # an old session steps up first, as any
    assert (await thief.do("EndDevice", deviceId=device_of(owner.phone)))["__typename"] == "Device"


def test_every_mutation_waits_that_does_not_say_otherwise() -> None:
    until = datetime(2026, 1, 1, tzinfo=UTC)
    context = SimpleNamespace(actor=UserActor(new_id(), new_id(), until), locale="en")
    asked = SimpleNamespace(
        context=context,
        operation=SimpleNamespace(operation=OperationType.MUTATION),
        path=SimpleNamespace(prev=None),
    )
    goes_on = set()
    for kind, name, field in root_fields_of(schema()):
        if kind == "mutation":
            (asking,) = [each for each in field.extensions if isinstance(each, AskFirst)]
            waits = asking.wait(asked)
            assert waits is None or (waits.code, waits.retry_at) == ("NOT_OPEN", until)
            goes_on |= set() if waits else {name}
    assert goes_on == {*OPEN_TO_ALL, "endDevice", "repay", "signOut"}


async def test_whoever_has_the_factor_keeps_it_and_puts_out_who_came_without(
    owner: Owner, web: httpx2.AsyncClient, clock: Clock
) -> None:
    thieves = [await owner.recovered(web) for _ in range(2)]
    newer = Phone(web, owner.phone.number)
    newer.session = await answer(newer, await half_signed_in(newer), "TOTP", await owner.app.code())
    assert newer.session["__typename"] == "Session"
    assert await ends_at(owner.phone) == [None]
    for thief in thieves:
        assert await thief.error(LOOK) == (401, "SESSION_ENDED")
    assert {device["id"] for device in await devices(owner.phone)} == {device_of(owner.phone), device_of(newer)}
    third = await owner.recovered(web)
    assert (await step_up(owner.phone, "TOTP", await owner.app.code()))["__typename"] == "SteppedUp"
    assert (await third.error(LOOK), await ends_at(owner.phone)) == ((401, "SESSION_ENDED"), [None])
    # What they signed in with is no better known for it, then or later.
    await clock.forward(days=1, seconds=1)
    async with reading() as db:
        token = (await db.get_one(Session, (owner.phone.user_id, uuid_of(third.session["id"])))).device_token
        place = await code_limits.place_of(db, phones.index(owner.phone.number), "198.51.100.7", token)
    assert place.sharers == "strangers"


async def test_whoever_ends_a_device_that_recovered_says_that_it_was_not_they(
    owner: Owner, web: httpx2.AsyncClient, clock: Clock
) -> None:
    tablet = Phone(web, owner.phone.number)
    tablet.session = await answer(tablet, await half_signed_in(tablet), "TOTP", await owner.app.code())
    thieves = [await owner.recovered(web) for _ in range(2)]
    (until,) = await ends_at(owner.phone)
    # A device that never proved a factor might be the thief's, and the owner the one who recovered.
    refused = await owner.phone.do("EndDevice", deviceId=device_of(thieves[0]))
    assert (refused["code"], until is not None, await ends_at(owner.phone)) == ("STEP_UP_REQUIRED", True, [until])
    for thief in thieves:
        assert len(await devices(thief)) == 4
    # Of two that recovered, neither speaks for the owner.
    assert (await thieves[0].do("EndDevice", deviceId=device_of(thieves[1])))["__typename"] == "Device"
    assert await ends_at(owner.phone) == [until]
    for _ in range(2):
        told = await tablet.do("EndDevice", deviceId=device_of(thieves[0]))
        assert told == {"__typename": "Device", "id": device_of(thieves[0])}
    for thief in thieves:
        assert await thief.error(LOOK) == (401, "SESSION_ENDED")
    assert await ends_at(owner.phone) == [None]
    await clock.forward(days=1, seconds=1)
    assert (await half_signed_in(Phone(web, owner.phone.number)))["methods"] == ["TOTP", "IDENTITY"]


async def test_a_recovery_that_is_sent_again_is_the_same(owner: Owner, web: httpx2.AsyncClient) -> None:
    phone, key = Phone(web, owner.phone.number), new_key()
    half, said = await half_signed_in(phone), f"李雷 {owner.number}"
    first, second = await asyncio.gather(*(answer(phone, half, "IDENTITY", said, key) for _ in range(2)))
    third = await answer(phone, half, "IDENTITY", said, key)
    assert first["__typename"] == "Session" and first == second == third
    assert (await answer(phone, half, "IDENTITY", said))["code"] == "CODE_EXPIRED"
    assert len(await devices(owner.phone)) == 2


async def test_a_recovery_opens_no_account_but_the_one_that_was_asked_about(
    owner: Owner, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a register is asked, the number may become a newcomer's."""
    former, newcomers = owner.phone.user_id, list[UUID]()

    async def is_owner(person: Resident, phone: str) -> Attestation:
        async with transaction() as db:
            newcomers.append((await putting_away.start_afresh(db, await db.get_one(User, former))).id)
        return Attestation.YES

    monkeypatch.setattr(recovering, "register", lambda: SimpleNamespace(is_owner=is_owner))
    phone = Phone(web, owner.phone.number)
    late = await answer(phone, await half_signed_in(phone), "IDENTITY", f"李雷 {owner.number}")
    begun = select(func.count()).where(Session.user_id == newcomers[0])
    async with reading() as db:
        assert (late["code"], (await db.execute(begun)).scalar_one()) == ("CODE_EXPIRED", 0)


async def test_the_owner_is_told_by_text_and_on_the_devices_of_before(owner: Owner, web: httpx2.AsyncClient) -> None:
    registered = await owner.phone.do("RegisterPush", platform="FCM", token="the-owners-token")
    assert registered["__typename"] == "User"
    await owner.phone.settle()
    async with transaction() as db:
        (await db.get_one(ContactPreference, owner.phone.user_id)).locale = "zh"
    thief = await owner.recovered(web)
    await owner.phone.settle()
    async with reading() as db:  # not in the thief's language
        assert (await db.get_one(ContactPreference, owner.phone.user_id)).locale == "zh"
    told = select(Notice.code, Notice.notice_class, Delivery.channel, Delivery.device_id.is_not(None))
    told = told.join(Delivery, (Delivery.user_id == Notice.user_id) & (Delivery.notice_id == Notice.id))
    its = (Notice.user_id == owner.phone.user_id, Notice.subject_id == uuid_of(thief.session["id"]))
    async with reading() as db:
        rows = {tuple(row) for row in await db.execute(told.where(*its, Notice.code == "second_factor_recovered"))}
    assert rows == {
        ("second_factor_recovered", "SECURITY", "SMS", False),
        ("second_factor_recovered", "SECURITY", "PUSH", True),
    }


async def test_no_gate_lets_money_through_for_whoever_recovered(owner: Owner, web: httpx2.AsyncClient) -> None:
    thief = await owner.recovered(web)

    async def refused(phone: Phone, minor: int) -> Any:
        async with transaction() as db:
            actor = UserActor(owner.phone.user_id, uuid_of(phone.session["id"]))
            await stepping_up.grant(db, actor)
            try:
                await gates.refuse_unproven(db, actor, Money(minor, "CNY"))
            except Refusal as refusal:
                return refusal.code
            return None

    for minor in (1, 500_001, 2_000_001):
        assert (await refused(thief, minor), await refused(owner.phone, minor)) == (RefusalCode.NOT_OPEN, None)


async def test_no_stranger_uses_up_the_tries_with_which_the_owner_says_no(
    owner: Owner, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner's are those of the networks and devices from which they signed in before."""
    monkeypatch.setattr(second_signing, "PER_PERSON", Rate(times=2, seconds=86_400))
    thief = await owner.recovered(web)
    assert (await step_up(thief, "TOTP", "000000"))["code"] == "NOT_OPEN"
    stranger = Phone(web, owner.phone.number)
    half = await half_from_elsewhere(stranger)
    codes = [(await answer(stranger, half, "TOTP", f"{guess:06}"))["code"] for guess in range(3)]
    assert codes == ["CODE_WRONG"] * 2 + ["RATE_LIMITED"]
    half = await half_from_elsewhere(stranger)
    assert (await answer(stranger, half, "TOTP", await owner.app.code()))["code"] == "RATE_LIMITED"
    half = await half_signed_in(stranger)
    back = await answer(stranger, half, "TOTP", await owner.app.code())
    assert (back["__typename"], await thief.error(LOOK)) == ("Session", (401, "SESSION_ENDED"))


async def half_from_elsewhere(phone: Phone) -> Answer:
    """From a network from which nobody signed in with this number."""
    half = await half_signed_in(phone)
    async with transaction() as db:
        asked = await db.get_one(Challenge, uuid_of(half["challengeId"]))
        asked.is_known_place = asked.is_known_device = False
    return half


async def test_a_recovery_and_the_use_of_a_factor_at_once_are_one_after_the_other(
    member: Phone, web: httpx2.AsyncClient
) -> None:
    await verify(member, number := new_id_number())
    passkey, thief = await with_passkey(member), Phone(web, member.number)
    for _ in range(3):
        half = await half_signed_in(thief)
        recovered, used = await asyncio.gather(
            answer(thief, half, "IDENTITY", f"李雷 {number}"),
            step_up(member, "PASSKEY", passkey.sign(await options(member))),
        )
        assert (recovered["__typename"], used["__typename"]) == ("Session", "SteppedUp")
        async with reading() as db:
            session = await db.get_one(Session, (member.user_id, uuid_of(recovered["id"])))
        # Either the factor ends, or whoever came without it is out: never is it kept with them inside.
        assert (await ends_at(member) == [None]) == (session.ended_at is not None)
        assert session.recovering_until is not None
