"""TikTok's dialect: a token's error is a word, any other answer carries an error that may be called `ok`."""

from typing import Any

from integrations.providers.tiktok import TIKTOK
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend, withdraw
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.oidc import bearer_of
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = TIKTOK.key
DESK = ConsentDesk(KEY, TIKTOK.name, words={"client_id": "client_key"})
HISTORY = History("wechat", ("account", "social"))
TOKEN_SECONDS = 86400
REFRESH_SECONDS = 365 * 86400


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/v2/auth/authorize/":
            return authorize(world, DESK, request)
        case "POST", "/v2/oauth/token/":
            return await _token(world, request)
        case "POST", "/v2/oauth/revoke/":
            return await _revoke(world, request)
        case "GET", "/v2/user/info/":
            return _user(world, request)
        case "GET", "/v2/longan/history/":
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
    if given is None:
        return _refused("invalid_grant")
    return misbehaving(given) or json_response(_tokens(world, given))


async def _revoke(world: SandboxWorld, request: Request) -> Response:
    if not _is_our_client(request):
        return _refused("invalid_client")
    await withdraw(world, KEY, "access", request.form.get("token", ""))
    return json_response({})


def _tokens(world: SandboxWorld, given: dict[str, Any]) -> dict[str, Any]:
    return {
        **new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS),
        "expires_in": TOKEN_SECONDS,
        "refresh_expires_in": REFRESH_SECONDS,
        "open_id": _open_id(world, given),
        "scope": given["scope"],
        "token_type": "Bearer",
    }


def _user(world: SandboxWorld, request: Request) -> Response:
    given = bearer_of(world, KEY, request)
    if given is None:
        return _error("access_token_invalid", 401)
    if given["misbehave"] == "busy":
        return _error("rate_limit_exceeded", 429)
    open_id = _open_id(world, given)
    known = {"open_id": open_id, "union_id": f"u{open_id}", "display_name": PERSONAS[given["persona"]].nickname}
    named = request.query.get("fields", "").split(",")
    if given["misbehave"] == "other_user":
        known["open_id"] = "-000another"
    return _reply({"data": {"user": {field: value for field, value in known.items() if field in named}}})


def _history(world: SandboxWorld, request: Request) -> Response:
    given = bearer_of(world, KEY, request)
    if given is None:
        return _error("access_token_invalid", 401)
    return _reply(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))


def _open_id(world: SandboxWorld, given: dict[str, Any]) -> str:
    return "-000" + world.seal.derived(f"{KEY}:open_id", given["subject"]).hex()[:32]


def _is_our_client(request: Request) -> bool:
    told = request.form.get("client_key"), request.form.get("client_secret")
    return told == (client_id(KEY), client_secret(KEY))


def _refused(error: str) -> Response:
    # Under status 200, as TikTok sometimes does.
    return json_response({"error": error, "error_description": "sandbox", "log_id": "sandbox"})


def _reply(content: dict[str, Any]) -> Response:
    return json_response({**content, "error": {"code": "ok", "message": "", "log_id": "sandbox"}})


def _error(code: str, status: int) -> Response:
    return json_response({"data": {}, "error": {"code": code, "message": "sandbox", "log_id": "sandbox"}}, status)
