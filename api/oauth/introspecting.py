"""`POST /oauth/introspect` (RFC 7662): what a client's own token is good for now. Of any other it hears no more than of noise."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from api.oauth.clients import authenticate
from api.oauth.requests import form_of, required
from domain.people import partner_tokens
from domain.sharing import narrowing
from infra.settings import settings

PATH = "/oauth/introspect"
INACTIVE: Mapping[str, Any] = {"active": False}


async def introspect(request: Request) -> Mapping[str, Any]:
    """`token_type_hint` may say anything: a token tells by itself what it is."""
    form = await form_of(request)
    client = await authenticate(request, form)
    token = await partner_tokens.find(required(form, "token"))
    if token is None or token.client_id != client.client_id:
        return INACTIVE
    known = await narrowing.actor_of(token)
    if known is None:
        return INACTIVE
    return {
        "active": True,
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
