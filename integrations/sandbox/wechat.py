"""WeChat's dialect: GET for everything, errors under status 200, and a label that lies about the charset."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.providers.wechat import WECHAT
from integrations.sandbox.authorizing import ConsentDesk, authorize, misbehaving, new_tokens, renew, spend
from integrations.sandbox.credentials import client_id, client_secret
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS, History
from integrations.sandbox.world import SandboxWorld

TOKEN_SECONDS = 7200
REFRESH_SECONDS = 30 * 86400

# Only accounts that are bound to the app owner's Open Platform account have one.
WITH_UNION_ID = frozenset({"steady-shopper", "over-borrowed", "small-shop-owner"})


def desk_of(key: str, name: str) -> ConsentDesk:
    return ConsentDesk(key, name, words={"client_id": "appid"}, no=lambda state: {"state": state})


@dataclass(frozen=True)
class WeChatDialect:
    """A site or an account of WeChat's, whose people agree at `door`."""

    desk: ConsentDesk
    door: str

    async def answer(self, world: SandboxWorld, request: Request) -> Response | None:
        key = self.desk.key
        match request.method, request.path:
            case "GET", self.door:
                return authorize(world, self.desk, request)
            case "GET", "/sns/oauth2/access_token":
                return await _token(world, key, request)
            case "GET", "/sns/oauth2/refresh_token":
                return await _refresh(world, key, request)
            case "GET", "/sns/userinfo":
                return _userinfo(world, key, request)
            case "GET", "/longan/history":
                return answer_history(world, key, request, given_of(world, key, request))
            case _:
                return None


async def _token(world: SandboxWorld, key: str, request: Request) -> Response:
    if refused := wrong_app(key, request):
        return refused
    if request.query.get("grant_type") != "authorization_code":
        return error(40002, "invalid grant_type")
    given = await spend(world, key, request.query.get("code", ""))
    if given is None:
        return error(40029, "invalid code")
    return misbehaving(given) or reply(_tokens(world, key, given))


async def _refresh(world: SandboxWorld, key: str, request: Request) -> Response:
    if request.query.get("appid") != client_id(key):
        return error(40013, "invalid appid")
    # It is sent back as it was, and ends when it would have ended.
    token = request.query.get("refresh_token", "")

    def tokens(given: dict[str, Any]) -> Response:
        return reply({**_tokens(world, key, given), "refresh_token": token})

    return await renew(world, key, token, tokens, error(40030, "invalid refresh_token"))


def _userinfo(world: SandboxWorld, key: str, request: Request) -> Response:
    given = given_of(world, key, request)
    if given is None:
        return error(40001, "invalid credential, access_token is invalid or not latest")
    if given["misbehave"] == "busy":
        return error(-1, "system error")
    return reply(
        {
            "openid": openid_of(world, key, given),
            "nickname": PERSONAS[given["persona"]].nickname,
            # Blank since 2021, whatever the person has filled in.
            "sex": 0,
            "language": "",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": "",
            "privilege": [],
            **union_id_of(world, given),
        }
    )


def answer_history(world: SandboxWorld, key: str, request: Request, given: Mapping[str, Any] | None) -> Response:
    if given is None:
        return error(40001, "invalid credential, access_token is invalid or not latest")
    return reply(HISTORY.answer(PERSONAS[given["persona"]], request.query.get("as_of"), world.today))


def _tokens(world: SandboxWorld, key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        **new_tokens(world, key, given, TOKEN_SECONDS, REFRESH_SECONDS),
        "expires_in": TOKEN_SECONDS,
        "openid": openid_of(world, key, given),
        "scope": given["scope"],
        **union_id_of(world, given),
    }
    return {**told, "is_snapshotuser": 1} if given["misbehave"] == "snapshot" else told


def given_of(world: SandboxWorld, key: str, request: Request) -> dict[str, Any] | None:
    given = world.seal.open(f"{key}:access", request.query.get("access_token", ""), world.now)
    return given if given and request.query.get("openid") == openid_of(world, key, given) else None


def openid_of(world: SandboxWorld, key: str, given: Mapping[str, Any]) -> str:
    return "o" + _word(world, f"{key}:openid", given)


def union_id_of(world: SandboxWorld, given: Mapping[str, Any]) -> dict[str, str]:
    return {"unionid": "u" + _word(world, "wechat:unionid", given)} if given["persona"] in WITH_UNION_ID else {}


def _word(world: SandboxWorld, kind: str, given: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(world.seal.derived(kind, given["subject"])).decode()[:27]


def wrong_app(key: str, request: Request) -> Response | None:
    if request.query.get("appid") != client_id(key):
        return error(40013, "invalid appid")
    if request.query.get("secret") != client_secret(key):
        return error(40125, "invalid appsecret")
    return None


def error(code: int, message: str) -> Response:
    return reply({"errcode": code, "errmsg": f"{message}, rid: sandbox"})


def reply(content: Mapping[str, Any]) -> Response:
    return json_response(content, content_type="text/plain; charset=iso-8859-1")


HISTORY = History("wechat")
DIALECT = WeChatDialect(desk_of(WECHAT.key, WECHAT.name), "/connect/qrconnect")
KEY, answer = WECHAT.key, DIALECT.answer
