"""JD's dialect: tokens by GET, and a gateway that checks each call's signature."""

import json
from collections.abc import Mapping
from typing import Any

from integrations.providers.jd import JD, PARAMETERS, USER, sign
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = "jd"
DESK = ConsentDesk(KEY, JD.name, words={"client_id": "app_key"})
HISTORY = History("taobao", ("account", "shopping", "repayment"))
TOKEN_SECONDS = 86400
REFRESH_SECONDS = 30 * 86400


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/oauth2/to_login":
            return authorize(world, DESK, request)
        case "GET", "/oauth2/access_token":
            return await _token(world, request)
        case "GET", "/oauth2/refresh_token":
            return await _refresh(world, request)
        case "POST", "/routerjson":
            return _call(world, request)
        case _:
            return None


def _is_our_app(query: Mapping[str, str]) -> bool:
    return (query.get("app_key"), query.get("app_secret")) == (client_id(KEY), client_secret(KEY))


async def _token(world: SandboxWorld, request: Request) -> Response:
    if not _is_our_app(request.query):
        return json_response({"code": 401, "msg": "app_key or app_secret is wrong"})
    given = await spend(world, KEY, request.query.get("code", ""))
    if given is None:
        return json_response({"code": 400, "msg": "invalid code"})
    return misbehaving(given) or _tokens(world, given)


async def _refresh(world: SandboxWorld, request: Request) -> Response:
    if not _is_our_app(request.query):
        return json_response({"code": 401, "msg": "app_key or app_secret is wrong"})
    refused = json_response({"code": 400, "msg": "invalid refresh_token"})
    return await renew(world, KEY, request.query.get("refresh_token", ""), lambda it: _tokens(world, it), refused)


def _tokens(world: SandboxWorld, given: Mapping[str, Any]) -> Response:
    return json_response(
        {
            **new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS),
            "code": 0,
            "expires_in": TOKEN_SECONDS,
            "scope": given["scope"],
            "open_id": _open_id(world, given),
            "time": str(int(world.now * 1000)),
            "token_type": "bearer",
        }
    )


def _call(world: SandboxWorld, request: Request) -> Response:
    form = request.form
    if form.get("app_key") != client_id(KEY):
        return _error(10, "app_key is wrong")
    if not world.is_now(form.get("timestamp", "")):
        return _error(60, "timestamp is wrong")
    if form.get("sign") != sign(form, client_secret(KEY)):
        return _error(12, "sign is wrong")
    given = world.seal.open(f"{KEY}:access", form.get("access_token", ""), world.now)
    if given is None:
        return _error(19, "access_token is over")
    if given["misbehave"] == "busy":
        return _error(67, "platform is busy")
    return _answered(world, given, form)


def _answered(world: SandboxWorld, given: Mapping[str, Any], form: Mapping[str, str]) -> Response:
    params = json.loads(form.get(PARAMETERS, "{}"))
    if form.get("method") == "longan.history.get":
        return json_response(HISTORY.answer(PERSONAS[given["persona"]], params.get("as_of"), world.today))
    if form.get("method") != USER:
        return _error(22, "no such method")
    if params.get("openId") != _open_id(world, given):
        result: dict[str, Any] = {"code": 1004, "msg": "openId is wrong"}
    else:
        # `gendar` is how the provider spells it.
        result = {"code": 0, "data": {"gendar": 0, "nickName": PERSONAS[given["persona"]].nickname, "imageUrl": ""}}
    return json_response({"jingdong_user_getUserInfoByOpenId_response": {"getuserinfobyappidandopenid_result": result}})


def _open_id(world: SandboxWorld, given: Mapping[str, Any]) -> str:
    return world.seal.derived(f"{KEY}:open_id", given["subject"]).hex()[:28]


def _error(code: int, message: str) -> Response:
    return json_response({"error_response": {"code": str(code), "zh_desc": message, "en_desc": message}})
