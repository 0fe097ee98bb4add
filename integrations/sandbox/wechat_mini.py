"""WeChat's mini program: its page is opened, takes a code without a question, and asks for a session with it."""

from dataclasses import replace
from urllib.parse import parse_qsl

from integrations.providers.wechat_mini import PAGE, WECHAT_MINI
from integrations.sandbox.authorizing import authorize, misbehaving, new_tokens, spend
from integrations.sandbox.exchange import Request, Response
from integrations.sandbox.wechat import (
    HISTORY,
    TOKEN_SECONDS,
    answer_history,
    desk_of,
    error,
    given_of,
    openid_of,
    reply,
    union_id_of,
    wrong_app,
)
from integrations.sandbox.world import SandboxWorld

KEY = WECHAT_MINI.key
DESK = desk_of(KEY, WECHAT_MINI.name)
__all__ = ["HISTORY", "KEY", "answer"]


async def answer(world: SandboxWorld, request: Request) -> Response | None:
    match request.method, request.path:
        case "GET", "/business/":
            return _open(world, request)
        case "GET", "/sns/jscode2session":
            return await _session(world, request)
        case "GET", "/longan/history":
            return answer_history(world, KEY, request, given_of(world, KEY, request))
        case _:
            return None


def _open(world: SandboxWorld, request: Request) -> Response:
    if request.query.get("path") != PAGE:
        return error(40097, "invalid path")
    told = {**dict(parse_qsl(request.query.get("query", ""))), **request.query, "response_type": "code"}
    return authorize(world, DESK, replace(request, query=told))


async def _session(world: SandboxWorld, request: Request) -> Response:
    if refused := wrong_app(KEY, request):
        return refused
    given = await spend(world, KEY, request.query.get("js_code", ""))
    if given is None:
        return error(40029, "invalid code")
    match given["misbehave"]:
        case "busy":
            return error(-1, "system error")
        case "risk":
            return error(40226, "code blocked")
    session = new_tokens(world, KEY, given, TOKEN_SECONDS, TOKEN_SECONDS)["access_token"]
    told = {"session_key": session, "openid": openid_of(world, KEY, given), **union_id_of(world, given)}
    return misbehaving(given) or reply(told)
