"""`POST /oauth/par`: a client says behind the browser's back what it will ask (RFC 9126), so that nobody reads or changes it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from api.oauth.authorizing import PUSHED, QUERY_MAX, NotSentBack, SentBack, asked_of, client_of
from api.oauth.clients import PUSHED_PATH, authenticate
from api.oauth.requests import OAuthError, form_of, malformed
from domain.people.partners import Partner
from domain.sharing import share_requests
from infra.database import transaction

PATH = PUSHED_PATH
PROOFS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


async def push(request: Request) -> Mapping[str, Any]:
    form = await form_of(request)
    if "request_uri" in form:
        raise malformed("request_uri is what this answers")
    who = await authenticate(request, form)
    told = {name: value for name, value in form.items() if name not in PROOFS}
    query = urlencode({**told, "client_id": who.client_id})
    if len(query) > QUERY_MAX:
        raise malformed(f"this is longer than {QUERY_MAX} characters")
    try:
        async with transaction() as db:
            client, back = await client_of(db, query)
            asked = asked_of(query, client, await db.get_one(Partner, client.partner_id), back)
            kept = await share_requests.push(db, client, asked)
    except NotSentBack:
        raise malformed("redirect_uri must be one that is registered for the client") from None
    except SentBack as wrong:
        raise OAuthError(wrong.error, wrong.description) from None
    lasts = int(share_requests.PUSHED_LASTS.total_seconds())
    return {"request_uri": f"{PUSHED}{kept.reference}", "expires_in": lasts}
