"""`POST /oauth/revoke` (RFC 7009): a client's own access or refresh token is good no more, at once and on every machine."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from api.oauth.clients import authenticate
from api.oauth.requests import OAuthError, form_of, required
from domain.people import partner_tokens
from domain.sharing import exchanging
from infra.database import transaction

PATH = "/oauth/revoke"


async def revoke(request: Request) -> Mapping[str, Any]:
    """What is no token, or is over, is as the client wants it already (section 2.2)."""
    form = await form_of(request)
    client = await authenticate(request, form)
    text = required(form, "token")
    token = await partner_tokens.find(text)
    if token is not None and token.client_id != client.client_id:
        raise OAuthError("unauthorized_client", "the token was given to another client")
    async with transaction() as db:
        if token is not None:
            await partner_tokens.revoke(db, token)
        else:
            await exchanging.revoke(db, client, text)
    return {}
