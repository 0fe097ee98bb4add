"""Mercado Livre's dialect: the standard's, with PKCE, ids that are numbers, and refresh tokens that serve once."""

from typing import Any

from integrations.providers.mercado_livre import MERCADO_LIVRE
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.oidc import bearer_of, is_its_beginner
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = MERCADO_LIVRE.key
DESK = ConsentDesk(KEY, MERCADO_LIVRE.name, extras=("code_challenge",))
HISTORY = History("taobao", ("account", "shopping"))
TOKEN_SECONDS = 6 * 3600
REFRESH_SECONDS = 180 * 86400


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/authorization":
            return authorize(world, DESK, request)
        case "POST", "/oauth/token":
            return await _token(world, request)
        case "GET", "/users/me":
            return _me(world, request)
        case "GET", "/longan/history":
            return _history(world, request)
        case _:
            return None


async def _token(world: SandboxWorld, request: Request) -> Response:
    if (request.form.get("client_id"), request.form.get("client_secret")) != (client_id(KEY), client_secret(KEY)):
        return _refused("invalid_client", 401)
    if request.form.get("grant_type") == "refresh_token":
        return await _renew(world, request.form.get("refresh_token", ""))
    given = await spend(world, KEY, request.form.get("code", ""))
    if given is None or not is_its_beginner(given, request.form):
        return _refused("invalid_grant")
    return misbehaving(given) or json_response(_tokens(world, given))


async def _renew(world: SandboxWorld, token: str) -> Response:
    refused = _refused("invalid_grant")
    if not await world.memory.first_use(f"{KEY}:{token}", REFRESH_SECONDS):
        return refused
    return await renew(world, KEY, token, lambda it: json_response(_tokens(world, it)), refused)


def _tokens(world: SandboxWorld, given: dict[str, Any]) -> dict[str, Any]:
    return {
        **new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS),
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": given["scope"],
        "user_id": _id(world, given),
    }


def _me(world: SandboxWorld, request: Request) -> Response:
    given = bearer_of(world, KEY, request)
    if given is None:
        return _refused("unauthorized", 401)
    if given["misbehave"] == "busy":
        return _refused("local_rate_limited", 429)
    other = given["misbehave"] == "other_user"
    return json_response({"id": _id(world, given) + other, "nickname": PERSONAS[given["persona"]].nickname})


def _history(world: SandboxWorld, request: Request) -> Response:
    given = bearer_of(world, KEY, request)
    if given is None:
        return _refused("unauthorized", 401)
    return json_response(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))


def _id(world: SandboxWorld, given: dict[str, Any]) -> int:
    return int.from_bytes(world.seal.derived(f"{KEY}:id", given["subject"])[:5])


def _refused(error: str, status: int = 400) -> Response:
    return json_response({"message": "sandbox", "error": error, "status": status, "cause": []}, status)
