"""OpenID Connect providers that lie, forge, rotate their keys, or leave things out."""

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.providers import keysets, oidc
from integrations.providers.descriptions import Registration
from integrations.providers.failures import ProviderFailure, ProviderRefused, ProviderUnavailable
from integrations.providers.flow import Identity, begin, finish
from integrations.providers.history import read_facts
from tests.integrations.conftest import REDIRECT, Kept
from tests.integrations.serving import served

NONCE = "n-once"
KEY = RSAKey.generate_key(2048, {"kid": "1"})
OTHER_KEY = RSAKey.generate_key(2048)
SECRET = "a client secret that is long enough for any of them"


@dataclass
class Issuer:
    """A provider whose every answer a test can change."""

    url: str = ""
    key: Any = field(default_factory=lambda: KEY)
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: Any = field(default_factory=lambda: {"sub": "alice", "name": "Alice"})
    id_token: Callable[[dict[str, Any]], str] | None = None
    keys_asked: int = 0
    form: dict[str, Any] = field(default_factory=dict)
    authorization: str = ""

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self.discovery),
            Route("/jwks", self.jwks),
            Route("/token", self.token, methods=["POST"]),
            Route("/me", self.me),
        ]

    async def discovery(self, request: Request) -> Response:
        standard = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/me",
        }
        return JSONResponse({**standard, **self.metadata})

    async def jwks(self, request: Request) -> Response:
        self.keys_asked += 1
        unreadable = [
            {"kty": "unheard-of"},
            "nonsense",
            {"kty": "oct", "k": base64.urlsafe_b64encode(b"x" * 32).decode()},
        ]
        return JSONResponse({"keys": [*unreadable, self.key.as_dict(private=False)]})

    async def token(self, request: Request) -> Response:
        self.form, self.authorization = dict(await request.form()), request.headers.get("authorization", "")
        now = int(time.time())
        claims = {"iss": self.url, "sub": "alice", "aud": "longan", "iat": now, "exp": now + 60, "nonce": NONCE}
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        signed = self.id_token(claims) if self.id_token else self.signed(claims)
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "expires_in": "soon", "id_token": signed})

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        algorithm = "RS256" if isinstance(self.key, RSAKey) else "ES256"
        return jwt.encode({"alg": algorithm, "kid": self.key.kid, **header}, claims, self.key)

    async def me(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer at"
        return self.userinfo if isinstance(self.userinfo, Response) else JSONResponse(self.userinfo)

    def at(self, secret: str = SECRET) -> Registration:
        return Registration(oidc.OIDC, "longan", secret, self.url, frozenset([self.url.removeprefix("http://")]))

    async def link(self, secret: str = SECRET) -> Identity:
        return await finish(self.at(secret), f"{REDIRECT}?code=c&state=s", Kept("s", NONCE, "v" * 43))


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    async with served(list(made.routes())) as made.url:
        yield made


async def test_an_honest_provider_is_believed(issuer: Issuer) -> None:
    identity = await issuer.link()
    assert (identity.subject, identity.display_name, identity.tokens.expires_in) == ("alice", "Alice", None)
    assert (issuer.form["code_verifier"], issuer.form["redirect_uri"]) == ("v" * 43, REDIRECT)
    assert issuer.authorization == "Basic " + base64.b64encode(f"longan:{SECRET}".encode()).decode()


async def test_a_real_provider_tells_no_history(issuer: Issuer) -> None:

    assert await read_facts(issuer.at(), await issuer.link(), datetime.now(UTC)) == []


def forged_without_signature(claims: dict[str, Any]) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def forged_with_the_client_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256", "kid": "1"}, claims, OctKey.import_key(SECRET))


def forged_with_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "1"}, claims, OTHER_KEY)


