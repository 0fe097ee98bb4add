"""graphql-transport-ws, message by message: what a client does wrong has a clear answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from api.graphql import seats
from infra.settings import settings
from tests.logs import Lines
from tests.patience import SECONDS_MAX
from tests.phones import NewPhone, Phone
from tests.sockets import Socket, socket

PROVIDERS = "{ accountProviders { key } }"
SCORE = "subscription { scoreChanged { viewer { id } } }"


@pytest.fixture
async def line(longan: None) -> AsyncIterator[Socket]:
    """Acknowledged, and nobody's."""
    async with socket() as line:
        await line.sign_in(None)
        yield line


async def is_alive(line: Socket) -> bool:
    await line.say(type="ping")
    return await line.hear() == {"type": "pong"}


class TestFrames:
    @pytest.mark.parametrize(
        "frame",
        [
            b"\x00",
            b'{"type":"ping"}',
            "",
            "x",
            "{",
            "[]",
            "null",
            "1",
            '"ping"',
            "{}",
            '{"type":null}',
            '{"type":1}',
            '{"type":["ping"]}',
            '{"type":{}}',
            '{"type":"start"}',
            '{"type":"PING"}',
            '{"type":"connection_ack"}',
            '{"type":"next","id":"1","payload":{}}',
            '{"type":"error","id":"1","payload":[]}',
            '{"type":"ping","payload":1}',
            '{"type":"ping","payload":[]}',
            '{"type":"pong","payload":"x"}',
            '{"type":"complete"}',
            '{"type":"complete","id":1}',
            '{"type":"complete","id":null}',
            '{"type":"subscribe"}',
            '{"type":"subscribe","id":"1"}',
            '{"type":"subscribe","payload":{"query":"{ __typename }"}}',
            '{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}',
            '{"type":"subscribe","id":1,"payload":{"query":"{ __typename }"}}',
            '{"type":"subscribe","id":["1"],"payload":{"query":"{ __typename }"}}',
            '{"type":"subscribe","id":"' + "1" * 129 + '","payload":{"query":"{ __typename }"}}',
            '{"type":"subscribe","id":"1","payload":null}',
            '{"type":"subscribe","id":"1","payload":[]}',
            '{"type":"subscribe","id":"1","payload":"{ __typename }"}',
            "[" * 50_000,
            '{"a":' * 5_000,
            '{"type":"ping","payload":{"a":"\\ud800"}}',
        ],
    )
    @pytest.mark.parametrize("is_acknowledged", [True, False])
    async def test_that_are_no_message_close_with_4400(
        self, longan: None, frame: str | bytes, is_acknowledged: bool
    ) -> None:
        async with socket() as line:
            if is_acknowledged:
                await line.sign_in(None)
            await line.send(frame)
            assert await line.closed_with() == 4400

    @pytest.mark.parametrize("bytes_sent", [64_001, 150_000])
    async def test_of_a_visitor_are_short(self, line: Socket, bytes_sent: int) -> None:
        await line.send('{"type":"ping"}' + " " * bytes_sent)
        assert await line.closed_with() == 1009

    async def test_of_a_person_are_as_long_as_a_body(self, member: Phone) -> None:
        async with socket() as line:
            await line.sign_in(member.token)
            await line.send('{"type":"ping"}' + " " * 150_000)
            assert await line.hear() == {"type": "pong"}
            await line.send('{"type":"ping"}' + " " * 250_000)
            assert await line.closed_with() == 1009


class TestPing:
    @pytest.mark.parametrize("payload", [None, {}, {"at": 1}])
    async def test_is_answered_also_before_init(self, longan: None, payload: Any) -> None:
        async with socket() as line:
            await line.say(type="ping", payload=payload)
            assert await line.hear() == {"type": "pong"}

    async def test_a_pong_needs_no_answer(self, line: Socket) -> None:
        await line.say(type="pong", payload={"x": 1})
        assert await is_alive(line)

    async def test_too_many_close_the_socket(self, longan: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings().socket_limits, "messages_per_minute", 10)
        async with socket() as line:
            for _ in range(10):
                assert await is_alive(line)
            await line.say(type="ping")
            assert await line.closed_with() == 4429


