"""Providers and gateways that answer anything at all: a clear end for the person, and nothing left half done.

The sandbox answers over real HTTP as ever; on the way one of its answers is spoiled, by a seed that a failure names.
`LONGAN_ANSWERS=800` spoils so many of each provider's.
"""

import json
import os
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest
from joserfc import jwt
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dev import sandbox
from domain.actors import UserActor
from domain.facts import accounts
from domain.facts.link_requests import AccountLinkRequest, RequestStatus
from domain.people import users
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.settings import settings
from integrations import linking
from integrations.kept_tokens import kept_tokens
from integrations.providers.failures import ProviderFailure
from integrations.providers.history import read_facts
from integrations.register.answers import Attestation, RegisterAway, Resident
from integrations.registrations import registration
from integrations.rsa2 import sign
from integrations.sandbox.credentials import PLATFORM_KEY
from integrations.sandbox.oidc import KEY_ID, _signing_key
from integrations.sandbox.sealing import SandboxSeal
from integrations.sandbox.world import SandboxWorld
from integrations.sms.messages import SmsFailure
from tests.integrations.conftest import Desk, NeverCameBack, forget
from tests.integrations.registers import StandIn, register_of
from tests.integrations.serving import served
from tests.integrations.sms.test_sms_gateways import ALIYUN, MESSAGE, TENCENT, TWILIO, reached
from tests.integrations.test_linking import callback_of
from tests.integrations.test_linking_at_the_sandbox import KEYS

SEEDS = range(int(os.environ.get("LONGAN_ANSWERS", "60")))
AS_OF = datetime(2026, 11, 22, 8, tzinfo=UTC)
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, 10**30, 1_764_300_000_000, "", "0", " ", "x" * 3000),
    *("\ud83d", "小王\ud83d", "a\x00b", "a\nb", "\u202e", "\\x", [], {}, [None], {"data": None}, [[[]]], [{"code": 1}]),
)
BODIES = (
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"\xff\xfe\x00",
    b"[" * 5000,
    b"callback(",
    b"access_token",
    b"=&=&",
    b"<html>",
)
Spoil = Callable[[bytes], bytes]


@dataclass
class Spoiling:
    """Passes a server's answers on, and spoils the next one with a body after `skipped` others."""

    app: ASGIApp
    spoil: Spoil | None = None
    skipped: int = 0
    seen: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        await Response(self._passed(body), messages[0]["status"], _headers(messages[0]))(scope, receive, send)

    def _passed(self, body: bytes) -> bytes:
        if not body or self.spoil is None:
            return body
        self.skipped -= 1
        return self.spoil(body) if self.skipped < 0 else body


def _headers(start: Message) -> dict[str, str]:
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return {name: value for name, value in told.items() if name != "content-length"}


@dataclass(frozen=True)
class OddDesk(Desk):
    way: Spoiling
    world: SandboxWorld


@pytest.fixture(scope="module")
async def odd() -> AsyncIterator[OddDesk]:
    worlds: list[SandboxWorld] = []
    way = Spoiling(Starlette(routes=sandbox.mounted(lambda: worlds[0])))
    async with served([Mount("/", app=way)]) as url:
        worlds.append(SandboxWorld(f"{url}/sandbox", SandboxSeal(b"o" * 32)))
        yield OddDesk(url, way, worlds[0])


def spoiler(seed: int, world: SandboxWorld) -> Spoil:
    """Another body for a body: another value somewhere in it, other bytes, or something else altogether."""
    chance = random.Random(seed)

    def spoil(body: bytes) -> bytes:
        match chance.randrange(8):
            case 0:
                return chance.choice(BODIES)
            case 1:
                return body[: chance.randrange(len(body))]
            case 2:
                place = chance.randrange(len(body))
                return body[:place] + chance.randbytes(3) + body[place + 1 :]
            case _:
                return _changed(body, chance, world)

    return spoil


def _changed(body: bytes, chance: random.Random, world: SandboxWorld) -> bytes:
    start, end = body.find(b"{"), body.rfind(b"}") + 1
    try:
        reply = json.loads(body[start:end])
    except ValueError:
        return chance.choice(BODIES)
    name = next((name for name in reply if name.endswith("_response") and "sign" in reply), None)
    if name:  # signed anew: it must hold though every signature is right
        reply[name] = _replaced(reply[name], chance)
        text = json.dumps(reply[name])
        return f'{{"{name}": {text}, "sign": "{sign(text.encode(), PLATFORM_KEY)}"}}'.encode()
    if "id_token" in reply and chance.random() < 0.7:
        key = _signing_key(world)
        claims = _replaced(dict(jwt.decode(reply["id_token"], key).claims), chance)
        if isinstance(claims, dict) and _can_be_signed(claims):
            reply["id_token"] = jwt.encode({"alg": "ES256", "kid": KEY_ID}, claims, key)
    else:
        reply = _replaced(reply, chance)
    return body[:start] + json.dumps(reply).encode() + body[end:]


def _can_be_signed(claims: dict[str, Any]) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in json.dumps(claims, ensure_ascii=False))


