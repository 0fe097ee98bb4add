"""Mercado Livre: OAuth as the standard has it, with PKCE, numbers for ids, and refresh tokens that serve once.

https://developers.mercadolivre.com.br/pt_br/autenticacao-e-autorizacao
"""

from collections.abc import Mapping

from infra.words import N_
from integrations.providers.descriptions import Category, Pending, Person, Provider, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, id_in, word_in

API = "https://api.mercadolibre.com"
PASSING_ERRORS = frozenset({"internal_error", "internal_server_error", "local_rate_limited", "temporarily_unavailable"})


def refusal(reply: Reply) -> Exception | None:
    error = word_in(reply, "error")
    if not error:
        return None
    return (ProviderUnavailable if error in PASSING_ERRORS else ProviderRefused)(f"mercado_livre:{error}")


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    user_id = id_in(reply, "user_id")
    profile = await read(talk, talk.provider.userinfo_url, Tokens(reply["access_token"]), user_id, {})
    if id_in(profile, "id") != user_id:
        raise ProviderRefused("mercado_livre:other_user")
    return Person(user_id, None, profile.get("nickname"))


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    return await talk.get(url, params or None, bearer=tokens.access_token)


MERCADO_LIVRE = Provider(
    key="mercado_livre",
    name=N_("Mercado Livre"),
    category=Category.SHOPPING,
    reads=(N_("Your name at Mercado Livre, and that the account is yours"),),
    authorize_url="https://auth.mercadolivre.com.br/authorization",
    exchange_url=f"{API}/oauth/token",
    userinfo_url=f"{API}/users/me",
    scopes=("offline_access", "read"),
    has_pkce=True,
    can_refresh=True,
    refresh_seconds=180 * 86400,
    serves_once=True,
    subject_names=("user_id",),
    ended=frozenset({"mercado_livre:invalid_grant"}),
    identify=identify,
    read=read,
    refusal=refusal,
    history=f"{API}/longan/history",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how much and how steadily you shop, and what you return"),
    ),
)
