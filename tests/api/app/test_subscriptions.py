"""What the app hears over a WebSocket: how things stand first, then every change."""

import asyncio

import pytest

from api.app import subscriptions
from infra import doorbell
from infra.ids import global_id
from tests.api.app.test_consents import client as client
from tests.api.app.test_consents import shop as shop
from tests.api.doors import Client, operations
from tests.api.partner.test_scores import check, token_of
from tests.api.people import Shop
from tests.applying import apply
from tests.clocks import Clock
from tests.nothing import NOBODYS
from tests.patience import SECONDS_MAX, until
from tests.phones import NewPhone, Phone
from tests.sockets import socket

SCORE = operations("app")["ScoreChanged"]
APPLICATION = operations("app")["ApplicationChanged"]


async def test_a_score_is_heard_of_when_it_is_there(member: Phone) -> None:
    async with socket() as line:
        await line.sign_in(member.token)
        await line.subscribe(SCORE)
        first = (await line.next())["scoreChanged"]["viewer"]
        assert (first["scoring"]["state"], first["score"]) == ("NOTHING_LINKED", None)
        await member.link("wechat")
        assert (await line.next())["scoreChanged"]["viewer"]["scoring"]["state"] == "WORKING"
        await member.settle()
        last = (await line.next())["scoreChanged"]["viewer"]
        assert last["scoring"]["state"] == "READY"
        assert last["score"] == {
            name: (await member.send("Home"))["score"][name] for name in ("id", "grade", "points", "asOf")
        }


async def test_an_application_is_heard_of_whenever_it_moves(shopper: Phone, clock: Clock) -> None:
    answer = await apply(shopper)
    async with socket() as line:
        await line.sign_in(shopper.token)
        await line.subscribe(APPLICATION, {"id": answer["id"]})
        assert (await line.next())["applicationChanged"] == {
            "id": answer["id"],
            "status": "SUBMITTED",
            "decision": None,
            "offer": None,
        }
        await shopper.do("WithdrawApplication", applicationId=answer["id"])
        assert (await line.next())["applicationChanged"]["status"] == "WITHDRAWN"


async def test_a_change_while_nobody_listened_is_the_first_thing_told(shopper: Phone) -> None:
    answer = await apply(shopper)
    await shopper.do("WithdrawApplication", applicationId=answer["id"])
    async with socket() as line:
        await line.sign_in(shopper.token)
        await line.subscribe(APPLICATION, {"id": answer["id"]})
        assert (await line.next())["applicationChanged"]["status"] == "WITHDRAWN"


async def test_what_a_lost_bell_would_have_told_is_told_later(member: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "LOOK_AGAIN_SECONDS", 0.2)
    async with socket() as line:
        await line.sign_in(member.token)
        await line.subscribe(SCORE)
        await line.next()
        with monkeypatch.context() as silent:
            silent.setattr(doorbell, "CHANNEL", "longan:nobody-listens")
            await member.link("wechat")
        assert (await line.next())["scoreChanged"]["viewer"]["scoring"]["state"] == "WORKING"


async def test_the_language_is_told_at_the_start(member: Phone) -> None:
    for locale, begins in (("en", "You have no score yet"), ("zh-CN", "您还没有")):
        async with socket() as line:
            await line.sign_in(member.token, locale=locale)
            await line.subscribe(SCORE)
            message = (await line.next())["scoreChanged"]["viewer"]["scoring"]["message"]
            assert message.startswith(begins), message


async def test_queries_are_answered_too_and_never_from_memory(member: Phone) -> None:
    async with socket() as line:
        await line.sign_in(member.token)
        for region in ("CN-SH", "CN-BJ"):
            await member.tell(region=region)
            await line.subscribe("{ viewer { profile { region } } }", id=region)
            assert (await line.next())["viewer"]["profile"]["region"] == region
            assert await line.hear() == {"type": "complete", "id": region}


@pytest.mark.parametrize("id", ["nonsense", global_id("Application", NOBODYS), global_id("Product", NOBODYS)])
async def test_nobody_elses_application_is_heard_of(shopper: Phone, new_phone: NewPhone, id: str) -> None:
    other = await new_phone()
    await other.sign_in()
    theirs = (await apply(shopper))["id"]
    async with socket() as line:
        await line.sign_in(other.token)
        for number, wanted in enumerate((id, theirs)):
            payload = {"query": APPLICATION, "variables": {"id": wanted}}
            await line.say(type="subscribe", id=str(number), payload=payload)
            message = await line.hear()
            (error,) = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
            assert error["message"] == "We could not find this application."
            assert error["extensions"]["code"] == "BAD_REQUEST"
            if message["type"] == "next":
                assert (await line.hear())["type"] == "complete"


class TestTheEnd:
    @pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
    async def test_a_token_that_is_nobodys_closes_the_socket(self, longan: None, token: str) -> None:
        async with socket() as line:
            await line.say(type="connection_init", payload={"authorization": f"Bearer {token}"})
            assert await line.closed_with() == 4401

    async def test_who_says_nothing_first_is_closed(self, longan: None) -> None:
        async with socket() as line:
            await line.subscribe(SCORE)
            assert await line.closed_with() == 4401

    async def test_nobody_hears_of_nothing(self, longan: None) -> None:
        async with socket() as line:
            await line.sign_in(None)
            await line.subscribe(SCORE)
            message = await line.hear()
            (error,) = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"

    async def test_nobody_is_waited_for_any_more(self, member: Phone) -> None:
        async with socket() as line:
            await line.sign_in(member.token)
            await line.subscribe(SCORE)
            await line.next()
            assert member.user_id in doorbell._waiting
            await line.say(type="complete", id="1")
            await line.say(type="ping")
            assert (await line.hear())["type"] == "pong"
        async with asyncio.timeout(SECONDS_MAX):
            while member.user_id in doorbell._waiting:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { a: scoreChanged { viewer { id } } b: scoreChanged { viewer { id } } }", "BAD_REQUEST"),
        ("subscription { nothing }", "BAD_REQUEST"),
        (
            "subscription { scoreChanged { viewer { matches(first: 100) { edges { node { reasons { code } } }"
            + "edges { node { product { id partner { id } } } } " * 100
            + "} } } }",
            "COST_EXCEEDED",
        ),
    ],
)
async def test_limits_hold_on_a_socket_too(member: Phone, query: str, code: str) -> None:
    async with socket() as line:
        await line.sign_in(member.token)
        await line.subscribe(query)
        message = await line.hear()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "BAD_REQUEST"),
        ("subscription { scoreChanged { viewer {" + " id" * 3000 + "} } }", "COST_EXCEEDED"),
    ],
)
async def test_what_is_no_document_is_refused_and_the_socket_lives(member: Phone, query: str, code: str) -> None:
    async with socket() as line:
        await line.sign_in(member.token)
        await line.subscribe(query)
        assert await line.error() == ("1", code)
        await line.say(type="ping")
        assert await line.hear() == {"type": "pong"}


async def test_a_look_is_heard_of_at_once_and_those_of_before_are_not(
    shopper: Phone, shop: Shop, client: Client
) -> None:
    token = await token_of(shopper, shop)
    await check(client, token, "D")
    async with socket() as line:
        await line.sign_in(shopper.token)
        await line.subscribe(operations("app")["LookupMade"])
        await until(lambda: shopper.user_id in doorbell._waiting)
        await check(client, token, "A")
        heard = (await line.next())["lookupMade"]
    assert heard["partner"]["name"] == "Shop"
    assert heard["answer"] in ("YES", "NO")