def _replaced(value: Any, chance: random.Random) -> Any:
    """The same, with something odd in one place."""
    if isinstance(value, dict) and value and chance.random() < 0.95:
        name = chance.choice([*value])
        if chance.random() < 0.1:
            return {other: part for other, part in value.items() if other != name}
        return {**value, name: _replaced(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        return [*value[:place], _replaced(value[place], chance), *value[place + 1 :]]
    return chance.choice(ODD)


@pytest.mark.parametrize("key", KEYS)
async def test_an_odd_answer_proves_somebody_or_fails_as_the_providers_fault(odd: OddDesk, key: str) -> None:
    ends: list[str] = []
    for seed in SEEDS:
        forget()
        odd.way.spoil, odd.way.skipped = spoiler(seed, odd.world), seed % 5
        try:
            identity = await odd.link(key)
            facts = await read_facts(odd.at(key), identity, AS_OF)
        except ProviderFailure as failure:
            ends.append(failure.reason)
            continue
        except NeverCameBack:
            ends.append("sent_to_no_page")  # by what was told of the provider: nobody came to us
            continue
        finally:
            odd.way.spoil = None
        kept = kept_tokens(odd.at(key), identity.tokens, AS_OF).tokens
        orjson.dumps([identity.subject, identity.union_id, identity.display_name, identity.granted_scopes, kept])
        orjson.dumps([[fact.name, fact.value, fact.observed_at] for fact in facts])
        assert identity.subject not in ("", "None"), seed
        assert identity.display_name != "None", seed
    assert 0 < len(ends) < len(SEEDS)
    # What no dialect foresaw is caught as well; the readers should leave little to that.
    assert sum(reason.startswith("odd_answer") for reason in ends) <= len(SEEDS) // 30, ends


async def test_however_it_answers_the_request_ends_and_a_new_start_works(
    odd: OddDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = settings().model_copy(update={"public_url": odd.url})
    for place in ("integrations.linking", registration.__module__):
        monkeypatch.setattr(f"{place}.settings", lambda: ours)
    refused: list[RefusalCode] = []
    for seed, key in enumerate(KEYS * 3):
        async with transaction() as db:
            user = await users.find_or_register(db, f"+86139{uuid4().int % 10**8:08}")
        actor = UserActor(user.id, uuid4())
        callback = await callback_of(odd, actor, key)
        odd.way.spoil, odd.way.skipped = spoiler(1000 + seed, odd.world), seed % 3
        try:
            await linking.complete(actor, callback)
        except Refusal as refusal:
            refused.append(refusal.code)
        finally:
            odd.way.spoil = None
        async with reading() as db:
            mine = select(AccountLinkRequest.status).where(AccountLinkRequest.user_id == actor.user_id)
            assert (await db.execute(mine)).scalar_one() in (RequestStatus.LINKED, RequestStatus.FAILED)
        forget()
        await linking.complete(actor, await callback_of(odd, actor, key))
        async with reading() as db:
            assert [account.provider for account in await accounts.linked(db, actor.user_id)] == [key]
    assert set(refused) == {RefusalCode.PROVIDER_REFUSED, RefusalCode.PROVIDER_UNAVAILABLE}


@pytest.mark.parametrize("chosen", [ALIYUN, TENCENT, TWILIO], ids=["aliyun", "tencent", "twilio"])
async def test_a_gateway_that_answers_anything_has_sent_or_failed(chosen: Any) -> None:
    good = json.dumps(
        {"Code": "OK", "sid": "SM1", "code": 1, "Response": {"SendStatusSet": [{"Code": "Ok"}], "Error": None}}
    ).encode()
    chance, sent, ends = random.Random(7), 0, list[str]()
    said = Response()

    async def answer(_: Request) -> Response:
        return said

    async with reached(answer, chosen) as gateway:
        for _ in range(60):
            body = chance.choice(BODIES) if chance.random() < 0.3 else _changed(good, chance, world=None)  # type: ignore[arg-type]
            said = Response(body, chance.choice([200, 201, 400, 429, 500]), {"Content-Type": "application/json"})
            try:
                await gateway.send(MESSAGE)
                sent += 1
            except SmsFailure as failure:
                ends.append(failure.reason)
    assert sent
    assert len(ends) == 60 - sent
    assert all(reason.isascii() for reason in ends)


async def test_a_register_that_answers_anything_says_yes_in_its_own_word_alone() -> None:
    good = {"Code": "200", "ResultObject": {"BizCode": "1"}, "Data": {"VerifyResult": "1"}}
    chance, yes, reasons = random.Random(11), 0, list[str]()
    stand_in = StandIn()
    async with register_of(stand_in) as register:
        for turn in range(120):
            told = json.dumps(good | {"Code": "OK" if turn % 3 == 2 else "200"}).encode()
            body = chance.choice(BODIES) if chance.random() < 0.2 else _changed(told, chance, world=None)  # type: ignore[arg-type]
            status = chance.choice([200, 200, 200, 400, 429, 503])

            async def answer(_: Request, body: bytes = body, status: int = status) -> Response:
                return Response(body, status)

            stand_in.misbehave = answer
            person = Resident("\u674e\u96f7", "11010519491231002X")
            asked = [
                register.is_owner(person, "+8613800138000"),
                register.is_holder(person, "BANK", "4111111111111111"),
                register.has_new_owner("+8613800138000", AS_OF),
            ]
            chosen = asked.pop(turn % 3)
            for unasked in asked:
                unasked.close()
            try:
                found = await chosen
            except RegisterAway as away:
                reasons.append(away.reason)
                continue
            if found is Attestation.YES:
                yes += 1
                reply = json.loads(body)
                said = reply["Data"]["VerifyResult"] if turn % 3 == 2 else reply["ResultObject"]["BizCode"]
                assert (said, reply["Code"], status) == ("1", "OK" if turn % 3 == 2 else "200", 200)
    assert yes and reasons
    assert all(reason.isascii() for reason in reasons)
