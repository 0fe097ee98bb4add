"""LINE's dialect: OpenID Connect whose id_token is signed with the app's own secret, and a door that verifies it."""

import hashlib
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from integrations.providers.line import LINE
from integrations.sandbox.authorizing import authorize, misbehaving, new_tokens, renew, spend, withdraw
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, html_response, json_response
from integrations.sandbox.oidc import bearer_of, claims_of, desk_of, is_its_beginner
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = LINE.key
DESK = desk_of(KEY, LINE.name)
HISTORY = History("wechat", ("account", "social"))
TOKEN_SECONDS = 30 * 86400
REFRESH_SECONDS = 90 * 86400


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/oauth2/v2.1/authorize":
            return authorize(world, DESK, request) if request.query.get("nonce") else html_response("no nonce", 400)
        case "POST", "/oauth2/v2.1/token":
            return await _token(world, request)
        case "POST", "/oauth2/v2.1/verify":
            return _verify(request)
        case "POST", "/oauth2/v2.1/revoke":
            return await _revoke(world, request)
        case "GET", "/longan/history":
            return _history(world, request)
        case _:
            return None


async def _token(world: SandboxWorld, request: Request) -> Response:
    if not _is_our_client(request):
        return _refused("invalid_client")
    if request.form.get("grant_type") == "refresh_token":
        token = request.form.get("refresh_token", "")
        return await renew(world, KEY, token, lambda it: json_response(_tokens(world, it)), _refused("invalid_grant"))
    given = await spend(world, KEY, request.form.get("code", ""))
    if given is None or not is_its_beginner(given, request.form):
        return _refused("invalid_grant")
    claims = {**claims_of(world, KEY, given), "name": PERSONAS[given["persona"]].nickname, "amr": ["linesso"]}
    secret = "another" if given["misbehave"] == "wrong_key" else client_secret(KEY)
    return misbehaving(given) or json_response(
        {**_tokens(world, given), "id_token": jwt.encode({"alg": "HS256"}, claims, _key(secret), ["HS256"])}
    )


async def _revoke(world: SandboxWorld, request: Request) -> Response:
    if not _is_our_client(request):
        return _refused("invalid_client")
    await withdraw(world, KEY, "access", request.form.get("access_token", ""))
    return json_response({})


def _tokens(world: SandboxWorld, given: dict[str, Any]) -> dict[str, Any]:
    tokens = new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS)
    return {**tokens, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": given["scope"]}


def _verify(request: Request) -> Response:
    """Says what an id_token holds once its signature is right, and leaves the rest to whoever asks."""
    try:
        claims = jwt.decode(request.form.get("id_token", ""), _key(client_secret(KEY)), algorithms=["HS256"]).claims
    except (JoseError, ValueError):
        return _refused("invalid_request")
    return json_response(claims)


def _key(secret: str) -> OctKey:
    return OctKey.import_key(hashlib.sha256(secret.encode()).digest())


def _history(world: SandboxWorld, request: Request) -> Response:
    given = bearer_of(world, KEY, request)
    if given is None:
        return _refused("invalid_token", 401)
    return json_response(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))


def _is_our_client(request: Request) -> bool:
    told = request.form.get("client_id"), request.form.get("client_secret")
    return told == (client_id(KEY), client_secret(KEY))


def _refused(error: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": "sandbox"}, status)