@pytest.mark.parametrize(
    "forged",
    [
        forged_without_signature,
        forged_with_the_client_secret,
        forged_with_another_key,
        lambda claims: "x.y.z",
        lambda claims: "",
    ],
)
async def test_a_forged_token_is_refused(issuer: Issuer, forged: Callable[[dict[str, Any]], str]) -> None:
    issuer.id_token = forged
    with pytest.raises(ProviderRefused, match="bad_id_token"):
        await issuer.link()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://example.com"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": 7},
        {"nbf": 9_000_000_000},
    ],
)
async def test_a_token_that_is_not_for_this_link_is_refused(issuer: Issuer, claims: dict[str, Any]) -> None:
    issuer.claims = claims
    with pytest.raises(ProviderRefused, match="bad_id_token"):
        await issuer.link()


async def test_several_audiences_are_fine_if_we_are_the_one_authorized(issuer: Issuer) -> None:
    issuer.claims = {"aud": ["longan", "another"], "azp": "longan"}
    assert (await issuer.link()).subject == "alice"


async def test_new_keys_are_fetched_when_the_old_ones_no_longer_fit(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await issuer.link()
    await issuer.link()
    assert issuer.keys_asked == 1
    issuer.key = ECKey.generate_key("P-256", {"kid": "2"})
    with pytest.raises(ProviderRefused, match="bad_id_token"):
        await issuer.link()  # so soon after the last time we don't ask: a forger could make us ask at every try
    monkeypatch.setattr(keysets, "AGAIN_AFTER_SECONDS", 0)
    assert (await issuer.link()).subject == "alice"
    assert issuer.keys_asked == 2


@pytest.mark.parametrize(
    ("userinfo", "name"),
    [
        ({"sub": "alice", "preferred_username": "ali"}, "ali"),
        ({"sub": "alice"}, None),
        (Response("busy", 503), None),
        (Response("garbage"), None),
    ],
)
async def test_a_name_is_only_for_show(issuer: Issuer, userinfo: Any, name: str | None) -> None:
    issuer.userinfo = userinfo
    assert (await issuer.link()).display_name == name


async def test_userinfo_of_somebody_else_is_refused(issuer: Issuer) -> None:
    issuer.userinfo = {"sub": "mallory", "name": "Alice"}
    with pytest.raises(ProviderRefused, match="other_subject"):
        await issuer.link()


async def test_userinfo_is_not_asked_where_the_token_names_the_person(issuer: Issuer) -> None:
    issuer.claims, issuer.userinfo = {"name": "Alice L."}, {"sub": "mallory"}
    assert (await issuer.link()).display_name == "Alice L."


@pytest.mark.parametrize(
    ("metadata", "failure", "reason"),
    [
        ({"issuer": "https://example.com"}, ProviderRefused, "wrong_issuer"),
        ({"jwks_uri": None}, ProviderUnavailable, "incomplete_discovery"),
        ({"authorization_endpoint": "http://10.0.0.1/"}, ProviderRefused, "unsafe_authorization_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, ProviderRefused, "unsafe_authorization_endpoint"),
    ],
)
async def test_a_discovery_that_makes_no_sense_stops_the_link_at_its_start(
    issuer: Issuer, metadata: dict[str, Any], failure: type[ProviderFailure], reason: str
) -> None:
    issuer.metadata = metadata
    with pytest.raises(failure, match=reason):
        await begin(issuer.at(), REDIRECT)


async def test_a_discovery_that_points_inside_our_network_is_not_followed(issuer: Issuer) -> None:
    issuer.metadata = {"token_endpoint": "https://169.254.169.254/token"}
    with pytest.raises(ProviderUnavailable, match="UnsafeAddress"):
        await issuer.link()


async def test_the_client_proves_itself_as_the_provider_wants(issuer: Issuer) -> None:
    issuer.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"], "scopes_supported": ["openid"]}
    assert (await issuer.link()).granted_scopes == ("openid",)
    assert (issuer.authorization, issuer.form["client_secret"]) == ("", SECRET)


async def test_a_client_without_a_secret_shows_only_its_id(issuer: Issuer) -> None:
    assert (await issuer.link(secret="")).subject == "alice"
    assert issuer.authorization == ""
    assert (issuer.form["client_id"], "client_secret" in issuer.form) == ("longan", False)
