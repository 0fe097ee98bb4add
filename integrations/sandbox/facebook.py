"""Facebook's dialect: everything by GET, errors as an object under status 400, and a proof beside each token."""

import hashlib
import hmac
from typing import Any

from integrations.providers.facebook import FACEBOOK
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, spend, withdraw
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = FACEBOOK.key
GRAPH = "/v23.0"
DESK = ConsentDesk(
    KEY,
    FACEBOOK.name,
    no=lambda state: {"error": "access_denied", "error_code": "200", "error_reason": "user_denied", "state": state},
)
HISTORY = History("wechat", ("account", "social"))
TOKEN_SECONDS = 60 * 86400


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path.removeprefix(GRAPH):
        case "GET", "/dialog/oauth":
            return authorize(world, DESK, request)
        case "GET", "/oauth/access_token":
            return await _token(world, request)
        case "GET", "/me":
            return _me(world, request)
        case "POST", "/me/permissions":
            return await _revoke(world, request)
        case "GET", "/longan/history":
            return _history(world, request)
        case _:
            return None


async def _token(world: SandboxWorld, request: Request) -> Response:
    if (request.query.get("client_id"), request.query.get("client_secret")) != (client_id(KEY), client_secret(KEY)):
        return _error(101, "Error validating client secret.")
    given = await spend(world, KEY, request.query.get("code", ""))
    if given is None or given["redirect_uri"] != request.query.get("redirect_uri"):
        return _error(100, "This authorization code has been used.")
    token = new_tokens(world, KEY, given, TOKEN_SECONDS, TOKEN_SECONDS)["access_token"]
    told = {"access_token": token, "token_type": "bearer", "expires_in": TOKEN_SECONDS}
    return misbehaving(given) or json_response(told)


async def _revoke(world: SandboxWorld, request: Request) -> Response:
    if _given(world, request.form) is None:
        return _wrong_token()
    await withdraw(world, KEY, "access", request.form["access_token"])
    return json_response({"success": True})


def _me(world: SandboxWorld, request: Request) -> Response:
    given = _given(world, request.query)
    if given is None:
        return _wrong_token()
    if given["misbehave"] == "busy":
        return _error(2, "Service temporarily unavailable", is_transient=True)
    # Names of fields have to be asked for; nobody is told what they did not name.
    known = {"id": _id(world, given), "name": PERSONAS[given["persona"]].nickname}
    named = request.query.get("fields", "id").split(",")
    return json_response({field: value for field, value in known.items() if field in named})


def _history(world: SandboxWorld, request: Request) -> Response:
    given = _given(world, request.query)
    if given is None:
        return _wrong_token()
    return json_response(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))


def _given(world: SandboxWorld, told: Any) -> dict[str, Any] | None:
    token = told.get("access_token", "")
    proof = hmac.new(client_secret(KEY).encode(), token.encode(), hashlib.sha256).hexdigest()
    is_proven = hmac.compare_digest(told.get("appsecret_proof", "").encode(), proof.encode())
    return world.seal.open(f"{KEY}:access", token, world.now) if is_proven else None


def _id(world: SandboxWorld, given: dict[str, Any]) -> str:
    return str(int.from_bytes(world.seal.derived(f"{KEY}:id", given["subject"])[:7]))


def _wrong_token() -> Response:
    return _error(190, "Invalid OAuth access token.")


def _error(code: int, message: str, is_transient: bool = False) -> Response:
    told = {"message": message, "type": "OAuthException", "code": code, "is_transient": is_transient}
    return json_response({"error": {**told, "fbtrace_id": "sandbox"}}, 500 if is_transient else 400)
