"""An OpenID Connect provider, as the standard has it: discovery, PKCE, nonce, signed id_token, userinfo."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from integrations.providers.oidc import OIDC
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, spend
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, html_response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = "oidc"
TOKEN_SECONDS = 3600
REFRESH_SECONDS = 30 * 86400
KEY_ID = "sandbox"


def _issuer(world: SandboxWorld) -> str:
    return f"{world.base_url}/{KEY}"


DESK = ConsentDesk(KEY, OIDC.name, extras=("nonce", "code_challenge"), also=lambda world: {"iss": _issuer(world)})
HISTORY = History("oidc")


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/.well-known/openid-configuration":
            return json_response(_metadata(world))
        case "GET", "/jwks":
            return json_response({"keys": [_signing_key(world).as_dict(private=False, use="sig", alg="ES256")]})
        case "GET", "/authorize":
            return _authorize(world, request)
        case "POST", "/token":
            return await _token(world, request)
        case "POST", "/revoke":
            return json_response({}) if _is_our_client(request) else _refused("invalid_client", 401)
        case "GET", "/userinfo":
            return _userinfo(world, request)
        case "GET", "/longan/history":
            return _history(world, request)
        case _:
            return None


def _metadata(world: SandboxWorld) -> dict[str, Any]:
    issuer = _issuer(world)
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


def _authorize(world: SandboxWorld, request: Request) -> Response:
    if request.query.get("code_challenge_method") != "S256" or "openid" not in request.query.get("scope", "").split():
        return html_response("invalid_request", 400)
    return authorize(world, DESK, request)


async def _token(world: SandboxWorld, request: Request) -> Response:
    if not _is_our_client(request):
        return _refused("invalid_client", 401)
    if request.form.get("grant_type") == "refresh_token":
        given = world.seal.open(f"{KEY}:refresh", request.form.get("refresh_token", ""), world.now)
        return json_response(_tokens(world, given)) if given else _refused("invalid_grant")
    given = await spend(world, KEY, request.form.get("code", ""))
    if given is None or not _is_its_beginner(given, request.form):
        return _refused("invalid_grant")
    return misbehaving(given) or json_response({**_tokens(world, given), "id_token": _id_token(world, given)})


def _is_our_client(request: Request) -> bool:
    pair = f"{client_id(KEY)}:{client_secret(KEY)}".encode()
    expected = f"Basic {base64.b64encode(pair).decode()}"
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode())


def _is_its_beginner(given: Mapping[str, Any], form: Mapping[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return bool(given["code_challenge"] == challenge and given["redirect_uri"] == form.get("redirect_uri"))


def _tokens(world: SandboxWorld, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS),
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": given["scope"],
    }


def _id_token(world: SandboxWorld, given: Mapping[str, Any]) -> str:
    now = int(world.now)
    claims = {
        "iss": _issuer(world),
        "sub": _sub(world, given),
        "aud": client_id(KEY),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "nonce": given["nonce"],
    }
    key = _signing_key(world)
    # A tester can ask for each of the lies that a client must see through.
    match given["misbehave"]:
        case "wrong_nonce":
            claims["nonce"] = "another"
        case "wrong_audience":
            claims["aud"] = "another"
        case "wrong_issuer":
            claims["iss"] = "https://example.invalid"
        case "expired":
            claims |= {"iat": now - 7200, "exp": now - 3600}
        case "wrong_key":
            key = ECKey.generate_key("P-256", {"kid": KEY_ID})
    return jwt.encode({"alg": "ES256", "kid": KEY_ID}, claims, key)


def _userinfo(world: SandboxWorld, request: Request) -> Response:
    given = _given(world, request)
    if given is None:
        return _refused("invalid_token", 401)
    return json_response({"sub": _sub(world, given), "name": PERSONAS[given["persona"]].nickname})


def _history(world: SandboxWorld, request: Request) -> Response:
    given = _given(world, request)
    if given is None:
        return _refused("invalid_token", 401)
    return json_response(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))


def _given(world: SandboxWorld, request: Request) -> dict[str, Any] | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return world.seal.open(f"{KEY}:access", token, world.now) if scheme == "Bearer" else None


def _sub(world: SandboxWorld, given: Mapping[str, Any]) -> str:
    return world.seal.derived(f"{KEY}:sub", given["subject"]).hex()[:32]


def _signing_key(world: SandboxWorld) -> ECKey:
    # Derived, so that what was signed before a restart still verifies after it. Any number below the curve's order will do.
    number = int.from_bytes(world.seal.derived("signing")) >> 1
    pem = ec.derive_private_key(number, ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return ECKey.import_key(pem, {"kid": KEY_ID})


def _refused(error: str, status: int = 400) -> Response:
    return json_response({"error": error}, status)
