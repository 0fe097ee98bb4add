"""Whose address a request has, behind proxies and without."""

import json

import pytest
from starlette.types import Scope

from api import addresses
from api.addresses import client_address
from infra.settings import settings
from tests.logs import Lines

PROXY = "10.0.0.7"


def scope(peer: str | None, *forwarded: str, port: int = 50_000, **headers: str) -> Scope:
    named = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    others = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (peer, port) if peer else None, "headers": [*named, *others]}


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(settings(), "trusted_proxies", ["10.0.0.0/8", "fd00::/8"])
    return monkeypatch


def test_without_trust_the_peer_is_the_client() -> None:
    assert client_address(scope(PROXY, "203.0.113.9")) == PROXY
    assert client_address(scope(None)) == "unknown"


@pytest.mark.usefixtures("trusting")
class TestTrusting:
    def test_another_peer_cannot_say_who_it_is(self) -> None:
        assert client_address(scope("198.51.100.1", "203.0.113.9")) == "198.51.100.1"

    @pytest.mark.parametrize(
        ("forwarded", "client"),
        [
            (["203.0.113.9"], "203.0.113.9"),
            (["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            (["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
            (["203.0.113.9:4711"], "203.0.113.9"),
            (["[2001:db8::1]:4711"], "2001:db8::1"),
            (["2001:db8::1"], "2001:db8::1"),
            (["203.0.113.9, nonsense"], PROXY),
            (["1.1.1.1, 10.0.0.8"], "10.0.0.8"),
            (["\xff"], PROXY),
            ([""], PROXY),
            ([], PROXY),
        ],
    )
    def test_what_the_proxy_wrote_last_counts(self, forwarded: list[str], client: str) -> None:
        assert client_address(scope(PROXY, *forwarded)) == client

    def test_a_proxy_that_speaks_ipv6_or_is_mapped_is_one_too(self) -> None:
        assert client_address(scope("fd00::7", "203.0.113.9")) == "203.0.113.9"
        assert client_address(scope(f"::ffff:{PROXY}", "203.0.113.9")) == "203.0.113.9"

    def test_two_proxies_are_two_hops(self, trusting: pytest.MonkeyPatch) -> None:
        trusting.setattr(settings(), "proxy_hops", 2)
        assert client_address(scope(PROXY, "1.1.1.1, 203.0.113.9, 10.0.0.8")) == "203.0.113.9"
        # The inner one was reached without the outer one: what stands further left is anybody's.
        assert client_address(scope(PROXY, "1.1.1.1, 203.0.113.9")) == "203.0.113.9"
        assert client_address(scope(PROXY, "1.1.1.1, 10.0.0.9, 10.0.0.8")) == "10.0.0.9"


class TestWarning:
    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(addresses, "_has_warned", False)

    def warnings(self, lines: Lines) -> list[str]:
        told = [json.loads(line) for line in lines.getvalue().splitlines() if "proxy.untrusted" in line]
        return [line["peer"] for line in told]

    def test_a_header_that_nobody_may_send_is_told_once(self, lines: Lines) -> None:
        before = self.warnings(lines)
        for _ in range(3):
            client_address(scope(PROXY, "203.0.113.9"))
        assert self.warnings(lines) == [*before, PROXY]

    def test_a_public_address_stays_out_of_the_log(self, lines: Lines) -> None:
        before = self.warnings(lines)
        client_address(scope("8.8.8.8", forwarded="for=203.0.113.9"))
        assert self.warnings(lines) == [*before, "a public address"]
        assert "8.8.8.8" not in lines.getvalue()

    def test_a_server_that_has_read_it_is_believed(self, lines: Lines) -> None:
        before = self.warnings(lines)
        assert client_address(scope("203.0.113.9", "203.0.113.9", port=0)) == "203.0.113.9"
        assert self.warnings(lines) == before
