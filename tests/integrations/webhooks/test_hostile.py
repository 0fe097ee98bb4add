"""Hostile servers on real sockets: whatever they do, an attempt has one outcome, soon, and nothing else is reached."""

import asyncio
import datetime
import ipaddress
import ssl
import tempfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from domain.applications.applications import SUBMITTED
from infra.database import reading
from infra.outbox import Event
from infra.settings import settings
from integrations import client
from integrations.webhooks import deliveries, posting
from integrations.webhooks.deliveries import AttemptOutcome, DeliveryState
from integrations.webhooks.endpoints import WebhookPauseReason, WebhookStatus
from tests.api.people import Shop, apply_at
from tests.integrations.webhooks.hooks import (
    OK,
    Behave,
    Hook,
    Posted,
    answering,
    deliveries_of,
    endpoint_of,
    happen,
    hook,
    listen,
    send,
)

Came = AttemptOutcome


async def drip(posted: Posted, writer: asyncio.StreamWriter) -> None:
    """A byte of the head now and then, for ever."""
    while True:
        writer.write(b"H")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(posted: Posted, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")
        await writer.drain()


async def endless_head(posted: Posted, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x: " + b"y" * 10_000 + b"\r\n")
        await writer.drain()


async def endless_continue(posted: Posted, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        await writer.drain()


async def stall_after_the_head(posted: Posted, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
    await writer.drain()
    await asyncio.Event().wait()


async def hang(posted: Posted, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def status(line: str, *headers: str) -> Behave:
    return answering("\r\n".join([f"HTTP/1.1 {line}", *headers, "content-length: 0", "", ""]).encode())


@pytest.mark.parametrize(
    ("behave", "outcome", "said"),
    [
        (answering(OK), Came.DELIVERED, 200),
        (status("204 No Content"), Came.DELIVERED, 204),
        (endless, Came.DELIVERED, 200),
        (stall_after_the_head, Came.DELIVERED, 200),
        (drip, Came.TIMED_OUT, None),
        (hang, Came.TIMED_OUT, None),
        (endless_head, Came.BROKEN_OFF, None),
        (endless_continue, Came.BROKEN_OFF, None),
        (answering(b"HTTP/1.1 101 Switching\r\nupgrade: h2c\r\n\r\n"), Came.BROKEN_OFF, None),
        (answering(b"HTTP/1.1 103 Hints\r\n\r\n" + OK), Came.DELIVERED, 200),
        (answering(b"SSH-2.0-OpenSSH\r\n\r\n"), Came.BROKEN_OFF, None),
        (answering(b""), Came.BROKEN_OFF, None),
        (status("500 Oops"), Came.REFUSED, 500),
        (status("404 Not Found"), Came.REFUSED, 404),
        (status("503 Busy"), Came.UNAVAILABLE, 503),
        (status("429 Slower", "retry-after: 99"), Came.UNAVAILABLE, 429),
    ],
)
async def test_each_has_one_outcome(
    shop: Shop, server: Hook, behave: Behave, outcome: AttemptOutcome, said: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings().webhook_limits, "answer_seconds", 0.5 if outcome == Came.TIMED_OUT else 20)
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)
    server.behave = behave
    ((_, answer),) = await send()
    assert (answer.outcome, answer.status, len(server.posted)) == (outcome, said, 1)
    (delivery,) = await deliveries_of(endpoint)
    is_through = outcome == Came.DELIVERED
    assert delivery.state == (DeliveryState.DELIVERED if is_through else DeliveryState.WAITING)
    async with reading() as db:
        (attempt,) = (await deliveries.attempts_of(db, {delivery.id}))[delivery.id]
    assert (attempt.number, attempt.outcome, attempt.status) == (1, outcome, said)
    assert await send() == [], "it is tried again, but not now"


@pytest.mark.parametrize("line", ["301 Moved", "302 Found", "303 See Other", "307 Here", "308 There"])
async def test_a_redirect_is_not_followed(shop: Shop, server: Hook, line: str) -> None:
    endpoint, _ = await listen(shop, server.url)
    await happen(await apply_at(shop), SUBMITTED)
    async with hook() as inside:
        server.behave = status(line, f"location: {inside.url}")
        ((_, answer),) = await send()
        assert (answer.outcome, inside.posted) == (Came.REDIRECTED, [])
    assert (await endpoint_of(endpoint)).failures == 0


async def test_gone_pauses_it_and_nothing_is_lost(shop: Shop, server: Hook) -> None:
    endpoint, _ = await listen(shop, server.url)
    application = await apply_at(shop)
    await happen(application, SUBMITTED)
    server.behave = status("410 Gone")
    ((_, answer),) = await send()
    assert answer.outcome == Came.GONE
    row = await endpoint_of(endpoint)
    assert (row.status, row.pause_reason, row.paused_at is None) == (
        WebhookStatus.PAUSED,
        WebhookPauseReason.GONE,
        False,
    )
    assert await send() == []
    (delivery,) = await deliveries_of(endpoint)
    assert (delivery.state, deliveries.status_of(delivery, row)) == ("WAITING", "PAUSED")
    async with reading() as db:
        told = select(Event.data).where(Event.name == "webhook.paused", Event.subject_id == endpoint)
        assert (await db.execute(told)).scalars().all() == [{"reason": "GONE"}]


class TestAddresses:
    async def test_nobody_listens(self, shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
        async with hook() as gone:
            pass
        monkeypatch.setattr(settings(), "webhook_allow", [gone.authority])
        assert await outcome_at(shop, gone.url) == Came.UNREACHABLE

    async def test_a_name_that_moved_to_a_private_address_is_not_called(
        self, shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was public when it was set; the setting allows an address, not whichever name leads there."""

        async def resolve(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        monkeypatch.setattr(client, "_resolve", resolve)
        assert await outcome_at(shop, f"https://rebound.example:{server.port}/") == Came.UNSAFE_ADDRESS
        assert await outcome_at(shop, f"http://rebound.example:{server.port}/") == Came.UNSAFE_ADDRESS
        assert server.posted == []

    async def test_the_address_that_was_checked_is_the_one_that_is_called(
        self, shop: Shop, server: Hook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A name server that answers otherwise each time is asked once for an attempt."""
        asked: list[str] = []

        async def resolve(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

        monkeypatch.setattr(client, "_resolve", resolve)
        monkeypatch.setattr(settings(), "webhook_allow", [f"partner.example:{server.port}"])
        assert await outcome_at(shop, f"http://partner.example:{server.port}/") == Came.DELIVERED
        assert (asked, server.posted[0].headers["host"]) == (["partner.example"], f"partner.example:{server.port}")


class TestTls:
    async def test_a_certificate_that_nobody_vouches_for(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        async with hook(tls=self_signed()[0]) as server:
            monkeypatch.setattr(settings(), "webhook_allow", [server.authority])
            assert await outcome_at(shop, f"https://{server.authority}/") == Came.TLS_FAILED
            assert server.posted == []

    @pytest.mark.parametrize(
        ("host", "outcome"),
        [("127.0.0.1", Came.DELIVERED), ("127.0.0.2", Came.TLS_FAILED)],
        ids=["its own", "another's"],
    )
    async def test_a_certificate_must_be_for_the_name(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch, host: str, outcome: AttemptOutcome
    ) -> None:
        context, trusting = self_signed(host)
        monkeypatch.setattr(posting, "certificates", lambda: trusting)
        async with hook(tls=context) as server:
            monkeypatch.setattr(settings(), "webhook_allow", [server.authority])
            assert await outcome_at(shop, f"https://{server.authority}/") == outcome
            assert len(server.posted) == (outcome == Came.DELIVERED)

    async def test_a_server_that_speaks_none(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        authority = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        monkeypatch.setattr(settings(), "webhook_allow", [authority])
        assert await outcome_at(shop, f"https://{authority}/") == Came.TLS_FAILED
        server.close()


async def outcome_at(shop: Shop, url: str) -> AttemptOutcome:
    """Of the newest delivery of the shop's, which goes there."""
    endpoint, _ = await listen(shop, url)
    await happen(await apply_at(shop), SUBMITTED)
    (answer,) = [answer for taken, answer in await send() if taken.endpoint_id == endpoint]
    return answer.outcome


def self_signed(host: str = "127.0.0.1") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server, and for a client that trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    public = signed.public_bytes(serialization.Encoding.PEM)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder, "both.pem")
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        pem.write_bytes(private + public)
        context.load_cert_chain(pem)
    return context, ssl.create_default_context(cadata=public.decode())
