"""QQ: the token reply is a form, errors and `/me` come as JSONP, and the person is asked for in three steps.

https://wiki.connect.qq.com/oauth2-0
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from infra.words import N_
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, code_in, id_in, json_object

JSONP = re.compile(rb"\s*callback\s*\((.*)\)\s*;?\s*", re.DOTALL)
# Too many calls, and the server's own troubles.
PASSING_ERRORS = frozenset({"-22", "-23", "100001", "1002"})


def parse(body: bytes) -> Reply | None:
    """JSON, JSONP, or a form: whichever it is this time."""
    if jsonp := JSONP.fullmatch(body):
        return json_object(jsonp[1])
    if (reply := json_object(body)) is not None:
        return reply
    try:
        form = dict(parse_qsl(body.decode(), strict_parsing=True, max_num_fields=20))
    except ValueError:
        return None
    return form if "access_token" in form else None


def refusal(reply: Reply) -> Exception | None:
    code = code_in(reply, "error", "ret")
    if code == "0":
        return None
    reason = f"qq:{code}"
    return ProviderUnavailable(reason) if code in PASSING_ERRORS else ProviderRefused(reason)


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    tokens = Tokens(reply["access_token"])
    me = await talk.get(talk.provider.api_url, {"access_token": tokens.access_token, "unionid": "1"})
    if me.get("client_id") != talk.at.client_id:
        raise ProviderRefused("qq:other_client")  # a token that was given to another app
    openid = id_in(me, "openid")
    profile = await read(talk, talk.provider.userinfo_url, tokens, openid, {})
    return Person(openid, id_in(me, "unionid") or None, profile.get("nickname"))


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    placed = {"access_token": tokens.access_token, "oauth_consumer_key": talk.at.client_id, "openid": subject}
    return await talk.get(url, {**placed, **params})


QQ = Provider(
    key="qq",
    name=N_("QQ"),
    category=Category.SOCIAL,
    reads=(N_("Your QQ nickname, and that the account is yours"),),
    authorize_url="https://graph.qq.com/oauth2.0/authorize",
    exchange_url="https://graph.qq.com/oauth2.0/token",
    userinfo_url="https://graph.qq.com/user/get_user_info",
    api_url="https://graph.qq.com/oauth2.0/me",
    scopes=("get_user_info",),
    scope_separator=",",
    client_auth="query",
    can_refresh=True,
    ended=frozenset({"qq:100016", "qq:100017"}),
    parse=parse,
    identify=identify,
    read=read,
    refusal=refusal,
    history="https://graph.qq.com/longan/history",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how often you use it, and how long you have lived at one place"),
    ),
)
