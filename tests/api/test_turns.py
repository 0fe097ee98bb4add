"""One network's requests are answered so many at a time, and its bursts drawn out; refusals take their time too."""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx2
import orjson
import pytest

from api import turns
from api.graphql import budgets, errors
from api.main import GARBAGE, THREAD_SECONDS
from api.turns import turn
from domain.people import sessions
from domain.permissions import Role
from infra.limiter import Bursts
from infra.settings import settings
from tests.api.people import open_shop, staff_token
from tests.logs import Lines
from tests.patience import SECONDS_MAX
from tests.phones import Phone, new_key
from tests.visiting import visitor

ASKED = {"query": "{ __typename }"}


class TestTurns:
    async def test_are_so_many_at_a_time_in_the_order_of_coming(self) -> None:
        seen: list[tuple[str, int]] = []
        goes = asyncio.Event()

        async def come(number: int) -> None:
            async with turn("a", 2):
                seen.append(("in", number))
                await goes.wait()
            seen.append(("out", number))

        async with asyncio.timeout(SECONDS_MAX), asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(come(number))
            while len(seen) < 2:
                await asyncio.sleep(0)
            for _ in range(20):
                await asyncio.sleep(0)
            assert seen == [("in", 0), ("in", 1)]
            async with turn("b", 2):  # somebody else does not wait
                pass
            goes.set()
        assert [number for what, number in seen if what == "in"] == [0, 1, 2, 3, 4]
        assert (turns._lines, +turns._standing) == ({}, {})

    async def test_of_who_goes_away_is_anothers(self) -> None:
        async with turn("a", 1):
            waiting = asyncio.create_task(_take("a"))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(SECONDS_MAX):
            await _take("a")
        assert turns._lines == {}

    @pytest.mark.parametrize(
        ("line", "method", "path", "headers", "status"),
        [
            ("127.0.0.1", "POST", "/graphql", {}, 200),
            ("127.0.0.1", "POST", "/graphql", {"authorization": "Bearer x"}, 401),
            ("127.0.0.1", "GET", "/graphql?query={__typename}", {}, 200),
            ("127.0.0.1", "POST", "/partner/graphql", {"authorization": "Bearer x"}, 401),
            ("127.0.0.1", "POST", "/console/graphql", {"authorization": "Bearer x"}, 401),
            ("127.0.0.1", "GET", "/console/products", {"cookie": "longan_console=x"}, 303),
            ("127.0.0.1", "GET", "/console/sign-in", {}, 200),
            ("127.0.0.1 secrets", "POST", "/console/sign-in", {}, 403),
            ("127.0.0.1 secrets", "POST", "/console/session", {}, 400),
            ("127.0.0.1 secrets", "POST", "/oauth/token", {}, 400),
        ],
    )
    async def test_hold_at_every_door(
        self,
        web: httpx2.AsyncClient,
        monkeypatch: pytest.MonkeyPatch,
        line: str,
        method: str,
        path: str,
        headers: dict[str, str],
        status: int,
    ) -> None:
        monkeypatch.setattr(settings().request_limits, "at_once_per_address", 1)
        async with turn(line, 1):
            asking = asyncio.create_task(web.request(method, path, json=ASKED, headers=headers))
            while turns._standing[line] < 2:
                await asyncio.sleep(0.01)
            assert (await web.get("/healthz")).status_code == 200
            assert not asking.done()
        assert (await asking).status_code == status

    async def test_of_who_has_signed_in_are_their_own(
        self, member: Phone, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings().request_limits, "at_once_per_address", 1)
        clerk, shop = await staff_token(Role.VIEWER), await open_shop()
        async with turn("127.0.0.1", 1):
            for door, token in (("/", member.token), ("/partner/", shop.token), ("/console/", clerk)):
                answer = await web.post(f"{door}graphql", json=ASKED, headers={"authorization": f"Bearer {token}"})
                assert answer.json()["data"] == {"__typename": "Query"}
            page = await web.get("/console/products", headers={"cookie": f"longan_console={clerk}"})
            assert page.status_code == 200

    async def test_of_one_person_are_so_many_wherever_they_are(
        self, member: Phone, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings().request_limits, "at_once_per_person", 1)
        said = sessions.read_access_token(member.token or "")
        assert said is not None
        async with turn(f"user:{said.user_id}", 1):
            header = {"authorization": f"Bearer {member.token}"}
            asking = asyncio.create_task(web.post("/graphql", json=ASKED, headers=header))
            assert (await web.post("/graphql", json=ASKED)).status_code == 200
            assert not asking.done()
        assert (await asking).status_code == 200

    async def test_are_not_kept_by_who_sends_slowly(self, longan: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings().request_limits, "at_once_per_address", 1)
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(settings().public_url).port)
        head = "POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}"
        body = orjson.dumps(ASKED)
        try:
            writer.write(head.format(len(body)).encode() + b"\r\n\r\n" + body[:-1])
            await writer.drain()
            async with visitor(settings().public_url) as other:
                assert (await other.post("/graphql", json=ASKED)).status_code == 200
            writer.write(body[-1:])
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
        finally:
            writer.close()

    async def test_are_not_waited_for_by_who_has_gone(
        self, longan: None, lines: Lines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings().request_limits, "at_once_per_address", 1)
        mark = lines.mark()
        async with turn("127.0.0.1", 1):
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(settings().public_url).port)
            writer.write(b"GET /graphql?query={__typename} HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(SECONDS_MAX):
                while turns._standing["127.0.0.1"] < 2:
                    await asyncio.sleep(0.01)
                writer.transport.abort()
                while turns._standing["127.0.0.1"] > 1 or '"status":499' not in lines.since(mark):
                    await asyncio.sleep(0.01)
        assert +turns._standing == {}

    @pytest.mark.parametrize("path", ["/graphql", "/console/graphql", "/oauth/token", "/console/session"])
    @pytest.mark.parametrize("is_chunked", [True, False])
    async def test_are_not_taken_for_what_is_too_long(
        self, web: httpx2.AsyncClient, lines: Lines, path: str, is_chunked: bool
    ) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(30):
                yield b" " * 10_000

        mark = lines.mark()
        refused = await web.post(path, content=pieces() if is_chunked else b" " * 300_000)
        assert refused.status_code == 413
        async with asyncio.timeout(SECONDS_MAX):
            while '"event":"request"' not in lines.since(mark):
                await asyncio.sleep(0.01)
        told = [line for line in lines.since(mark).splitlines() if '"event":"request"' in line]
        assert [orjson.loads(line)["status"] for line in told] == [413]

    @pytest.mark.parametrize(
        ("path", "said"),
        [("/graphql", b'"errors":[{'), ("/oauth/token", b'"error":"'), ("/console/session", b'"error":{')],
    )
    async def test_of_one_line_keep_so_much_waiting_and_no_more(
        self, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str, said: bytes
    ) -> None:
        monkeypatch.setattr(settings().request_limits, "at_once_per_address", 1)
        monkeypatch.setattr(turns, "HELD_BYTES_MAX", 10_000)
        line = "127.0.0.1" if path == "/graphql" else "127.0.0.1 secrets"
        async with turn(line, 1):
            waiting = asyncio.create_task(web.post(path, json={"query": "x" * 6_000}))
            while turns._standing[line] < 2:
                await asyncio.sleep(0.01)
            refused = await web.post(path, json={"query": "x" * 6_000})
            assert (refused.status_code, said in refused.content) == (429, True)
            assert not waiting.done()
        assert (await waiting).status_code == (200 if path == "/graphql" else 400)
        assert +turns._held == {}


async def _take(name: str) -> None:
    async with turn(name, 1):
        pass


class TestABurst:
    def test_is_free_up_to_its_size_and_then_as_fast_as_the_rate(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [1_000.0]
        monkeypatch.setattr(time, "monotonic", lambda: now[0])
        bursts = Bursts()

        def delay(cost: int, name: str = "a") -> float:
            return bursts.delay(name, cost, at_once=100, per_second=10)

        assert [delay(40), delay(60), delay(20), delay(10), delay(100, "b")] == [0.0, 0.0, 2.0, 3.0, 0.0]
        now[0] += 3
        assert delay(10) == 1.0
        now[0] += 1_000
        assert [delay(100), delay(5)] == [0.0, 0.5]
        assert delay(1_000, "c") == 90.0

    def test_of_the_least_recent_is_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Bursts, "KEYS_MAX", 2)
        bursts = Bursts()
        for name in "abac":
            bursts.delay(name, 1, at_once=1, per_second=1)
        assert list(bursts._paid_until) == ["a", "c"]

    async def test_of_a_visitor_is_drawn_out(self, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(budgets, "names_of", lambda asker, name=new_key(): [(name, 1)])
        monkeypatch.setattr(settings().request_limits, "visitor_cost_per_burst", 10)
        monkeypatch.setattr(settings().request_limits, "visitor_cost_per_minute", 1_200)
        began = time.monotonic()
        for _ in range(10):
            response = await web.post("/graphql", json={"query": "{ accountProviders { key } }"})
            assert response.status_code == 200
        # Twenty fields and, where nobody had asked this before, seven words; of which ten are free, the others 20 a second.
        assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize(
    ("path", "token", "is_drawn_out"),
    [
        ("/console/sign-in", "", True),
        ("/oauth/token", "", True),
        ("/console/graphql", "wrong", True),
        ("/partner/graphql", "wrong", True),
        ("/graphql", "", False),
        ("/console/sign-in", "staff", False),
    ],
)
async def test_a_visitors_requests_are_drawn_out_wherever_they_are_not_weighed(
    path: str, token: str, is_drawn_out: bool, web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Noted(Bursts):
        def delay(self, name: str, cost: float, **rate: float) -> float:
            waits.append(round(super().delay(name, cost, **rate), 1))
            return 0.0

    monkeypatch.setattr(turns, "_bursts", Noted())
    monkeypatch.setattr(settings().request_limits, "visitor_requests_per_burst", 2)
    monkeypatch.setattr(settings().request_limits, "visitor_requests_per_minute", 6)
    shown = await staff_token(Role.RISK) if token == "staff" else token
    headers = {"Authorization": f"Bearer {shown}"} if shown else {}
    for _ in range(4):
        await web.request("GET" if "sign-in" in path else "POST", path, headers=headers)
    assert [each > 0 for each in waits] == ([False, False, True, True] if is_drawn_out else [])


async def test_a_refusal_takes_its_time(web: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "names_of", lambda asker, name=new_key(): [(name, 1)])
    monkeypatch.setattr(settings().request_limits, "visitor_cost_per_minute", 1)
    began = time.monotonic()
    response = await web.post("/graphql", json={"query": "{ accountProviders { key } }"})
    assert response.status_code == 429
    assert time.monotonic() - began >= errors.REFUSED_SECONDS


def test_neither_a_thread_at_work_nor_a_look_for_rubbish_holds_up_the_loop(longan: None) -> None:
    assert 0 < sys.getswitchinterval() <= THREAD_SECONDS < 0.001
    assert gc.get_threshold() == GARBAGE and gc.get_freeze_count() > 100_000
