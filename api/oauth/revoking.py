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
    """What is no token, or is over, is as the client wants it already (section 2.2); another client's is refused (2.1)."""
    form = await form_of(request)
    client = await authenticate(request, form)
    text = required(form, "token")
    token = await partner_tokens.find(text)
    async with transaction() as db:
        if token is None:
            is_theirs = await exchanging.revoke(db, client, text)
        elif is_theirs := token.client_id == client.client_id:
            await partner_tokens.revoke(db, token)
    if not is_theirs:
        raise OAuthError("unauthorized_client", "the token was given to another client")
    return {}