class TestInit:
    async def test_comes_once(self, line: Socket) -> None:
        await line.say(type="connection_init")
        assert await line.closed_with() == 4429

    @pytest.mark.parametrize("payload", [None, {}, {"authorization": None, "locale": None}, {"other": [1]}])
    async def test_needs_no_payload(self, longan: None, payload: Any) -> None:
        async with socket() as line:
            await line.say(type="connection_init", payload=payload)
            assert await line.hear() == {"type": "connection_ack"}

    @pytest.mark.parametrize(
        "payload", [1, [], "x", True, {"authorization": 1}, {"authorization": ["Bearer x"]}, {"locale": {"en": 1}}]
    )
    async def test_of_another_shape_closes_with_4400(self, longan: None, payload: Any) -> None:
        async with socket() as line:
            await line.say(type="connection_init", payload=payload)
            assert await line.closed_with() == 4400

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp4", "x" * 10_000])
    async def test_with_nobodys_token_closes_with_4401(self, longan: None, header: str) -> None:
        async with socket() as line:
            await line.say(type="connection_init", payload={"authorization": header})
            assert await line.closed_with() == 4401

    async def test_that_never_comes_closes_with_4408(self, longan: None, monkeypatch: pytest.MonkeyPatch) -> None:
        from api.graphql.sockets import Conversation

        begin = Conversation.__init__

        def impatient(self: Conversation, **how: Any) -> None:
            begin(self, **how)
            self.init_seconds = 0.2

        monkeypatch.setattr(Conversation, "__init__", impatient)
        async with socket() as line:
            assert await line.closed_with() == 4408

    async def test_before_it_nobody_subscribes(self, longan: None) -> None:
        async with socket() as line:
            await line.subscribe(PROVIDERS)
            assert await line.closed_with() == 4401

    async def test_without_the_protocol_there_is_no_conversation(self, longan: None) -> None:
        async with socket(protocol=None) as line:
            assert await line.closed_with() == 4406


