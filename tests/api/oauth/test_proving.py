"""What proves a client: a key of its own (RFC 7523), or one of two secrets; and what of the kind does not."""

import asyncio
import base64
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from domain.people import client_keys, expiring, partners
from domain.people.client_keys import NoClientKey
from domain.people.expiring import ProofKind
from domain.people.partners import Partner, PartnerClient, SecretsOverlap
from infra import clock as house_clock
from infra.database import reading, transaction
from infra.ids import new_id
from infra.outbox import Event
from infra.settings import settings
from tests.api.doors import Client
from tests.api.oauth.test_hostile_tokens import base64url, encoded
from tests.api.people import open_shop
from tests.clocks import Clock
from tests.logs import Lines

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRANT = {"grant_type": "client_credentials"}
FOREIGN = ECKey.generate_key("P-256")


WEAK = {"kty": "RSA", "e": "AQAB", "n": base64url(((1 << 1023) + 1).to_bytes(128))}


@dataclass(frozen=True)
class Holder:
    """A client that is proven by a key of its own, and its secret."""

    http: httpx2.AsyncClient
    partner: Partner
    client_id: str
    secret: str
    key: Key
    kid: str

    def claims(self, **other: Any) -> dict[str, Any]:
        now = int(time.time())
        told = {"iss": self.client_id, "sub": self.client_id, "aud": settings().public_url, "jti": str(new_id())}
        return {
            name: value for name, value in {**told, "iat": now, "exp": now + 60, **other}.items() if value is not None
        }

    def assertion(self, *, header: Mapping[str, Any] | None = None, key: Key | None = None, **other: Any) -> str:
        said = {"alg": "ES256", "kid": self.kid, **(header or {})}
        signed_by = key or self.key
        return jwt.encode(said, self.claims(**other), signed_by, algorithms=[said["alg"]])

    async def ask(self, assertion: str, path: str = "token", **form: str) -> httpx2.Response:
        proof = {"client_assertion_type": KIND, "client_assertion": assertion}
        return await self.http.post(f"/oauth/{path}", data={**GRANT, **proof, **form})

    async def ask_by_secret(self, secret: str) -> int:
        response = await self.http.post("/oauth/token", data=GRANT, auth=(self.client_id, secret))
        return response.status_code


async def make_holder(http: httpx2.AsyncClient, key: Key) -> Holder:
    shop, client_id = await open_shop(), f"holder-{new_id()}"
    async with transaction() as db:
        secret = await partners.issue_client(db, shop.partner, client_id)
        client = await db.get_one(PartnerClient, client_id)
        ends = await house_clock.now(db) + timedelta(days=90)
        kept = await client_keys.register(db, client, key.as_dict(private=False), ends)
    return Holder(http, shop.partner, client_id, secret, key, kept.id)


@pytest.fixture
async def holder(http: httpx2.AsyncClient) -> Holder:
    return await make_holder(http, ECKey.generate_key("P-256"))


