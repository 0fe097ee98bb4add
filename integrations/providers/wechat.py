"""WeChat, by QR code on a site: own parameter names, errors under status 200, a union id only sometimes.

https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html
"""

from collections.abc import Mapping

from infra.words import N_
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, code_in, id_in

# System busy, and the daily quota of calls: not the person's fault, and it passes.
PASSING_ERRORS = frozenset({"-1", "45009", "45011"})


def refusal(reply: Reply) -> Exception | None:
    code = code_in(reply, "errcode")
    if code == "0":
        return None
    return ProviderUnavailable(f"wechat:{code}") if code in PASSING_ERRORS else ProviderRefused(f"wechat:{code}")


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    if code_in(reply, "is_snapshotuser") != "0":
        # A preview without sign-in gets a made-up account that is nobody's.
        raise ProviderRefused("wechat:snapshot_user")
    openid = id_in(reply, "openid")
    profile = await read(talk, talk.provider.userinfo_url, Tokens(reply["access_token"]), openid, {})
    if id_in(profile, "openid") != openid:
        raise ProviderRefused("wechat:other_openid")
    return Person(openid, id_in(profile, "unionid") or id_in(reply, "unionid") or None, profile.get("nickname"))


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    placed = {"access_token": tokens.access_token, "openid": subject, "lang": "zh_CN", **params}
    return await talk.get(url, placed)


WECHAT = Provider(
    key="wechat",
    name=N_("WeChat"),
    category=Category.SOCIAL,
    reads=(N_("Your WeChat nickname, and that the account is yours"),),
    authorize_url="https://open.weixin.qq.com/connect/qrconnect",
    exchange_url="https://api.weixin.qq.com/sns/oauth2/access_token",
    refresh_url="https://api.weixin.qq.com/sns/oauth2/refresh_token",
    userinfo_url="https://api.weixin.qq.com/sns/userinfo",
    scopes=("snsapi_login",),
    scope_separator=",",
    words={"client_id": "appid", "client_secret": "secret"},
    authorize_order=("appid", "redirect_uri", "response_type", "scope", "state"),  # it compares by pattern
    authorize_fragment="#wechat_redirect",
    client_auth="query",
    can_refresh=True,
    refresh_seconds=30 * 86400,
    subject_names=("openid",),
    # A refresh token that is invalid or over, an authorization that the person took back.
    ended=frozenset({"wechat:40030", "wechat:42002", "wechat:42007"}),
    identify=identify,
    read=read,
    refusal=refusal,
    history="https://api.weixin.qq.com/longan/history",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how often you use it, how long you have lived at one place, and your utility bills"),
    ),
)