class TestSubscribe:
    @pytest.mark.parametrize(
        "payload",
        [
            {},
            {"query": None},
            {"query": ""},
            {"query": 1},
            {"query": ["{ __typename }"]},
            {"query": {"a": 1}},
            {"query": PROVIDERS, "variables": []},
            {"query": PROVIDERS, "variables": "x"},
            {"query": PROVIDERS, "variables": 1},
            {"query": PROVIDERS, "operationName": 1},
            {"query": PROVIDERS, "operationName": {}},
            {"query": PROVIDERS, "operationName": "Nobody"},
            {"query": PROVIDERS, "extensions": []},
            {"query": PROVIDERS, "extensions": "x"},
            {"query": PROVIDERS, "extensions": {"persistedQuery": 1}},
            {"query": PROVIDERS, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
            {"documentId": 1},
            {"documentId": "sha256:\u00e9"},
            {"query": "{"},
            {"query": "{ nothing }"},
            {"query": "query A { a: __typename } query B { b: __typename }"},
            {"query": "fragment A on Query { __typename }"},
            {"query": "query ($n: Int!) { products(first: $n) { edges { cursor } } }"},
            {"query": "query ($n: Int!) { products(first: $n) { edges { cursor } } }", "variables": {"n": "x"}},
            {"query": "{ products(first: 101) { edges { cursor } } }"},
        ],
    )
    async def test_of_a_mistake_is_refused_and_the_socket_lives(self, line: Socket, payload: Any) -> None:
        await line.say(type="subscribe", id="1", payload=payload)
        message = await line.hear()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert {error["extensions"]["code"] for error in errors} == {"BAD_REQUEST"}
        if message["type"] == "next":
            assert await line.hear() == {"type": "complete", "id": "1"}
        assert await is_alive(line)

    async def test_that_is_answered_while_the_socket_closes_is_no_failure(self, line: Socket, lines: Lines) -> None:
        mark = lines.mark()
        for number in range(20):
            await line.subscribe("{ nothing }", id=str(number))
        await line.send("{")
        with suppress(ConnectionClosed):
            while True:
                await line.hear()
        assert line.connection.close_code == 4400
        assert "operation.failed" not in lines.since(mark)

    async def test_by_an_unknown_hash_is_told_so(self, line: Socket) -> None:
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
        await line.say(type="subscribe", id="1", payload={"extensions": extensions})
        assert await line.error() == ("1", "PERSISTED_QUERY_NOT_FOUND")

    async def test_with_an_id_in_use_closes_with_4409(self, member: Phone) -> None:
        async with socket() as line:
            await line.sign_in(member.token)
            await line.subscribe(SCORE)
            await line.next()
            await line.subscribe(SCORE)
            assert await line.closed_with() == 4409

    @pytest.mark.parametrize("id", ["x" * 128, "é" * 128, "長" * 128])
    async def test_with_a_long_id_in_use_closes_with_4409_too(self, member: Phone, id: str) -> None:
        async with socket() as line:
            await line.sign_in(member.token)
            for _ in range(2):
                await line.subscribe(SCORE, id=id)
            with suppress(ConnectionClosed):
                while True:
                    await line.hear()
            assert line.connection.close_code == 4409
            assert (line.connection.close_reason or "").startswith(f"Subscriber for {id[:20]}")

    async def test_an_id_is_free_again_after_its_operation(self, member: Phone) -> None:
        async with socket() as line:
            await line.sign_in(member.token)
            for _ in range(3):
                await line.subscribe(PROVIDERS)
                assert (await line.next())["accountProviders"]
                assert await line.hear() == {"type": "complete", "id": "1"}
                await line.subscribe("{")
                assert await line.error() == ("1", "BAD_REQUEST")
                await line.subscribe(SCORE)
                await line.next()
                await line.say(type="complete", id="1")

    async def test_who_has_not_signed_in_is_told_and_the_socket_lives(self, line: Socket) -> None:
        for query in (SCORE, "mutation { signOut { __typename } }"):
            await line.subscribe(query)
            message = await line.hear()
            errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
            assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
            if message["type"] == "next":
                assert await line.hear() == {"type": "complete", "id": "1"}
        assert await is_alive(line)

    async def test_a_mutation_is_answered_too(self, member: Phone) -> None:
        async with socket() as line:
            await line.sign_in(member.token, locale="en")
            mutation = 'mutation { updateProfile(input: {region: "CN-SH"}) { ... on User { profile { region } } } }'
            await line.subscribe(mutation)
            assert (await line.next())["updateProfile"] == {"profile": {"region": "CN-SH"}}
            assert await line.hear() == {"type": "complete", "id": "1"}

    async def test_complete_of_nothing_is_nothing(self, line: Socket) -> None:
        await line.say(type="complete", id="nothing")
        assert await is_alive(line)


class TestHowMany:
    async def test_operations_a_socket_has_is_bounded(self, member: Phone) -> None:
        most = settings().socket_limits.subscriptions_per_socket
        async with socket() as line:
            await line.sign_in(member.token)
            for number in range(most):
                await line.subscribe(SCORE, id=str(number))
                await line.next()
            await line.subscribe(SCORE, id="more")
            assert await line.error() == ("more", "RATE_LIMITED")
            await line.say(type="complete", id="0")
            await line.subscribe(SCORE, id="instead")
            await line.next()

    async def test_operations_a_person_has_is_bounded(self, member: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings().socket_limits, "subscriptions_per_person", 3)
        async with socket() as line, socket() as other:
            for each in (line, other):
                await each.sign_in(member.token)
            for number in range(3):
                await line.subscribe(SCORE, id=str(number))
                await line.next()
            await other.subscribe(SCORE)
            assert await other.error() == ("1", "RATE_LIMITED")

    async def test_sockets_a_person_has_is_bounded(self, member: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings().socket_limits, "per_person", 1)
        async with socket() as line:
            await line.sign_in(member.token)
            async with socket() as second:
                await second.say(type="connection_init", payload={"authorization": f"Bearer {member.token}"})
                assert await second.closed_with() == 4429
            assert await is_alive(line)

    async def test_sockets_an_address_has_is_bounded(
        self, member: Phone, new_phone: NewPhone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings().socket_limits, "per_address", 2)
        async with socket() as first:
            async with socket() as second, socket() as third:
                assert await third.closed_with() == 4429
                assert await is_alive(second)
            async with asyncio.timeout(SECONDS_MAX):
                while True:
                    async with socket() as again:
                        # The seat is given back a moment after the client has gone.
                        with suppress(ConnectionClosed):
                            if await is_alive(again):
                                break
            assert await is_alive(first)

    async def test_visitors_take_no_seat_of_who_has_signed_in(
        self, member: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings().socket_limits, "per_address", 1)
        async with socket() as visitor:
            await visitor.sign_in(None)
            async with socket() as second:
                await second.say(type="connection_init")
                assert await second.closed_with() == 4429
            async with AsyncExitStack() as open_sockets:
                for _ in range(3):
                    mine = await open_sockets.enter_async_context(socket())
                    await mine.sign_in(member.token)
                    assert await is_alive(mine)
        async with asyncio.timeout(SECONDS_MAX):
            while any(name.startswith("socket:") for name in seats._taken):
                await asyncio.sleep(0.01)
