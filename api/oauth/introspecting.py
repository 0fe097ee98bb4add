"""`POST /oauth/introspect` (RFC 7662): what a client's own token is good for now. Of any other it hears no more than of noise.

`token_use` tells an access token from a refresh token, which opens no door by itself and so has no `token_type`.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from api.oauth.authorizing import OFFLINE
from api.oauth.clients import authenticate
from api.oauth.exchanging import granted_to
from api.oauth.requests import form_of, required
from domain.people import partner_tokens
from domain.people.partner_tokens import PartnerToken
from domain.people.partners import PartnerClient
from domain.sharing import exchanging, narrowing
from infra.database import transaction
from infra.settings import settings

PATH = "/oauth/introspect"
INACTIVE: Mapping[str, Any] = {"active": False}


async def introspect(request: Request) -> Mapping[str, Any]:
    """`token_type_hint` may say anything: a token tells by itself what it is."""
    form = await form_of(request)
    client = await authenticate(request, form)
    text = required(form, "token")
    token = await partner_tokens.find(text)
    return await (_of_refresh_token(client, text) if token is None else _of_access_token(client, token))


async def _of_access_token(client: PartnerClient, token: PartnerToken) -> Mapping[str, Any]:
    known = await narrowing.actor_of(token) if token.client_id == client.client_id else None
    if known is None:
        return INACTIVE
    return {
        "active": True,
        "token_use": "access_token",
        "scope": " ".join(sorted(known.actor.scopes)),
        "client_id": token.client_id,
        "token_type": "Bearer",
        "exp": token.expires_at,
        "iat": token.issued_at,
        "sub": token.subject or token.client_id,
        "aud": partner_tokens.AUDIENCE,
        "iss": settings().public_url,
        "jti": str(token.id),
    }


async def _of_refresh_token(client: PartnerClient, text: str) -> Mapping[str, Any]:
    async with transaction() as db:
        found = await exchanging.look_at(db, client, text)
        if found is None:
            return INACTIVE
        return {
            "active": True,
            "token_use": "refresh_token",
            "scope": " ".join([*granted_to(client, found), OFFLINE]),
            "client_id": client.client_id,
            "exp": int(found.renewable_until.timestamp()),
            "sub": narrowing.subject_of(found.consent),
            "iss": settings().public_url,
        }
