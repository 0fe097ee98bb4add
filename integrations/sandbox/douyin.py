"""Douyin's dialect: every answer in an envelope, with an error code inside."""

from collections.abc import Mapping
from typing import Any

from integrations.providers.douyin import DOUYIN
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = "douyin"
DESK = ConsentDesk(KEY, DOUYIN.name, words={"client_id": "client_key"})
HISTORY = History("wechat", ("account", "social"))
TOKEN_SECONDS = 15 * 86400
REFRESH_SECONDS = 30 * 86400


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/platform/oauth/connect":
            return authorize(world, DESK, request)
        case "POST", "/oauth/access_token/":
            return await _token(world, request)
        case "POST", "/oauth/refresh_token/":
            return await _refresh(world, request)
        case "POST", "/oauth/userinfo/" | "/longan/history/":
            return _read(world, request)
        case _:
            return None


async def _token(world: SandboxWorld, request: Request) -> Response:
    client = request.form.get("client_key"), request.form.get("client_secret")
    if client != (client_id(KEY), client_secret(KEY)):
        return _error(10003, "client_key or client_secret is wrong")
    given = await spend(world, KEY, request.form.get("code", ""))
    if given is None:
        return _error(10007, "authorization code expired")
    return misbehaving(given) or _tokens(world, given)


async def _refresh(world: SandboxWorld, request: Request) -> Response:
    if request.form.get("client_key") != client_id(KEY):
        return _error(10003, "client_key is wrong")
    # It is sent back as it was, and ends when it would have ended.
    token = request.form.get("refresh_token", "")
    refused = _error(10010, "refresh token expired")
    return await renew(world, KEY, token, lambda it: _tokens(world, it, {"refresh_token": token}), refused)


def _tokens(world: SandboxWorld, given: Mapping[str, Any], kept: Mapping[str, str] | None = None) -> Response:
    return _reply(
        {
            **new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS),
            **(kept or {}),
            "expires_in": TOKEN_SECONDS,
            "refresh_expires_in": REFRESH_SECONDS,
            "open_id": _open_id(world, given),
            "scope": given["scope"],
        }
    )


def _read(world: SandboxWorld, request: Request) -> Response:
    given = world.seal.open(f"{KEY}:access", request.form.get("access_token", ""), world.now)
    if given is None or request.form.get("open_id") != _open_id(world, given):
        return _error(2190008, "access token expired")
    if given["misbehave"] == "busy":
        return _error(2100004, "system busy")
    if request.path == "/longan/history/":
        return _reply(HISTORY.answer(PERSONAS[given["persona"]], request.form.get("as_of"), world.today))
    open_id = _open_id(world, given)
    return _reply({"open_id": open_id, "union_id": f"u{open_id}", "nickname": PERSONAS[given["persona"]].nickname})


def _open_id(world: SandboxWorld, given: Mapping[str, Any]) -> str:
    return "_000" + world.seal.derived(f"{KEY}:open_id", given["subject"]).hex()[:32]


def _reply(data: Mapping[str, Any]) -> Response:
    return json_response({"data": {**data, "error_code": 0, "description": ""}, "message": "success"})


def _error(code: int, description: str) -> Response:
    return json_response({"data": {"error_code": code, "description": description}, "message": "error"})
