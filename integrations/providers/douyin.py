"""Douyin: `client_key`, and every answer is an envelope whose `data` holds the answer and its error.

https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/account-permission/get-access-token
"""

from collections.abc import Mapping

from infra.words import N_
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, code_in, id_in, json_object

# System busy, and too many calls.
PASSING_ERRORS = frozenset({"2100001", "2100004", "2190010", "10001"})


def parse(body: bytes) -> Reply | None:
    envelope = json_object(body)
    data = envelope.get("data") if envelope else None
    return data if isinstance(data, dict) else None


def refusal(reply: Reply) -> Exception | None:
    code = code_in(reply, "error_code")
    if code == "0":
        return None
    reason = f"douyin:{code}"
    return ProviderUnavailable(reason) if code in PASSING_ERRORS else ProviderRefused(reason)


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    open_id = id_in(reply, "open_id")
    profile = await read(talk, talk.provider.userinfo_url, Tokens(reply["access_token"]), open_id, {})
    if id_in(profile, "open_id") != open_id:
        raise ProviderRefused("douyin:other_open_id")
    return Person(open_id, id_in(profile, "union_id") or None, profile.get("nickname"))


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    return await talk.post(url, {"access_token": tokens.access_token, "open_id": subject, **params})


DOUYIN = Provider(
    key="douyin",
    name=N_("Douyin"),
    category=Category.SOCIAL,
    reads=(N_("Your Douyin nickname, and that the account is yours"),),
    authorize_url="https://open.douyin.com/platform/oauth/connect",
    exchange_url="https://open.douyin.com/oauth/access_token/",
    refresh_url="https://open.douyin.com/oauth/refresh_token/",
    userinfo_url="https://open.douyin.com/oauth/userinfo/",
    scopes=("user_info",),
    scope_separator=",",
    words={"client_id": "client_key"},
    client_auth="post",
    can_refresh=True,
    subject_names=("open_id",),
    ended=frozenset({"douyin:10008", "douyin:10010", "douyin:10011", "douyin:2190008"}),
    parse=parse,
    identify=identify,
    read=read,
    refusal=refusal,
    history="https://open.douyin.com/longan/history/",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how often you use it, and how long you have lived at one place"),
    ),
)
