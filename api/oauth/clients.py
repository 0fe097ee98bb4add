"""Which client asks: by its secret or by its own key, bounded in how often somebody may try."""

from starlette.requests import Request

from api.addresses import client_address
from api.oauth import assertions
from api.oauth.assertions import ClientAssertion, assertion_of
from api.oauth.requests import ClientCredentials, Form, OAuthError, credentials_of, unknown_client
from domain.people import partners
from domain.people.partners import PartnerClient
from domain.people.places import KNOWN_FOR
from infra import clock, counters, hashing
from infra.counters import Use, by_network
from infra.database import Db, reading, transaction
from infra.networks import widest_of
from infra.setting_parts import Rate
from infra.settings import settings

TOKEN_PATH, PUSHED_PATH = "/oauth/token", "/oauth/par"
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
# A partner keeps its token for the hour that it lives. Both count per address, so that nobody locks out another's client.
PROVEN = "token-proven"  # a client's proof was right, from this network
PER_CLIENT = Rate(times=300, seconds=60)
PER_IP = Rate(times=600, seconds=60)


async def authenticate(request: Request, form: Form) -> PartnerClient:
    """Raises OAuthError unless the client proves who it is."""
    headers = request.headers.getlist("authorization")
    shown = assertion_of(headers, form) or credentials_of(headers, form)
    address = client_address(request.scope)
    here = f"{shown.client_id}\0{widest_of(address)}"
    async with reading() as db:
        is_known = await counters.remembers(db, PROVEN, here)
    if isinstance(shown, ClientAssertion):
        client = await _prove_by_key(shown, address, here, is_known=is_known)
    else:
        client = await _prove_by_secret(shown, address, here, is_known=is_known)
    async with transaction() as db:
        await counters.remember(db, PROVEN, here, KNOWN_FOR)
    return client


async def _prove_by_key(shown: ClientAssertion, address: str, here: str, *, is_known: bool) -> PartnerClient:
    """RFC 7523 takes the token endpoint's address for ours too, and RFC 9126 (section 2) that of pushing; the issuer is ours at
    every endpoint.
    """
    issuer = settings().public_url
    async with transaction() as db:
        client = await _admitted(db, shown.client_id, address, here, is_known=is_known)
    async with transaction() as db:
        await assertions.verify(db, shown, frozenset({issuer, issuer + TOKEN_PATH, issuer + PUSHED_PATH}))
    if client is None:
        raise unknown_client()
    return client


async def _prove_by_secret(shown: ClientCredentials, address: str, here: str, *, is_known: bool) -> PartnerClient:
    try:
        with hashing.place_for(address, here if is_known else None) as run:
            async with transaction() as db:
                client, now = (
                    await _admitted(db, shown.client_id, address, here, is_known=is_known),
                    await clock.now(db),
                )
            is_right = await run(partners.secret_is_right, client, shown.secret, now)
    except hashing.HashingFull:
        raise _too_often(1) from None
    if not is_right or client is None:
        raise unknown_client()
    return client


async def _admitted(db: Db, client_id: str, address: str, here: str, *, is_known: bool) -> PartnerClient | None:
    """The client, once its try is counted. Strangers of a network use up nothing of one that has proven itself from there."""
    client = Use(PER_CLIENT, "token-client", here)
    uses = [client] if is_known else [*by_network(PER_IP, "token-ip", address), client]
    if retry_at := await counters.take(db, uses):
        raise _too_often(max(1, round((retry_at - await clock.now(db)).total_seconds())))
    return await db.get(PartnerClient, client_id)


def _too_often(seconds: int) -> OAuthError:
    return OAuthError("temporarily_unavailable", "too many requests", 429, {"Retry-After": str(seconds)})
