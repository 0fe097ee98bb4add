"""Any standard OpenID Connect provider, by discovery: PKCE, nonce, and an id_token that is checked.

https://openid.net/specs/openid-connect-core-1_0.html section 3.1.3.7, and openid-connect-discovery-1_0.html.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from joserfc import jwt
from joserfc.errors import JoseError

from infra.words import N_
from integrations.client import authority_of
from integrations.providers.conversations import conversation, standard_refusal
from integrations.providers.descriptions import Category, Pending, Person, Provider, Registration, Talk, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.providers.keeping import Cache
from integrations.providers.keysets import keys_of
from integrations.replies import Reply, id_in, text_in

WELL_KNOWN = "/.well-known/openid-configuration"
# Only signatures that need the provider's private key; never `none`, never our own shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY_SECONDS = 60

_discovered: Cache[Reply] = Cache(seconds=3600)


async def complete(at: Registration) -> Provider:
    metadata = await _discovered.get(at.issuer, lambda: _discover(at))
    supported = _listed(metadata, "scopes_supported", ["openid", "profile"])
    return replace(
        at.provider,
        authorize_url=_browsable(metadata["authorization_endpoint"], at),
        exchange_url=metadata["token_endpoint"],
        userinfo_url=text_in(metadata, "userinfo_endpoint"),
        revoke_url=text_in(metadata, "revocation_endpoint"),
        scopes=at.provider.scopes or tuple(scope for scope in ("openid", "profile") if scope in supported),
        client_auth=_client_auth(at, metadata),
        can_refresh="refresh_token" in _listed(metadata, "grant_types_supported", []),
        metadata=metadata,
    )


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    claims = await _verified(talk, reply.get("id_token"), pending.nonce)
    subject = id_in(claims, "sub")
    name = _name(claims) or await _name_by_userinfo(talk, Tokens(reply["access_token"]), subject)
    return Person(subject, None, name)


async def prove_renewed(talk: Talk, reply: Reply) -> str | None:
    """OpenID Connect Core section 12.2: an id_token is of the same person, and may leave out the nonce; there may be none."""
    if "id_token" not in reply:
        return None
    return id_in(await _verified(talk, reply["id_token"], None), "sub")


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    return await talk.get(url, params or None, bearer=tokens.access_token)


async def _discover(at: Registration) -> Reply:
    async with conversation(at) as talk:
        metadata = await talk.get(at.issuer.rstrip("/") + WELL_KNOWN)
    if str(metadata.get("issuer")).rstrip("/") != at.issuer.rstrip("/"):
        raise ProviderRefused("wrong_issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(metadata.get(name), str):
            raise ProviderUnavailable("incomplete_discovery")
    return metadata


def _browsable(url: str, at: Registration) -> str:
    """The person's browser goes there, past our guard."""
    if not url.startswith("https://") and not (url.startswith("http://") and authority_of(url) in at.allow):
        raise ProviderRefused("unsafe_authorization_endpoint")
    return url


def _client_auth(at: Registration, metadata: Reply) -> Literal["basic", "post", "none"]:
    if not at.client_secret:
        return "none"
    supported = _listed(metadata, "token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return "basic" if "client_secret_basic" in supported else "post"


def _listed(metadata: Reply, name: str, otherwise: list[str]) -> list[str]:
    told = metadata.get(name)
    return told if isinstance(told, list) else otherwise


async def _verified(talk: Talk, id_token: object, nonce: str | None) -> dict[str, Any]:
    if not isinstance(id_token, str):
        raise ProviderRefused("no_id_token")
    try:
        claims = await _signed_claims(talk, id_token)
    except (JoseError, ValueError):
        raise ProviderRefused("bad_id_token") from None
    return checked(claims, talk.provider.metadata["issuer"], talk.at.client_id, nonce)


def checked(claims: dict[str, Any], issuer: str, client_id: str, nonce: str | None) -> dict[str, Any]:
    """The claims of an id_token whose signature holds; refuses those that were not made for us, now, for this link.

    Without a `nonce` it may have any: what it is of was linked before.
    """
    try:
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={} if nonce is None else {"essential": True, "value": nonce},
        ).validate(claims)
    except (JoseError, ValueError):
        raise ProviderRefused("bad_id_token") from None
    if claims.get("azp", client_id) != client_id:
        raise ProviderRefused("bad_id_token")
    return claims


async def _signed_claims(talk: Talk, id_token: str) -> dict[str, Any]:
    url = talk.provider.metadata["jwks_uri"]
    try:
        return jwt.decode(id_token, await keys_of(talk, url), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError):
        # The provider may have changed its keys since we fetched them.
        return jwt.decode(id_token, await keys_of(talk, url, again=True), algorithms=ALGORITHMS).claims


async def _name_by_userinfo(talk: Talk, tokens: Tokens, subject: str) -> str | None:
    if not talk.provider.userinfo_url:
        return None
    try:
        claims = await read(talk, talk.provider.userinfo_url, tokens, subject, {})
    except ProviderUnavailable:
        return None  # the id_token has proven who it is; a name is only for show
    if id_in(claims, "sub") != subject:
        raise ProviderRefused("other_subject")
    return _name(claims)


def _name(claims: Mapping[str, Any]) -> str | None:
    names = (text_in(claims, claim) for claim in ("name", "nickname", "preferred_username", "given_name"))
    return next((name for name in names if name), None)


OIDC = Provider(
    key="oidc",
    name=N_("Bank sign-in (OpenID)"),
    category=Category.PAYMENT,
    reads=(N_("Your name there, and that the account is yours"),),
    authorize_url="",
    exchange_url="",
    is_openid=True,
    serves_once=True,  # of some, and discovery does not tell of which
    complete=complete,
    identify=identify,
    prove_renewed=prove_renewed,
    read=read,
    refusal=standard_refusal,
    history="https://issuer.invalid/longan/history",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: what comes in each month, how steadily, and how long your savings would last"),
        N_("Simulated: your loans elsewhere, and how you repaid them"),
    ),
)
