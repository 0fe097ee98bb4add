"""QQ's dialect: a form for the tokens, JSONP for errors and for who it is, `ret` for the rest."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from integrations.providers.qq import QQ
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = "qq"
DESK = ConsentDesk(KEY, QQ.name)
HISTORY = History("wechat", ("account", "social"))
TOKEN_SECONDS = 90 * 86400
WITH_UNION_ID = frozenset({"steady-shopper", "gig-driver"})


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/oauth2.0/authorize":
            return authorize(world, DESK, request)
        case "GET", "/oauth2.0/token":
            return await _token(world, request)
        case "GET", "/oauth2.0/me":
            return _me(world, request)
        case "GET", "/user/get_user_info" | "/longan/history":
            return _read(world, request)
        case _:
            return None


async def _token(world: SandboxWorld, request: Request) -> Response:
    if request.query.get("client_id") != client_id(KEY):
        return _jsonp({"error": 100008, "error_description": "client id is not exist"})
    if request.query.get("client_secret") != client_secret(KEY):
        return _jsonp({"error": 100009, "error_description": "client secret is illegal"})
    if request.query.get("grant_type") == "refresh_token":
        refused = _jsonp({"error": 100017, "error_description": "refresh token is illegal"})
        return await renew(world, KEY, request.query.get("refresh_token", ""), lambda it: _tokens(world, it), refused)
    given = await spend(world, KEY, request.query.get("code", ""))
    if given is None or given["redirect_uri"] != request.query.get("redirect_uri"):
        return _jsonp({"error": 100020, "error_description": "code is reused error"})
    return misbehaving(given) or _tokens(world, given)


def _tokens(world: SandboxWorld, given: Mapping[str, Any]) -> Response:
    tokens = new_tokens(world, KEY, given, TOKEN_SECONDS, TOKEN_SECONDS)
    form = urlencode({**tokens, "expires_in": TOKEN_SECONDS})
    return Response(200, form.encode(), {"Content-Type": "text/html"})


def _me(world: SandboxWorld, request: Request) -> Response:
    given = world.seal.open(f"{KEY}:access", request.query.get("access_token", ""), world.now)
    if given is None:
        return _jsonp({"error": 100016, "error_description": "access token check failed"})
    whose = "another" if given["misbehave"] == "other_client" else client_id(KEY)
    union_id = {"unionid": f"UID_{_openid(world, given)}"} if given["persona"] in WITH_UNION_ID else {}
    return _jsonp({"client_id": whose, "openid": _openid(world, given), **union_id})


def _read(world: SandboxWorld, request: Request) -> Response:
    given = world.seal.open(f"{KEY}:access", request.query.get("access_token", ""), world.now)
    if given is None or request.query.get("openid") != _openid(world, given):
        return json_response({"ret": 100016, "msg": "access token check failed"})
    if request.query.get("oauth_consumer_key") != client_id(KEY):
        return json_response({"ret": 100008, "msg": "client id is not exist"})
    if given["misbehave"] == "busy":
        return json_response({"ret": -22, "msg": "too busy"})
    if request.path == "/longan/history":
        return json_response(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))
    return json_response({"ret": 0, "msg": "", "nickname": PERSONAS[given["persona"]].nickname})


def _openid(world: SandboxWorld, given: Mapping[str, Any]) -> str:
    return world.seal.derived(f"{KEY}:openid", given["subject"]).hex()[:32].upper()


def _jsonp(content: Mapping[str, Any]) -> Response:
    return Response(200, f"callback( {json.dumps(content)} );\n".encode(), {"Content-Type": "text/html"})
