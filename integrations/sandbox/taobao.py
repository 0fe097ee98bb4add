"""Taobao's dialect: the token reply tells who it is, times are strings, and API calls must be signed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from integrations.providers.taobao import TAOBAO, sign
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = "taobao"
DESK = ConsentDesk(KEY, TAOBAO.name)
HISTORY = History("taobao")
TOKEN_SECONDS = 86400
REFRESH_SECONDS = 30 * 86400


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/authorize":
            return authorize(world, DESK, request)
        case "POST", "/token":
            return await _token(world, request)
        case "POST", "/router/rest":
            return _call(world, request)
        case _:
            return None


async def _token(world: SandboxWorld, request: Request) -> Response:
    if request.form.get("client_id") != client_id(KEY):
        return _refused("invalid_client", "client_id is not valid")
    if request.form.get("client_secret") != client_secret(KEY):
        return _refused("invalid_client", "client_secret is not valid")
    if request.form.get("grant_type") == "refresh_token":
        refused = _refused("invalid_grant", "refresh token expired")
        token = request.form.get("refresh_token", "")
        return await renew(world, KEY, token, lambda it: json_response(_tokens(world, it)), refused)
    given = await spend(world, KEY, request.form.get("code", ""))
    if given is None or given["redirect_uri"] != request.form.get("redirect_uri"):
        return _refused("invalid_grant", "authorize code expire")
    return misbehaving(given) or json_response(_tokens(world, given))


def _tokens(world: SandboxWorld, given: Mapping[str, Any]) -> dict[str, Any]:
    number = int.from_bytes(world.seal.derived(f"{KEY}:id", given["subject"])[:5])
    if given["misbehave"] == "open_uid":
        who = {"taobao_open_uid": f"AAE{number:x}"}
    else:
        who = {"taobao_user_id": str(number), "taobao_user_nick": quote_plus(_nick(given))}
    return {
        **new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS),
        "token_type": "Bearer",
        "expires_in": str(TOKEN_SECONDS),
        "re_expires_in": str(REFRESH_SECONDS),
        "r1_expires_in": str(TOKEN_SECONDS),
        "w1_expires_in": str(TOKEN_SECONDS),
        **who,
    }


def _call(world: SandboxWorld, request: Request) -> Response:
    form = request.form
    if form.get("app_key") != client_id(KEY):
        return _error(29, "Invalid app Key")
    if not world.is_now(form.get("timestamp", "")):
        return _error(31, "Invalid timestamp")
    if form.get("sign_method") not in ("md5", "hmac", "hmac-sha256"):
        return _error(31, "Invalid sign method")
    if form.get("sign") != sign(form, client_secret(KEY)):
        return _error(25, "Invalid signature")
    given = world.seal.open(f"{KEY}:access", form.get("session", ""), world.now)
    if given is None:
        return _error(27, "Invalid session")
    if given["misbehave"] == "busy":
        return _error(15, "Remote service error", "isp.remote-service-timeout")
    return _answered(world, given, form)


def _answered(world: SandboxWorld, given: Mapping[str, Any], form: Mapping[str, str]) -> Response:
    match form.get("method"):
        case "taobao.user.buyer.get":
            return json_response({"user_buyer_get_response": {"user": {"nick": _nick(given)}}})
        case "longan.history.get":
            return json_response(HISTORY.answer(PERSONAS[given["persona"]], form.get("as_of"), world.today))
        case _:
            return _error(22, "Invalid method")


def _nick(given: Mapping[str, Any]) -> str:
    return PERSONAS[given["persona"]].nickname


def _refused(error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, 400)


def _error(code: int, message: str, sub_code: str = "") -> Response:
    return json_response({"error_response": {"code": code, "msg": message, "sub_code": sub_code}})
