"""Weibo: the token reply carries `uid`, scopes are joined by commas, and there is no refresh token for servers.

https://open.weibo.com/wiki/Oauth2/access_token
"""

from collections.abc import Mapping

from infra.words import N_
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, code_in, id_in

# System error, service unavailable, too many calls by this address, user, or app.
PASSING_ERRORS = frozenset({"10001", "10002", "10009", "10010", "10022", "10023", "10024"})


def refusal(reply: Reply) -> Exception | None:
    if "error" not in reply and "error_code" not in reply:
        return None
    code = code_in(reply, "error_code", absent="error")
    reason = f"weibo:{code}"
    return ProviderUnavailable(reason) if code in PASSING_ERRORS else ProviderRefused(reason)


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    uid = id_in(reply, "uid")
    profile = await read(talk, talk.provider.userinfo_url, Tokens(reply["access_token"]), uid, {})
    if id_in(profile, "idstr") != uid:
        raise ProviderRefused("weibo:other_uid")
    return Person(uid, None, profile.get("screen_name"))


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    return await talk.get(url, {"access_token": tokens.access_token, "uid": subject, **params})


async def revoke(talk: Talk, tokens: Tokens) -> None:
    await talk.get(talk.provider.revoke_url, {"access_token": tokens.access_token})


WEIBO = Provider(
    key="weibo",
    name=N_("Weibo"),
    category=Category.SOCIAL,
    reads=(N_("Your Weibo name, and that the account is yours"),),
    authorize_url="https://api.weibo.com/oauth2/authorize",
    exchange_url="https://api.weibo.com/oauth2/access_token",
    userinfo_url="https://api.weibo.com/2/users/show.json",
    revoke_url="https://api.weibo.com/oauth2/revokeoauth2",
    scope_separator=",",
    client_auth="post",
    identify=identify,
    read=read,
    revoke=revoke,
    refusal=refusal,
    history="https://api.weibo.com/longan/history",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how often you use it, and how long you have lived at one place"),
    ),
)
