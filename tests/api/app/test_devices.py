"""Devices: what is signed in where, ended from another device, and nobody else's."""

from datetime import datetime
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select

from domain.people import devices as devices_of
from domain.people import sessions
from infra.database import reading, transaction
from infra.ids import global_id
from infra.outbox import Event
from tests.clocks import Clock
from tests.phones import Answer, NewPhone, Phone, uuid_of
from tests.statements import statements

DEVICES = "{ viewer { devices { id name lastUsedAt isThis viewer { id } } } }"
WHO = "{ viewer { id } }"


async def devices(phone: Phone) -> list[Answer]:
    found: list[Answer] = (await phone.ask(DEVICES))["viewer"]["devices"]
    return found


def device_of(phone: Phone) -> str:
    return global_id("Device", uuid_of(phone.session["id"]))


async def ended(phone: Phone) -> int:
    told = select(func.count()).where(
        Event.name == "session.ended", Event.subject_id == uuid_of(phone.session["id"]), Event.user_id == phone.user_id
    )
    async with reading() as db:
        return (await db.execute(told)).scalar_one()


@pytest.fixture
async def tablet(member: Phone, web: httpx2.AsyncClient, clock: Clock) -> Phone:
    """The same person's other device, signed in a minute later."""
    await clock.forward(seconds=61)
    tablet = Phone(web, member.number)
    await tablet.sign_in()
    return tablet


async def test_each_is_listed_by_its_name_the_newest_first(member: Phone, tablet: Phone) -> None:
    seen = await devices(member)
    assert [device["id"] for device in seen] == [device_of(tablet), device_of(member)]
    assert [device["isThis"] for device in seen] == [False, True]
    assert [device["isThis"] for device in await devices(tablet)] == [True, False]
    assert {device["name"] for device in seen} == {"a test's phone"}
    assert {device["viewer"]["id"] for device in seen} == {member.session["viewer"]["id"]}


async def test_who_asks_for_new_tokens_was_used(member: Phone, tablet: Phone, clock: Clock) -> None:
    (_, before) = await devices(member)
    await clock.forward(minutes=5)
    await member.renew()
    (after, _) = await devices(member)
    assert (after["id"], after["isThis"]) == (device_of(member), True)
    used = [datetime.fromisoformat(device["lastUsedAt"]) for device in (before, after)]
    assert 360 <= (used[1] - used[0]).total_seconds() < 420


async def test_a_lost_one_is_ended_from_another(member: Phone, tablet: Phone) -> None:
    told = await member.do("EndDevice", deviceId=device_of(tablet))
    assert told == {"__typename": "Device", "id": device_of(tablet)}
    assert await tablet.error(WHO) == (401, "SESSION_ENDED")
    assert [device["id"] for device in await devices(member)] == [device_of(member)]
    assert (await member.ask("query ($id: ID!) { node(id: $id) { id } }", id=told["id"])) == {"node": None}
    assert await member.do("EndDevice", deviceId=device_of(tablet)) == told
    assert await ended(tablet) == 1


async def test_whoever_ends_their_own_is_signed_out(member: Phone) -> None:
    assert (await member.do("EndDevice", deviceId=device_of(member)))["__typename"] == "Device"
    assert await member.error(WHO) == (401, "SESSION_ENDED")


@pytest.mark.parametrize("wrong", ["nonsense", global_id("Session", UUID(int=1)), global_id("Device", UUID(int=1))])
async def test_what_is_no_device_is_not_found(member: Phone, wrong: str) -> None:
    refused = await member.do("EndDevice", deviceId=wrong)
    assert (refused["__typename"], refused["code"]) == ("Refused", "NOT_FOUND")
    assert len(await devices(member)) == 1


async def test_nobody_elses_is_found_or_ended(member: Phone, new_phone: NewPhone) -> None:
    other = await new_phone()
    await other.sign_in()
    id = device_of(other)
    assert (await member.do("EndDevice", deviceId=id))["code"] == "NOT_FOUND"
    assert await member.ask("query ($id: ID!) { node(id: $id) { id } }", id=id) == {"node": None}
    assert (await other.ask(WHO))["viewer"]["id"] == other.session["viewer"]["id"]
    assert await ended(other) == 0


async def test_one_that_is_over_by_itself_is_listed_no_more(member: Phone, tablet: Phone, clock: Clock) -> None:
    await clock.forward(days=59, hours=23)
    await member.renew()
    await clock.forward(days=1)
    await member.renew()
    assert [device["id"] for device in await devices(member)] == [device_of(member)]


async def test_what_is_ended_elsewhere_is_seen_at_once(member: Phone, tablet: Phone) -> None:
    """An answer that was given before is not given again."""
    assert len(await devices(member)) == len(await devices(member)) == 2
    await tablet.send("SignOut")
    assert len(await devices(member)) == 1


async def test_the_newest_hundred_are_read_and_no_more_in_as_many_statements_as_one(
    member: Phone, clock: Clock
) -> None:
    async with reading() as db:
        now = await clock.now()
    counts = []
    for more in (0, 120):
        async with transaction() as db:
            for _ in range(more):
                await sessions.begin(db, member.user_id, "one of many")
        with statements() as sent:
            async with reading() as db:
                found = (await devices_of.of_users(db, {member.user_id}))[member.user_id]
                await devices_of.names(db, {(each.user_id, each.id) for each in found})
        counts.append((len(found), len(sent)))
    assert [length for length, _ in counts] == [1, 100]
    assert counts[0][1] == counts[1][1]
    asked = await devices_of._SIGNED_IN.ask(keys=[member.user_id], now=now)
    assert len(asked) == 100
