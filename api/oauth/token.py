"""`POST /oauth/token`: a short access token for a partner's client id and secret (RFC 6749, section 4.4)."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.addresses import client_address
from api.graphql.errors import REFUSED_SECONDS, PublicError
from api.oauth.requests import OAuthError, credentials_for_a_token, unknown_client
from domain.people import partner_tokens, partners
from domain.people.partners import PartnerClient
from domain.people.places import KNOWN_FOR
from infra import clock, counters, hashing
from infra.counters import Use, by_network
from infra.database import Db, reading, transaction
from infra.networks import widest_of
from infra.setting_parts import Rate
from infra.settings import settings

PATH = "/oauth/token"
BODY_BYTES_MAX = 10_000
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
# A partner keeps its token for the hour that it lives. Both count per address, so that nobody locks out another's client.
PROVEN = "token-proven"  # a client's secret was right, from this network
PER_CLIENT = Rate(times=300, seconds=60)
PER_IP = Rate(times=600, seconds=60)


async def token(request: Request) -> Response:
    try:
        answer = {"access_token": await grant(request), "token_type": "Bearer"}
        return JSONResponse({**answer, "expires_in": int(partner_tokens.LASTS.total_seconds())}, headers=NO_STORE)
    except OAuthError as wrong:
        if wrong.status == 429:
            await asyncio.sleep(REFUSED_SECONDS)
        said = {"error": wrong.error, "error_description": wrong.description}
        return JSONResponse(said, wrong.status, headers={**NO_STORE, **wrong.headers})


def failed(_: Request, error: PublicError) -> Response:
    kind = "temporarily_unavailable" if error.http_status in {429, 503} else "server_error"
    said = {"error": kind, "error_description": error.message}
    return JSONResponse(said, error.http_status, headers=NO_STORE)


async def grant(request: Request) -> str:
    address = client_address(request.scope)
    credentials = await credentials_for_a_token(request)
    here = f"{credentials.client_id}\0{widest_of(address)}"
    async with reading() as db:
        is_known = await counters.remembers(db, PROVEN, here)
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
    async with transaction() as db:
        await counters.remember(db, PROVEN, here, KNOWN_FOR)
        return await partner_tokens.issue(db, client)


async def _refuse_too_often(db: Db, here: str, address: str, *, is_known: bool) -> None:
    """Strangers of a network use up nothing of a client that has shown its secret from there."""
    client = Use(PER_CLIENT, "token-client", here)
    uses = [client] if is_known else [*by_network(PER_IP, "token-ip", address), client]
    if retry_at := await counters.take(db, uses):
        raise _too_often(max(1, round((retry_at - await clock.now(db)).total_seconds())))


def _too_often(seconds: int) -> OAuthError:
    return OAuthError("temporarily_unavailable", "too many requests", 429, {"Retry-After": str(seconds)})


async def metadata(_: Request) -> Response:
    """RFC 8414: where a client library finds all this by itself."""
    issuer = settings().public_url
    return JSONResponse(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}{PATH}",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


routes: list[BaseRoute] = [
    Route(PATH, token, methods=["POST"], max_body_size=BODY_BYTES_MAX),
    Route("/.well-known/oauth-authorization-server", metadata),
]
