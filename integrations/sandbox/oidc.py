"""An OpenID Connect provider, as the standard has it: discovery, PKCE, nonce, signed id_token, userinfo."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from integrations.providers.oidc import OIDC
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend, withdraw
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, html_response, json_response
from integrations.sandbox.personas import PERSONAS, History, Persona
from integrations.sandbox.world import SandboxWorld

TOKEN_SECONDS = 3600
REFRESH_SECONDS = 30 * 86400
KEY_ID = "sandbox"


@dataclass(frozen=True)
class OpenIdDialect:
    """One OpenID provider of the sandbox. `names` are claims of the id_token that show a name, where it has any."""

    key: str
    history: History
    desk: ConsentDesk
    names: Callable[[Persona], Mapping[str, str]] = lambda persona: {}
    renews: Callable[[Mapping[str, Any]], bool] = lambda given: True  # whether a code gives a refresh token
    sends_new_refresh_token: bool = True

    async def answer(self, world: SandboxWorld, request: Request) -> Response | None:
        match request.method, request.path:
            case "GET", "/.well-known/openid-configuration":
                return json_response(_metadata(issuer_of(world, self.key)))
            case "GET", "/jwks":
                return json_response({"keys": [_signing_key(world).as_dict(private=False, use="sig", alg="ES256")]})
            case "GET", "/authorize":
                return _authorize(world, self, request)
            case "POST", "/token":
                return await _token(world, self, request)
            case "POST", "/revoke":
                return await _revoke(world, self, request)
            case "GET", "/userinfo":
                return _userinfo(world, self, request)
            case "GET", "/longan/history":
                return _history(world, self, request)
            case _:
                return None


def issuer_of(world: SandboxWorld, key: str) -> str:
    return f"{world.base_url}/{key}"


def desk_of(key: str, name: str, *extras: str) -> ConsentDesk:
    """A desk that remembers what a code must be held against, and says who answers (RFC 9207)."""
    asked = ("nonce", "code_challenge", *extras)
    return ConsentDesk(key, name, extras=asked, also=lambda world: {"iss": issuer_of(world, key)})


def _metadata(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "revocation_endpoint": f"{issuer}/revoke",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": ["openid", "profile"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def _authorize(world: SandboxWorld, dialect: OpenIdDialect, request: Request) -> Response:
    if request.query.get("code_challenge_method") != "S256" or "openid" not in request.query.get("scope", "").split():
        return html_response("invalid_request", 400)
    return authorize(world, dialect.desk, request)


async def _token(world: SandboxWorld, dialect: OpenIdDialect, request: Request) -> Response:
    if not is_our_client(dialect.key, request):
        return _refused("invalid_client", 401)
    if request.form.get("grant_type") == "refresh_token":
        return await renew(
            world,
            dialect.key,
            request.form.get("refresh_token", ""),
            lambda it: json_response(_renewed(world, dialect, it)),
            _refused("invalid_grant"),
        )
    given = await spend(world, dialect.key, request.form.get("code", ""))
    if given is None or not is_its_beginner(given, request.form):
        return _refused("invalid_grant")
    tokens = _tokens(world, dialect.key, given, dialect.renews(given))
    return misbehaving(given) or json_response({**tokens, "id_token": _id_token(world, dialect, given)})


async def _revoke(world: SandboxWorld, dialect: OpenIdDialect, request: Request) -> Response:
    if not is_our_client(dialect.key, request):
        return _refused("invalid_client", 401)
    for kind in ("refresh", "access"):
        await withdraw(world, dialect.key, kind, request.form.get("token", ""))
    return json_response({})


def is_our_client(key: str, request: Request) -> bool:
    pair = f"{client_id(key)}:{client_secret(key)}".encode()
    expected = f"Basic {base64.b64encode(pair).decode()}"
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode())


def is_its_beginner(given: Mapping[str, Any], form: Mapping[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return bool(given["code_challenge"] == challenge and given["redirect_uri"] == form.get("redirect_uri"))


def _tokens(world: SandboxWorld, key: str, given: Mapping[str, Any], renewable: bool) -> dict[str, Any]:
    tokens = new_tokens(world, key, given, TOKEN_SECONDS, REFRESH_SECONDS)
    if not renewable:
        del tokens["refresh_token"]
    return {**tokens, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": given["scope"]}


def _renewed(world: SandboxWorld, dialect: OpenIdDialect, given: Mapping[str, Any]) -> dict[str, Any]:
    """With an id_token, which has no nonce now."""
    tokens = _tokens(world, dialect.key, given, dialect.sends_new_refresh_token)
    return {**tokens, "id_token": _id_token(world, dialect, given)}


def claims_of(world: SandboxWorld, key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What an id_token says, and each of the lies that a tester can ask for and a client must see through."""
    now = int(world.now)
    claims = {
        "iss": issuer_of(world, key),
        "sub": sub_of(world, key, given),
        "aud": client_id(key),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    } | ({"nonce": given["nonce"]} if "nonce" in given else {})
    match given["misbehave"]:
        case "wrong_nonce":
            claims["nonce"] = "another"
        case "wrong_audience":
            claims["aud"] = "another"
        case "wrong_issuer":
            claims["iss"] = "https://example.invalid"
        case "expired":
            claims |= {"iat": now - 7200, "exp": now - 3600}
    return claims


def _id_token(world: SandboxWorld, dialect: OpenIdDialect, given: Mapping[str, Any]) -> str:
    claims = {**claims_of(world, dialect.key, given), **dialect.names(PERSONAS[given["persona"]])}
    is_forged = given["misbehave"] == "wrong_key"
    key = ECKey.generate_key("P-256", {"kid": KEY_ID}) if is_forged else _signing_key(world)
    return jwt.encode({"alg": "ES256", "kid": KEY_ID}, claims, key)


def _userinfo(world: SandboxWorld, dialect: OpenIdDialect, request: Request) -> Response:
    given = bearer_of(world, dialect.key, request)
    if given is None:
        return _refused("invalid_token", 401)
    return json_response({"sub": sub_of(world, dialect.key, given), "name": PERSONAS[given["persona"]].nickname})


def _history(world: SandboxWorld, dialect: OpenIdDialect, request: Request) -> Response:
    given = bearer_of(world, dialect.key, request)
    if given is None:
        return _refused("invalid_token", 401)
    return json_response(dialect.history.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))


def bearer_of(world: SandboxWorld, key: str, request: Request) -> dict[str, Any] | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return world.seal.open(f"{key}:access", token, world.now) if scheme == "Bearer" else None


def sub_of(world: SandboxWorld, key: str, given: Mapping[str, Any]) -> str:
    return world.seal.derived(f"{key}:sub", given["subject"]).hex()[:32]


def _signing_key(world: SandboxWorld) -> ECKey:
    # Derived, so that what was signed before a restart still verifies after it. Any number below the curve's order will do.
    number = int.from_bytes(world.seal.derived("signing")) >> 1
    pem = ec.derive_private_key(number, ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return ECKey.import_key(pem, {"kid": KEY_ID})


def _refused(error: str, status: int = 400) -> Response:
    return json_response({"error": error}, status)


DIALECT = OpenIdDialect("oidc", History("oidc"), desk_of("oidc", OIDC.name))
KEY, HISTORY, answer = DIALECT.key, DIALECT.history, DIALECT.answer
