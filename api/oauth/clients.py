"""Which client asks: by its id and secret, bounded in how often somebody may try."""

from starlette.requests import Request

from api.addresses import client_address
from api.oauth.requests import ClientCredentials, Form, OAuthError, credentials_of, unknown_client
from domain.people import partners
from domain.people.partners import PartnerClient
from domain.people.places import KNOWN_FOR
from infra import clock, counters, hashing
from infra.counters import Use, by_network
from infra.database import Db, reading, transaction
from infra.networks import widest_of
from infra.setting_parts import Rate

# A partner keeps its token for the hour that it lives. Both count per address, so that nobody locks out another's client.
PROVEN = "token-proven"  # a client's secret was right, from this network
PER_CLIENT = Rate(times=300, seconds=60)
PER_IP = Rate(times=600, seconds=60)


async def authenticate(request: Request, form: Form) -> PartnerClient:
    """Raises OAuthError unless the client proves who it is."""
    credentials = credentials_of(request.headers.getlist("authorization"), form)
    address = client_address(request.scope)
    here = f"{credentials.client_id}\0{widest_of(address)}"
    async with reading() as db:
        is_known = await counters.remembers(db, PROVEN, here)
    client = await _prove(credentials, address, here, is_known=is_known)
    async with transaction() as db:
        await counters.remember(db, PROVEN, here, KNOWN_FOR)
    return client


async def _prove(credentials: ClientCredentials, address: str, here: str, *, is_known: bool) -> PartnerClient:
    try:
        with hashing.place_for(address, here if is_known else None) as run:
            async with transaction() as db:
                await _refuse_too_often(db, here, address, is_known=is_known)
                client = await db.get(PartnerClient, credentials.client_id)
            is_right = await run(partners.secret_is_right, client, credentials.secret)
    except hashing.HashingFull:
        raise _too_often(1) from None
    if not is_right or client is None:
        raise unknown_client()
    return client


async def _refuse_too_often(db: Db, here: str, address: str, *, is_known: bool) -> None:
    """Strangers of a network use up nothing of a client that has shown its secret from there."""
    client = Use(PER_CLIENT, "token-client", here)
    uses = [client] if is_known else [*by_network(PER_IP, "token-ip", address), client]
    if retry_at := await counters.take(db, uses):
        raise _too_often(max(1, round((retry_at - await clock.now(db)).total_seconds())))


def _too_often(seconds: int) -> OAuthError:
    return OAuthError("temporarily_unavailable", "too many requests", 429, {"Retry-After": str(seconds)})
