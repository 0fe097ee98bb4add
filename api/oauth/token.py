"""`POST /oauth/token`: a short access token for a client that proves who it is (RFC 6749, section 3.2)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request

from api.oauth.bearing import bearer_answer, refuse_other_door, scopes_asked
from api.oauth.clients import TOKEN_PATH, authenticate
from api.oauth.exchanging import for_a_code, for_a_refresh_token
from api.oauth.requests import Form, OAuthError, form_of, required
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from infra.database import Db, transaction

PATH = TOKEN_PATH

# An error that is returned keeps what was written; one that is raised leaves nothing behind.
Grant = Callable[[Db, PartnerClient, Form], Awaitable[Mapping[str, Any] | OAuthError]]


async def token(request: Request) -> Mapping[str, Any]:
    form = await form_of(request)
    kind = required(form, "grant_type")
    if kind not in GRANTS:
        raise OAuthError("unsupported_grant_type", f"what is granted here: {', '.join(GRANTS)}")
    client = await authenticate(request, form)
    refuse_other_door(form)
    async with transaction() as db:
        answer = await GRANTS[kind](db, client, form)
    if isinstance(answer, OAuthError):
        raise answer
    return answer


async def _for_the_client(db: Db, client: PartnerClient, form: Form) -> Mapping[str, Any]:
    """Client credentials (section 4.4): a token for no person."""
    scopes = scopes_asked(client.scopes, form)
    return bearer_answer(await partner_tokens.issue(db, client, scopes=scopes), scopes, partner_tokens.LASTS)


GRANTS: Mapping[str, Grant] = {
    "client_credentials": _for_the_client,
    "authorization_code": for_a_code,
    "refresh_token": for_a_refresh_token,
}
