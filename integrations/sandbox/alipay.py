"""Alipay's dialect: one gateway that checks the signature of each call and signs each answer."""

import json
from collections.abc import Mapping
from typing import Any

from integrations import rsa2
from integrations.providers.alipay import ALIPAY, signed_text
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend
from integrations.sandbox.credentials import APP_PUBLIC_KEY, PLATFORM_KEY, client_id
from integrations.sandbox.exchange import Request, Response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

KEY = "alipay"
DESK = ConsentDesk(KEY, ALIPAY.name, words={"client_id": "app_id"}, code_name="auth_code")
HISTORY = History("oidc", ("account", "credit", "repayment"))
TOKEN_SECONDS = 15 * 86400
REFRESH_SECONDS = 30 * 86400
INVALID = "40002"


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/oauth2/publicAppAuthorize.htm":
            return authorize(world, DESK, request)
        case "POST", "/gateway.do":
            return await _gateway(world, request.form)
        case _:
            return None


async def _gateway(world: SandboxWorld, form: Mapping[str, str]) -> Response:
    if form.get("app_id") != client_id(KEY):
        return _refused("isv.invalid-app-id")
    if not rsa2.is_signed(signed_text(form), form.get("sign", ""), APP_PUBLIC_KEY):
        return _refused("isv.invalid-signature")
    if not world.is_now(form.get("timestamp", "")):
        return _refused("isv.invalid-timestamp")
    method = form.get("method", "")
    if method == "alipay.system.oauth.token":
        return await _token(world, method, form)
    given = world.seal.open(f"{KEY}:access", form.get("auth_token", ""), world.now)
    if given is None:
        return _signed(
            method, {"code": "20001", "msg": "Insufficient Token Permissions", "sub_code": "aop.invalid-auth-token"}
        )
    return _answered(world, method, given, form)


async def _token(world: SandboxWorld, method: str, form: Mapping[str, str]) -> Response:
    if form.get("grant_type") == "refresh_token":
        token, refused = form.get("refresh_token", ""), _refused("isv.refresh-token-invalid")
        return await renew(world, KEY, token, lambda it: _signed(method, _tokens(world, it)), refused)
    given = await spend(world, KEY, form.get("code", ""))
    if given is None:
        return _refused("isv.code-invalid")
    reply = _tokens(world, given)
    return misbehaving(given) or _signed(method, reply, forged=given["misbehave"] == "forged")


def _tokens(world: SandboxWorld, given: Mapping[str, Any]) -> dict[str, str]:
    return {
        **new_tokens(world, KEY, given, TOKEN_SECONDS, REFRESH_SECONDS),
        "user_id": _user_id(world, given),
        "expires_in": str(TOKEN_SECONDS),
        "re_expires_in": str(REFRESH_SECONDS),
    }


def _answered(world: SandboxWorld, method: str, given: Mapping[str, Any], form: Mapping[str, str]) -> Response:
    if given["misbehave"] == "busy":
        return _signed(
            method, {"code": "20000", "msg": "Service Currently Unavailable", "sub_code": "isp.unknow-error"}
        )
    persona = PERSONAS[given["persona"]]
    match method:
        case "alipay.user.info.share":
            user_id = "another" if given["misbehave"] == "other_user" else _user_id(world, given)
            return _signed(
                method, {"code": "10000", "msg": "Success", "user_id": user_id, "nick_name": persona.nickname}
            )
        case "longan.history.get":
            as_of = json.loads(form.get("biz_content", "{}")).get("as_of")
            return _signed(method, {"code": "10000", "msg": "Success", **HISTORY.answer(persona, as_of, world.today)})
        case _:
            return _refused("isv.invalid-method")


def _user_id(world: SandboxWorld, given: Mapping[str, Any]) -> str:
    return f"2088{int.from_bytes(world.seal.derived(f'{KEY}:user_id', given['subject'])[:5]) % 10**12:012}"


def _signed(method: str, reply: Mapping[str, Any], forged: bool = False) -> Response:
    text = json.dumps(reply, ensure_ascii=False)
    signature = rsa2.sign(b"something else" if forged else text.encode(), PLATFORM_KEY)
    body = f'{{"{method.replace(".", "_")}_response": {text}, "sign": "{signature}"}}'
    return Response(200, body.encode(), {"Content-Type": "text/html;charset=utf-8"})


def _refused(sub_code: str) -> Response:
    error = {"code": INVALID, "msg": "Invalid Arguments", "sub_code": sub_code}
    return Response(200, json.dumps({"error_response": error}).encode(), {"Content-Type": "text/html;charset=utf-8"})
