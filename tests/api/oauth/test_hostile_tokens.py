"""Tokens that the house did not make for this door, or not any more."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx2
import pytest

from domain.people import partner_tokens, sessions
from infra.keys import keyring
from tests.api.doors import Client
from tests.api.people import Shop, open_shop

HEADER = {"alg": "HS256", "typ": "at+jwt"}


@pytest.fixture(scope="module")
async def shop() -> Shop:
    return await open_shop()


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed(header: dict[str, Any], claims: dict[str, Any], key: bytes | None = None) -> str:
    """Signed with the house's own key, unless another is given: only the claims or the header are wrong."""
    body = f"{encoded(header)}.{encoded(claims)}"
    proof = hmac.digest(key or keyring().token, body.encode(), hashlib.sha256)
    return f"{body}.{base64.urlsafe_b64encode(proof).rstrip(b'=').decode()}"


def claims_of(shop: Shop, **other: Any) -> dict[str, Any]:
    payload = shop.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {name: value for name, value in {**claims, **other}.items() if value is not None}


def test_the_house_signs_like_this_test(shop: Shop) -> None:
    assert partner_tokens.read(signed(HEADER, claims_of(shop))) is not None


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
        {"sub": "another"},
        {"client_id": None},
        {"client_id": ["a"]},
    ],
)
def test_claims_that_are_not_for_this_door(shop: Shop, other: dict[str, Any]) -> None:
    assert partner_tokens.read(signed(HEADER, claims_of(shop, **other))) is None


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "at+jwt"},
        {"alg": "HS512", "typ": "at+jwt"},
        {"alg": "RS256", "typ": "at+jwt"},
        {"alg": "HS256"},
        {"alg": "HS256", "typ": "JWT"},
        {**HEADER, "kid": "../../../../dev/null"},
        {**HEADER, "jku": "https://attacker.example/keys"},
        {**HEADER, "x5u": "https://attacker.example/cert"},
        {**HEADER, "jwk": {"kty": "oct", "k": "AA"}},
        {**HEADER, "crit": ["b64"], "b64": False},
    ],
)
def test_headers_that_are_not_ours(shop: Shop, header: dict[str, Any]) -> None:
    assert partner_tokens.read(signed(header, claims_of(shop))) is None


def test_a_foreign_key_a_changed_claim_and_noise(shop: Shop) -> None:
    header, _, proof = shop.token.split(".")
    changed = f"{header}.{encoded(claims_of(shop, client_id='another', sub='another'))}.{proof}"
    unsigned = f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{encoded(claims_of(shop))}."
    for token in (signed(HEADER, claims_of(shop), b"x" * 32), changed, unsigned, "", ".", "a.b", "a.b.c", "ÿ.ÿ.ÿ"):
        assert partner_tokens.read(token) is None


async def test_a_token_is_over_after_its_hour(shop: Shop, http: httpx2.AsyncClient) -> None:
    late = signed(HEADER, claims_of(shop, exp=int(time.time()) - 1))
    assert await Client(http, "partner", late).error_code("{ __typename }") == (401, "UNAUTHENTICATED")


def test_an_apps_token_is_none_of_a_partners_and_the_other_way_round(shop: Shop) -> None:
    assert sessions.read_access_token(shop.token) is None
    app = claims_of(shop, aud=sessions.AUDIENCE, sid="a", gen=0)
    assert partner_tokens.read(signed(HEADER, app)) is None
