"""WeChat's dialect: GET for everything, errors under status 200, and a label that lies about the charset."""

import base64
from collections.abc import Mapping
from typing import Any

from integrations.providers.wechat import WECHAT
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, spend
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = "wechat"
DESK = ConsentDesk(KEY, WECHAT.name, words={"client_id": "appid"}, no=lambda state: {"state": state})
HISTORY = History("wechat")
TOKEN_SECONDS = 7200
REFRESH_SECONDS = 30 * 86400

# Only accounts that are bound to the app owner's Open Platform account have one.
WITH_UNION_ID = frozenset({"steady-shopper", "over-borrowed", "small-shop-owner"})


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/connect/qrconnect":
            return authorize(world, DESK, request)
        case "GET", "/sns/oauth2/access_token":
            return await _token(world, request)
        case "GET", "/sns/oauth2/refresh_token":
            return _refresh(world, request)
        case "GET", "/sns/userinfo":
            return _userinfo(world, request)
        case "GET", "/longan/history":
            return _history(world, request)
        case _:
            return None


async def _token(world: SandboxWorld, request: Request) -> Response:
    if error := _wrong_app(request):
        return error
    if request.query.get("grant_type") != "authorization_code":
        return _error(40002, "invalid grant_type")
    given = await spend(world, KEY, request.query.get("code", ""))
    if given is None:
        return _error(40029, "invalid code")
    return misbehaving(given) or _reply(_tokens(world, given))


def _refresh(world: SandboxWorld, request: Request) -> Response:
    if request.query.get("appid") != client_id(KEY):
        return _error(40013, "invalid appid")
    given = world.seal.open(f"{KEY}:refresh", request.query.get("refresh_token", ""), world.now)
    return _reply(_tokens(world, given)) if given else _error(40030, "invalid refresh_token")


def _userinfo(world: SandboxWorld, request: Request) -> Response:
    given = _given(world, request)
    if given is None:
        return _error(40001, "invalid credential, access_token is invalid or not latest")
    if given["misbehave"] == "busy":
        return _error(-1, "system error")
    return _reply(
        {
            "openid": _openid(world, given),
            "nickname": PERSONAS[given["persona"]].nickname,
            # Blank since 2021, whatever the person has filled in.
            "sex": 0,
            "language": "",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": "",
            "privilege": [],
            **_union_id(world, given),
        }
    )


def _history(world: SandboxWorld, request: Request) -> Response:
    given = _given(world, request)
    if given is None:
        return _error(40001, "invalid credential, access_token is invalid or not latest")
    return _reply(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))


def _tokens(world: SandboxWorld, given: Mapping[str, Any]) -> dict[str, Any]:
    reply: dict[str, Any] = {
        **new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS),
        "expires_in": TOKEN_SECONDS,
        "openid": _openid(world, given),
        "scope": given["scope"],
        **_union_id(world, given),
    }
    return {**reply, "is_snapshotuser": 1} if given["misbehave"] == "snapshot" else reply


def _given(world: SandboxWorld, request: Request) -> dict[str, Any] | None:
    given = world.seal.open(f"{KEY}:access", request.query.get("access_token", ""), world.now)
    return given if given and request.query.get("openid") == _openid(world, given) else None


def _openid(world: SandboxWorld, given: Mapping[str, Any]) -> str:
    return "o" + _word(world, "openid", given)


def _union_id(world: SandboxWorld, given: Mapping[str, Any]) -> dict[str, str]:
    return {"unionid": "u" + _word(world, "unionid", given)} if given["persona"] in WITH_UNION_ID else {}


def _word(world: SandboxWorld, kind: str, given: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(world.seal.derived(f"{KEY}:{kind}", given["subject"])).decode()[:27]


def _wrong_app(request: Request) -> Response | None:
    if request.query.get("appid") != client_id(KEY):
        return _error(40013, "invalid appid")
    if request.query.get("secret") != client_secret(KEY):
        return _error(40125, "invalid appsecret")
    return None


def _error(code: int, message: str) -> Response:
    return _reply({"errcode": code, "errmsg": f"{message}, rid: sandbox"})


def _reply(content: Mapping[str, Any]) -> Response:
    return json_response(content, content_type="text/plain; charset=iso-8859-1")
