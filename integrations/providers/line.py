"""LINE: OpenID Connect whose id_token is signed with our own secret, so LINE itself is asked what it says.

https://developers.line.biz/en/docs/line-login/integrate-line-login/ and .../verify-id-token/
"""

from collections.abc import Mapping

from infra.words import N_
from integrations.providers.conversations import standard_refusal
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused
from integrations.providers.oidc import checked
from integrations.replies import Reply, id_in, token_in

API = "https://api.line.me"


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    id_token = token_in(reply, "id_token")
    if id_token is None:
        raise ProviderRefused("no_id_token")
    asked = {"id_token": id_token, "client_id": talk.at.client_id, "nonce": pending.nonce}
    claims = checked(await talk.post(talk.provider.api_url, asked), talk.at.issuer, talk.at.client_id, pending.nonce)
    return Person(id_in(claims, "sub"), None, claims.get("name"))


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    return await talk.get(url, params or None, bearer=tokens.access_token)


async def revoke(talk: Talk, tokens: Tokens) -> None:
    client = {"client_id": talk.at.client_id, "client_secret": talk.at.client_secret}
    await talk.ask_once(talk.provider.revoke_url, {"access_token": tokens.access_token, **client})


LINE = Provider(
    key="line",
    name=N_("LINE"),
    category=Category.SOCIAL,
    reads=(N_("Your name at LINE, and that the account is yours"),),
    authorize_url="https://access.line.me/oauth2/v2.1/authorize",
    exchange_url=f"{API}/oauth2/v2.1/token",
    api_url=f"{API}/oauth2/v2.1/verify",
    revoke_url=f"{API}/oauth2/v2.1/revoke",
    issuer="https://access.line.me",
    scopes=("openid", "profile"),
    is_openid=True,
    can_refresh=True,
    refresh_seconds=90 * 86400,
    identify=identify,
    read=read,
    revoke=revoke,
    refusal=standard_refusal,
    history=f"{API}/longan/history",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how often you use it, and how long you have lived at one place"),
    ),
)
