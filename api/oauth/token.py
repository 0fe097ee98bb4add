"""`POST /oauth/token`: a short access token for a partner's client id and secret (RFC 6749, section 4.4)."""

import asyncio
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.oauth.requests import Credentials, OAuthError, credentials_for_a_token, unknown_client
from domain.people import partner_tokens, partners
from domain.people.partners import PartnerClient
from infra import clock, limiter, vault
from infra.database import reading
from infra.settings import Rate, settings

PATH = "/oauth/token"
BODY_BYTES_MAX = 10_000
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
# A partner keeps its token for the hour that it lives. Both count per address, so that nobody locks out another's client.
PER_CLIENT = Rate(times=300, seconds=60)
PER_IP = Rate(times=600, seconds=60)


async def token(request: Request) -> Response:
    try:
        answer = {"access_token": await grant(request), "token_type": "Bearer"}
        return JSONResponse({**answer, "expires_in": int(partner_tokens.LASTS.total_seconds())}, headers=NO_STORE)
    except OAuthError as wrong:
        said = {"error": wrong.error, "error_description": wrong.description}
        return JSONResponse(said, wrong.status, headers={**NO_STORE, **wrong.headers})


async def grant(request: Request) -> str:
    ip = request.client.host if request.client else "unknown"
    credentials = await credentials_for_a_token(request)
    async with reading() as db:
        await _keep_limits(credentials, ip, await clock.now(db))
        client = await db.get(PartnerClient, credentials.client_id)
    if not await asyncio.to_thread(partners.secret_is_right, client, credentials.secret) or client is None:
        raise unknown_client()
    async with reading() as db:
        return await partner_tokens.issue(db, client)


async def _keep_limits(credentials: Credentials, ip: str, now: datetime) -> None:
    place = vault.blind_index("token-ip", ip).hex()[:32]
    client = vault.blind_index("token-client", f"{credentials.client_id}\0{ip}").hex()[:32]
    for rate, name, key in ((PER_IP, "token-ip", place), (PER_CLIENT, "token-client", client)):
        if retry_at := await limiter.wait_after(rate, name, key, now=now):
            wait = max(1, round((retry_at - now).total_seconds()))
            raise OAuthError("temporarily_unavailable", "too many requests", 429, {"Retry-After": str(wait)})


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
