"""The one way out: what it refuses to call, and when it tries again."""

import asyncio
import logging
import socket
import threading
from typing import Any

import httpx2
import pytest
import uvloop
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from integrations import client
from integrations.client import BODY_BYTES_MAX, TooLarge, UnsafeAddress, authority_of, is_public, outgoing, patiently
from tests.integrations.serving import served


@pytest.mark.parametrize(
    "address",
    [
        *[
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
        ],
        *["224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1"],
        *["::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::"],
        # Where clouds tell a machine its secrets.
        *["168.63.129.16", "::ffff:168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"],
    ],
)
def test_private_addresses_are_known_in_every_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *["https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/"],
        *["https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data", "http://8.8.8.8/"],
    ],
)
async def test_private_addresses_and_plain_http_are_not_called(url: str) -> None:
    async with outgoing() as client:
        with pytest.raises(UnsafeAddress):
            await client.get(url)


async def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object) -> list[str]:
        return ["8.8.8.8", "10.0.0.1"]

    monkeypatch.setattr("integrations.client._resolve", resolve)
    async with outgoing() as client:
        with pytest.raises(UnsafeAddress):
            await client.get("https://example.com/")


async def hello(request: Request) -> Response:
    return PlainTextResponse(request.headers["host"])


async def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr("integrations.client._resolve", resolve)
    async with served([Route("/", hello)]) as url:
        port = url.rpartition(":")[2]
        async with outgoing(allow=[f"partner.test:{port}"]) as client:
            answer = await client.get(f"http://partner.test:{port}/")
    assert answer.text == f"partner.test:{port}"
    assert answer.url.host == "partner.test"


async def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    monkeypatch.setattr("integrations.client._resolve", resolve)
    async with served([Route("/", hello)]) as url, outgoing(allow=[url.removeprefix("http://")]) as client:
        assert (await client.get(url)).status_code == 200
    async with outgoing(allow=["127.0.0.1:9"]) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:9")


async def test_redirects_are_not_followed() -> None:
    async def away(request: Request) -> Response:
        return RedirectResponse("http://169.254.169.254/")

    async with served([Route("/", away)]) as url, outgoing(allow=[url.removeprefix("http://")]) as client:
        assert (await client.get(url)).status_code == 307


async def test_an_endless_answer_is_cut_off() -> None:
    async def endless(request: Request) -> Response:
        async def body() -> object:
            for _ in range(2 * BODY_BYTES_MAX // 10_000):
                yield b"x" * 10_000

        return StreamingResponse(body())  # type: ignore[arg-type]

    async with served([Route("/", endless)]) as url, outgoing(allow=[url.removeprefix("http://")]) as client:
        with pytest.raises(TooLarge):
            await client.get(url)


async def test_no_address_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with served([Route("/", hello)]) as url, outgoing(allow=[url.removeprefix("http://")]) as client:
            await client.get(f"{url}/?secret=canary")
    assert "canary" not in caplog.text


async def test_a_busy_server_is_asked_again_and_then_believed() -> None:
    asked = 0

    async def busy(request: Request) -> Response:
        nonlocal asked
        asked += 1
        return PlainTextResponse("", 503 if asked < 3 else 200)

    async with served([Route("/", busy)]) as url, outgoing(allow=[url.removeprefix("http://")]) as client:
        assert (await patiently(lambda: client.get(url))).status_code == 200
        asked = -10
        assert (await patiently(lambda: client.get(url))).status_code == 503
    assert asked == -7


async def test_an_unsafe_address_is_not_tried_again() -> None:
    async with outgoing() as client:
        began = asyncio.get_running_loop().time()
        with pytest.raises(UnsafeAddress):
            await patiently(lambda: client.get("https://127.0.0.1/"))
    assert asyncio.get_running_loop().time() - began < 0.1


def test_an_authority_is_host_and_port() -> None:
    assert authority_of("https://example.com/x") == "example.com:443"
    assert authority_of("http://127.0.0.1:8000") == "127.0.0.1:8000"
    assert authority_of("http://[::1]/") == "[::1]:80"


async def test_names_that_are_not_answered_hold_no_other_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the loop that the programs run on, whose own lookups are two at once."""
    answered = threading.Event()

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        if host == "silent.example":
            answered.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.114.7", port))]

    async def ask() -> list[str]:
        silent = [asyncio.create_task(client._resolve("silent.example", 443)) for _ in range(40)]
        try:
            await asyncio.sleep(0)
            return await client._resolve("quick.example", 443)
        finally:
            answered.set()
            await asyncio.gather(*silent, return_exceptions=True)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert await asyncio.to_thread(uvloop.run, ask()) == ["203.0.114.7"]
