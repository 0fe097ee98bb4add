"""TikTok: `client_key`, errors as a word in a token's reply and as an object elsewhere, where `ok` is one of them.

https://developers.tiktok.com/doc/oauth-user-access-token-management
"""

from collections.abc import Mapping

from infra.words import N_
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, id_in, part_of, word_in

API = "https://open.tiktokapis.com/v2"
PASSING_ERRORS = frozenset({"internal_error", "rate_limit_exceeded", "server_error", "temporarily_unavailable"})


def refusal(reply: Reply) -> Exception | None:
    told = part_of(reply, "error")
    code = word_in(told, "code") if told else word_in(reply, "error")
    if code in ("", "ok"):
        return None
    return ProviderUnavailable(f"tiktok:{code}") if code in PASSING_ERRORS else ProviderRefused(f"tiktok:{code}")


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    open_id = id_in(reply, "open_id")
    fields = {"fields": "open_id,union_id,display_name"}
    answer = await read(talk, talk.provider.userinfo_url, Tokens(reply["access_token"]), open_id, fields)
    user = part_of(answer, "data", "user")
    if id_in(user, "open_id") != open_id:
        raise ProviderRefused("tiktok:other_open_id")
    return Person(open_id, id_in(user, "union_id") or None, user.get("display_name"))


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    return await talk.get(url, params, bearer=tokens.access_token)


async def revoke(talk: Talk, tokens: Tokens) -> None:
    client = {"client_key": talk.at.client_id, "client_secret": talk.at.client_secret}
    await talk.ask_once(talk.provider.revoke_url, {**client, "token": tokens.access_token})


TIKTOK = Provider(
    key="tiktok",
    name=N_("TikTok"),
    category=Category.SOCIAL,
    reads=(N_("Your name at TikTok, and that the account is yours"),),
    authorize_url="https://www.tiktok.com/v2/auth/authorize/",
    exchange_url=f"{API}/oauth/token/",
    userinfo_url=f"{API}/user/info/",
    revoke_url=f"{API}/oauth/revoke/",
    scopes=("user.info.basic",),
    scope_separator=",",
    words={"client_id": "client_key"},
    can_refresh=True,
    subject_names=("open_id",),
    ended=frozenset({"tiktok:invalid_grant"}),
    identify=identify,
    read=read,
    revoke=revoke,
    refusal=refusal,
    history=f"{API}/longan/history/",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how often you use it, and how long you have lived at one place"),
    ),
)
