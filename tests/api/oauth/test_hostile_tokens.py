"""Tokens that the house did not make for this door, or not any more."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey

from domain.people import partner_tokens, sessions, signing_keys
from infra.database import reading
from infra.keys import keyring
from tests.api.doors import Client
from tests.api.people import Shop, open_shop


@pytest.fixture(scope="module")
async def shop() -> Shop:
    return await open_shop()


@pytest.fixture(scope="module")
async def key() -> ECKey:
    """The house's own."""
    async with reading() as db:
        return signing_keys.private_part(await signing_keys.signing(db))


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def encoded(part: Any) -> str:
    return base64url(json.dumps(part).encode())


def decoded(part: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return told


def signed(header: dict[str, Any], claims: dict[str, Any], key: ECKey) -> str:
    """Signed with the house's own key, unless it is given another: only the claims or the header are wrong."""
    body = f"{encoded(header)}.{encoded(claims)}"
    private = key.private_key
    assert private is not None
    r, s = decode_dss_signature(private.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{body}.{base64url(r.to_bytes(32) + s.to_bytes(32))}"


def header_of(shop: Shop) -> dict[str, Any]:
    return decoded(shop.token.split(".")[0])


def claims_of(shop: Shop, **other: Any) -> dict[str, Any]:
    claims = decoded(shop.token.split(".")[1])
    return {name: value for name, value in {**claims, **other}.items() if value is not None}


def test_the_house_signs_like_this_test(shop: Shop, key: ECKey) -> None:
    assert partner_tokens.read(signed(header_of(shop), claims_of(shop), key)) == partner_tokens.read(shop.token)


def test_a_token_is_what_rfc_9068_asks_for(shop: Shop, key: ECKey) -> None:
    assert header_of(shop) == {"alg": "ES256", "typ": "at+jwt", "kid": key.thumbprint()}
    claims = claims_of(shop)
    assert set(claims) == {"iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti"}
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (claims["client_id"], 3600)


@pytest.mark.parametrize(
    "other",
    [
        {"exp": None},
        {"exp": "9999999999"},
        {"aud": None},
        {"aud": sessions.AUDIENCE},
        {"aud": [partner_tokens.AUDIENCE, "another"]},
        {"iss": None},
        {"iss": "https://another.example"},
        {"sub": None},
        {"client_id": None},
        {"client_id": ["a"]},
        {"scope": None},
        {"scope": ["scores"]},
        {"jti": None},
        {"iat": None},
    ],
)
def test_claims_that_are_not_for_this_door(shop: Shop, key: ECKey, other: dict[str, Any]) -> None:
    assert partner_tokens.read(signed(header_of(shop), claims_of(shop, **other), key)) is None


@pytest.mark.parametrize(
    "other",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "application/at+jwt"},
        {"kid": None},
        {"kid": 7},
        {"kid": "../../../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/cert"},
        {"jwk": {"kty": "oct", "k": "AA"}},
        {"crit": ["b64"], "b64": False},
    ],
)
async def test_headers_that_are_not_ours(shop: Shop, key: ECKey, other: dict[str, Any]) -> None:
    header = {name: value for name, value in {**header_of(shop), **other}.items() if value is not None}
    assert await partner_tokens.find(signed(header, claims_of(shop), key)) is None


async def test_a_foreign_key_a_changed_claim_and_noise(shop: Shop) -> None:
    header, _, proof = shop.token.split(".")
    changed = f"{header}.{encoded(claims_of(shop, client_id='another', sub='another'))}.{proof}"
    unsigned = f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{encoded(claims_of(shop))}."
    foreign = signed(header_of(shop), claims_of(shop), ECKey.generate_key("P-256"))
    for token in (foreign, changed, unsigned, "", ".", "a.b", "a.b.c", "ÿ.ÿ.ÿ", "\ud800"):
        assert await partner_tokens.find(token) is None


@pytest.mark.parametrize("secret", ["its public part", "the key of the app's tokens"])
async def test_what_is_no_private_key_signs_nothing(shop: Shop, key: ECKey, secret: str) -> None:
    """The public part as the secret of an HMAC is the oldest trick of all."""
    known = {"its public part": key.as_pem(private=False), "the key of the app's tokens": keyring().token}[secret]
    for header in ({**header_of(shop), "alg": "HS256"}, {"alg": "HS256", "typ": "at+jwt"}, header_of(shop)):
        body = f"{encoded(header)}.{encoded(claims_of(shop))}"
        proof = hmac.digest(known, body.encode(), hashlib.sha256)
        assert await partner_tokens.find(f"{body}.{base64url(proof)}") is None


async def test_a_token_is_over_after_its_hour(shop: Shop, key: ECKey, http: httpx2.AsyncClient) -> None:
    late = signed(header_of(shop), claims_of(shop, exp=int(time.time()) - 1), key)
    assert await Client(http, "partner", late).error_code("{ __typename }") == (401, "UNAUTHENTICATED")


def test_an_apps_token_is_none_of_a_partners_and_the_other_way_round(shop: Shop, key: ECKey) -> None:
    assert sessions.read_access_token(shop.token) is None
    app = claims_of(shop, aud=sessions.AUDIENCE, sid="a", gen=0)
    assert partner_tokens.read(signed(header_of(shop), app, key)) is None
