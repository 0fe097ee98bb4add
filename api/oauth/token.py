"""`POST /oauth/token`: a short access token for a client that proves who it is (RFC 6749, section 3.2)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request

from api.oauth.clients import authenticate
from api.oauth.requests import Form, OAuthError, form_of, required
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from infra.database import Db, transaction

PATH = "/oauth/token"

Grant = Callable[[Db, PartnerClient, Form], Awaitable[Mapping[str, Any]]]


async def token(request: Request) -> Mapping[str, Any]:
    form = await form_of(request)
    kind = required(form, "grant_type")
    if kind not in GRANTS:
        raise OAuthError("unsupported_grant_type", f"what is granted here: {', '.join(GRANTS)}")
    client = await authenticate(request, form)
    async with transaction() as db:
        return await GRANTS[kind](db, client, form)


async def _for_the_client(db: Db, client: PartnerClient, form: Form) -> Mapping[str, Any]:
    """Client credentials (section 4.4): a token for no person."""
    scopes = scopes_asked(client, form)
    access = await partner_tokens.issue(db, client, scopes=scopes)
    return bearer_answer(access, scopes)


def scopes_asked(client: PartnerClient, form: Form) -> list[str]:
    """The scopes that a form asks for, all of the client's where it names none. Raises OAuthError for any other (section 3.3)."""
    asked = form["scope"].split(" ") if "scope" in form else client.scopes
    if not set(asked) <= set(client.scopes):
        raise OAuthError("invalid_scope", "the client may ask for: " + " ".join(sorted(client.scopes)))
    return sorted(set(asked))


def bearer_answer(access_token: str, scopes: list[str]) -> dict[str, Any]:
    """Section 5.1."""
    return {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": int(partner_tokens.LASTS.total_seconds()),
        "scope": " ".join(scopes),
    }


GRANTS: Mapping[str, Grant] = {"client_credentials": _for_the_client}
