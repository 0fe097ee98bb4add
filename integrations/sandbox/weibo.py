"""Weibo's dialect: `uid` in the token reply, no refresh token, errors with a number."""

from collections.abc import Mapping
from typing import Any

from integrations.providers.weibo import WEIBO
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, spend, withdraw
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = "weibo"
DESK = ConsentDesk(KEY, WEIBO.name, no=lambda state: {"state": state, "error": "access_denied", "error_code": "21330"})
HISTORY = History("wechat", ("account", "social"))
TOKEN_SECONDS = 5 * 365 * 86400


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/oauth2/authorize":
            return authorize(world, DESK, request)
        case "POST", "/oauth2/access_token":
            return await _token(world, request)
        case "GET", "/oauth2/revokeoauth2":
            await withdraw(world, KEY, "access", request.query.get("access_token", ""))
            return _read(world, request)
        case "GET", "/2/users/show.json" | "/longan/history":
            return _read(world, request)
        case _:
            return None


async def _token(world: SandboxWorld, request: Request) -> Response:
    client = request.form.get("client_id"), request.form.get("client_secret")
    if client != (client_id(KEY), client_secret(KEY)):
        return _error(21324, "invalid_client")
    given = await spend(world, KEY, request.form.get("code", ""))
    if given is None or given["redirect_uri"] != request.form.get("redirect_uri"):
        return _error(21325, "invalid_grant")
    if trouble := misbehaving(given):
        return trouble
    tokens = new_tokens(world, KEY, given, TOKEN_SECONDS, TOKEN_SECONDS)
    return json_response(
        {
            "access_token": tokens["access_token"],
            "remind_in": str(TOKEN_SECONDS),
            "expires_in": TOKEN_SECONDS,
            "uid": _uid(world, given),
            "isRealName": "true",
        }
    )


def _read(world: SandboxWorld, request: Request) -> Response:
    given = world.seal.open(f"{KEY}:access", request.query.get("access_token", ""), world.now)
    if given is None:
        return _error(21332, "invalid_access_token")
    if given["misbehave"] == "busy":
        return _error(10010, "Job expired")
    if request.path == "/oauth2/revokeoauth2":
        return json_response({"result": "true"})
    if request.query.get("uid") != _uid(world, given):
        return _error(20003, "User does not exists!")
    if request.path == "/longan/history":
        return json_response(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))
    uid = _uid(world, given)
    return json_response({"id": int(uid), "idstr": uid, "screen_name": PERSONAS[given["persona"]].nickname})


def _uid(world: SandboxWorld, given: Mapping[str, Any]) -> str:
    return str(int.from_bytes(world.seal.derived(f"{KEY}:uid", given["subject"])[:4]) + 10**9)


def _error(code: int, message: str) -> Response:
    return json_response({"error": message, "error_code": code, "request": "/sandbox"}, 400)