class TestByKey:
    @pytest.mark.parametrize(
        ("key", "alg"),
        [
            (ECKey.generate_key("P-256"), "ES256"),
            (ECKey.generate_key("P-384"), "ES384"),
            (OKPKey.generate_key("Ed25519"), "Ed25519"),
            (RSAKey.generate_key(2048), "PS256"),
            (RSAKey.generate_key(2048), "RS256"),
        ],
    )
    async def test_each_kind_of_key_gets_a_token_that_works(self, http: httpx2.AsyncClient, key: Key, alg: str) -> None:
        holder = await make_holder(http, key)
        answer = await holder.ask(holder.assertion(header={"alg": alg}))
        assert answer.status_code == 200, answer.text
        client = Client(http, "partner", answer.json()["access_token"])
        assert await client.ask("{ __typename }")

    @pytest.mark.parametrize("path", ["introspect", "revoke"])
    async def test_it_proves_the_client_at_each_endpoint(self, holder: Holder, path: str) -> None:
        token = (await holder.ask(holder.assertion())).json()["access_token"]
        assert (await holder.ask(holder.assertion(), path, token=token)).status_code == 200

    async def test_what_a_library_may_say_otherwise(self, holder: Holder) -> None:
        issuer, now = settings().public_url, time.time()
        for assertion in (
            holder.assertion(aud=[issuer]),
            holder.assertion(aud=[issuer, f"{issuer}/oauth/token"]),
            holder.assertion(aud=f"{issuer}/oauth/token"),
            holder.assertion(aud=f"{issuer}/oauth/par"),
            holder.assertion(header={"typ": "JWT"}),
            holder.assertion(header={"typ": "client-authentication+jwt"}),
            holder.assertion(nbf=int(now) + 20, iat=int(now) + 20, exp=now + 300.5),
            holder.assertion(iat=None),
        ):
            assert (await holder.ask(assertion, client_id=holder.client_id)).status_code == 200

    async def test_each_is_good_once_whoever_is_first(self, holder: Holder) -> None:
        assertion = holder.assertion()
        answers = await asyncio.gather(*(holder.ask(assertion) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200, *[401] * 7]

    @pytest.mark.parametrize(
        "other",
        [
            {"iss": "another"},
            {"sub": "another"},
            {"iss": None},
            {"aud": None},
            {"aud": []},
            {"aud": "https://another.example"},
            {"aud": "{issuer}/"},
            {"aud": ["{issuer}", "https://another.example"]},
            {"aud": {"a": 1}},
            {"exp": None},
            {"exp": -1},
            {"exp": 390},
            {"exp": "9999999999"},
            {"exp": True},
            {"iat": 60},
            {"nbf": 60},
            {"iat": "now"},
            {"jti": None},
            {"jti": ""},
            {"jti": 7},
            {"jti": "x" * 201},
        ],
    )
    async def test_claims_that_are_not_for_us_now_and_once(self, holder: Holder, other: dict[str, Any]) -> None:
        """Times in seconds from now."""

        def told(value: Any) -> Any:
            match value:
                case str():
                    return value.format(issuer=settings().public_url)
                case list():
                    return [told(each) for each in value]
                case int() if "jti" not in other and not isinstance(value, bool):
                    return int(time.time()) + value
            return value

        answer = await holder.ask(holder.assertion(**{name: told(value) for name, value in other.items()}))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    @pytest.mark.parametrize(
        "header",
        [
            {"kid": "another"},
            {"typ": "at+jwt"},
            {"jku": "https://attacker.example/keys"},
            {"jwk": FOREIGN.as_dict(private=False)},
            {"x5u": "https://attacker.example"},
        ],
    )
    async def test_headers_that_lead_elsewhere(self, holder: Holder, header: dict[str, Any]) -> None:
        assert (await holder.ask(holder.assertion(header=header))).status_code == 401

    async def test_a_foreign_key_the_public_part_as_a_secret_and_noise(self, holder: Holder) -> None:
        assert isinstance(holder.key, ECKey)
        by_public = f"{encoded({'alg': 'HS256', 'kid': holder.kid})}.{encoded(holder.claims())}"
        proof = hmac.digest(holder.key.as_pem(private=False), by_public.encode(), "sha256")
        body = holder.assertion().rsplit(".", 1)[0]
        other = await make_holder(holder.http, FOREIGN)
        for assertion in (
            holder.assertion(key=FOREIGN),
            holder.assertion(key=FOREIGN, header={"kid": other.kid}),
            f"{by_public}.{base64url(proof)}",
            f"{body}.",
            "noise",
            "a.b.c",
            "x" * 5_000,
        ):
            answer = await holder.ask(assertion)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    async def test_two_proofs_at_once_or_half_of_one_are_refused(self, holder: Holder) -> None:
        proof = {"client_assertion_type": KIND, "client_assertion": holder.assertion()}
        secret = {"client_id": holder.client_id, "client_secret": holder.secret}
        for form, auth in (
            ({**proof, **secret}, None),
            (
                proof,
                {"Authorization": "Basic " + base64.b64encode(f"{holder.client_id}:{holder.secret}".encode()).decode()},
            ),
            ({"client_assertion": proof["client_assertion"]}, None),
            ({"client_assertion_type": KIND}, None),
            ({**proof, "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, None),
        ):
            told = {**GRANT, **form}
            answer = await holder.http.post("/oauth/token", data=told, headers=auth)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        wrong_name = await holder.ask(proof["client_assertion"], client_id="another")
        assert wrong_name.status_code == 401
        assert (await holder.ask(proof["client_assertion"])).status_code == 200, "none of them spent it"

    async def test_a_key_that_is_over_or_was_taken_back_proves_nothing(self, holder: Holder, clock: Clock) -> None:
        async with transaction() as db:
            client = await db.get_one(PartnerClient, holder.client_id)
            ends = await house_clock.now(db) + timedelta(days=1)
            second = ECKey.generate_key("P-256")
            await client_keys.register(db, client, {**second.as_dict(private=False), "kid": "second"}, ends)
        assert (await holder.ask(holder.assertion(key=second, header={"kid": "second"}))).status_code == 200
        assert (await holder.ask(holder.assertion(key=second, header={}))).status_code == 401, "its kid is another's"
        async with transaction() as db:
            assert await client_keys.forget(db, holder.client_id, "second")
        assert (await holder.ask(holder.assertion(key=second, header={"kid": "second"}))).status_code == 401
        await clock.forward(days=90)
        soon = int((await clock.now()).timestamp()) + 60
        assert (await holder.ask(holder.assertion(iat=None, exp=soon))).status_code == 401


class TestRegistering:
    @pytest.mark.parametrize(
        ("jwk", "why"),
        [
            ({}, "no JWK"),
            ({"kty": "EC"}, "no JWK"),
            (FOREIGN.as_dict(private=True), "the public part alone"),
            (OctKey.generate_key(256).as_dict(), "the public part alone"),
            ({**FOREIGN.as_dict(private=False), "use": "enc"}, "a key signs"),
            (ECKey.generate_key("secp256k1").as_dict(private=False), "a key signs"),
            (OKPKey.generate_key("X25519").as_dict(private=False), "a key signs"),
            (WEAK, "a key signs"),
        ],
    )
    @pytest.mark.filterwarnings("ignore")
    def test_what_is_no_public_key_that_signs(self, jwk: dict[str, Any], why: str) -> None:
        with pytest.raises(NoClientKey, match=why):
            client_keys.read(jwk)

    async def test_no_name_twice_no_sixth_and_none_that_is_over(self, holder: Holder) -> None:
        async with transaction() as db:
            client, now = await db.get_one(PartnerClient, holder.client_id), await house_clock.now(db)
            own, ends = holder.key.as_dict(private=False), now + timedelta(days=1)
            with pytest.raises(NoClientKey, match="has a key"):
                await client_keys.register(db, client, own, ends)
            with pytest.raises(NoClientKey, match="over already"):
                await client_keys.register(db, client, {**own, "kid": "late"}, now)
            for number in range(2, 6):
                await client_keys.register(db, client, {**own, "kid": f"n{number}"}, ends)
            with pytest.raises(NoClientKey, match="at most 5 keys"):
                await client_keys.register(db, client, {**own, "kid": "n6"}, ends)


class TestTwoSecrets:
    async def rotate(self, holder: Holder, **days: int) -> str:
        async with transaction() as db:
            client = await db.get_one(PartnerClient, holder.client_id)
            ends = await house_clock.now(db) + timedelta(days=days.get("lasts", 365))
            return await partners.rotate_secret(db, client, overlap=timedelta(days=7), expires_at=ends)

    async def test_both_are_right_for_a_week_and_then_the_new_one_alone(self, holder: Holder, clock: Clock) -> None:
        new = await self.rotate(holder)
        assert [await holder.ask_by_secret(each) for each in (holder.secret, new, "wrong")] == [200, 200, 401]
        with pytest.raises(SecretsOverlap, match="two secrets are right until"):
            await self.rotate(holder)
        await clock.forward(days=7)
        assert [await holder.ask_by_secret(each) for each in (holder.secret, new)] == [401, 200]
        newest = await self.rotate(holder)
        assert [await holder.ask_by_secret(each) for each in (holder.secret, new, newest)] == [401, 200, 200]

    async def test_one_that_is_over_is_wrong_also_while_it_is_the_old_one(self, holder: Holder, clock: Clock) -> None:
        short = await self.rotate(holder, lasts=8)
        await clock.forward(days=7)
        new = await self.rotate(holder)
        assert await holder.ask_by_secret(short) == 200
        await clock.forward(days=1)
        assert [await holder.ask_by_secret(each) for each in (short, new)] == [401, 200]


class TestWarning:
    async def test_what_is_over_within_a_month_is_told_to_staff_and_to_the_partner(
        self, holder: Holder, clock: Clock, lines: Lines
    ) -> None:
        mine = "{ me { proofExpiresAt } }"
        token = (await holder.ask(holder.assertion())).json()["access_token"]
        assert await Client(holder.http, "partner", token).ask(mine) == {"me": {"proofExpiresAt": None}}
        await clock.forward(days=59, hours=23)
        async with transaction() as db:
            assert await expiring.soon(db, PartnerClient.client_id == holder.client_id) == []
            client = await db.get_one(PartnerClient, holder.client_id)
            await partners.rotate_secret(
                db, client, overlap=timedelta(0), expires_at=await house_clock.now(db) + timedelta(days=40)
            )
        await clock.forward(hours=1)
        async with reading() as db:
            (key,) = await expiring.soon(db, PartnerClient.client_id == holder.client_id)
        assert (key.kind, key.name, key.partner_id) == (ProofKind.KEY, holder.kid, holder.partner.id)
        await clock.forward(days=10)
        async with reading() as db:
            assert [each.kind for each in await expiring.soon(db, PartnerClient.client_id == holder.client_id)] == [
                ProofKind.KEY,
                ProofKind.SECRET,
            ]
            mark = lines.mark()
            await expiring.warn(
                db, Event(name=expiring.DUE, user_id=None, subject_id=None, data={}, occurred_at=key.expires_at)
            )
        warned = [line for line in lines.since(mark).splitlines() if holder.client_id in line]
        assert len(warned) == 2 and all("client.proof_expires" in line for line in warned)
        now = int((await clock.now()).timestamp())
        answer = await holder.ask(holder.assertion(iat=None, exp=now + 60))
        told = await Client(holder.http, "partner", answer.json()["access_token"]).ask(mine)
        assert told == {"me": {"proofExpiresAt": key.expires_at.isoformat()}}
        assert "longan_client_proofs_expiring" in (await holder.http.get("/metrics")).text
        async with transaction() as db:
            client, ends = await db.get_one(PartnerClient, holder.client_id), key.expires_at + timedelta(days=365)
            await client_keys.register(db, client, {**FOREIGN.as_dict(private=False), "kid": "next"}, ends)
            left = await expiring.soon(db, PartnerClient.client_id == holder.client_id)
        assert [each.kind for each in left] == [ProofKind.SECRET], (
            "whoever has the next key is warned of the old one no more"
        )
