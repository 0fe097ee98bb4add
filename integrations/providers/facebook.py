"""Facebook: secrets in the query, errors as an object, and every call with a token proves that it is ours.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow and
https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from infra.words import N_
from integrations.providers.descriptions import (
    Category,
    Pending,
    Person,
    Provider,
    Registration,
    Talk,
    Tokens,
    Withdrawal,
)
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, code_in, id_in, json_object, part_of

GRAPH = "https://graph.facebook.com/v23.0"
# Unknown, service, and the limits of calls per app, person, page and custom rate.
PASSING_ERRORS = frozenset({"1", "2", "4", "17", "32", "341", "613"})


def refusal(reply: Reply) -> Exception | None:
    if "error" not in reply:
        return None
    error = part_of(reply, "error")
    code = code_in(error, "code", absent="error")
    passing = code in PASSING_ERRORS or error.get("is_transient") is True
    return ProviderUnavailable(f"facebook:{code}") if passing else ProviderRefused(f"facebook:{code}")


async def identify(talk: Talk, reply: Reply, pending: Pending) -> Person:
    tokens = Tokens(reply["access_token"])
    profile = await read(talk, talk.provider.userinfo_url, tokens, "", {"fields": "id,name"})
    return Person(id_in(profile, "id"), None, profile.get("name"))


async def read(talk: Talk, url: str, tokens: Tokens, subject: str, params: Mapping[str, str]) -> Reply:
    return await talk.get(url, {**_proven(talk, tokens), **params})


async def revoke(talk: Talk, tokens: Tokens) -> None:
    await talk.post(talk.provider.revoke_url, {**_proven(talk, tokens), "method": "delete"})


def hear_withdrawal(at: Registration, form: Mapping[str, str]) -> Withdrawal:
    """What a `signed_request` says; both callbacks send the same."""
    signature, _, payload = form.get("signed_request", "").partition(".")
    ours = hmac.digest(at.client_secret.encode(), payload.encode(), "sha256")
    told = json_object(_decoded(payload)) or {}
    if not hmac.compare_digest(_decoded(signature), ours) or told.get("algorithm") != "HMAC-SHA256":
        raise ProviderRefused("facebook:not_signed")
    subject, issued = id_in(told, "user_id"), told.get("issued_at")
    if not subject or not isinstance(issued, int) or not 0 < issued < 2**33:
        raise ProviderRefused("facebook:incomplete")
    return Withdrawal(subject, datetime.fromtimestamp(issued, UTC))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""


def _proven(talk: Talk, tokens: Tokens) -> dict[str, str]:
    """The token, and the proof that whoever sends it has the app's secret: a stolen token alone opens nothing."""
    proof = hmac.new(talk.at.client_secret.encode(), tokens.access_token.encode(), hashlib.sha256)
    return {"access_token": tokens.access_token, "appsecret_proof": proof.hexdigest()}


FACEBOOK = Provider(
    key="facebook",
    name=N_("Facebook"),
    category=Category.SOCIAL,
    reads=(N_("Your name at Facebook, and that the account is yours"),),
    authorize_url="https://www.facebook.com/v23.0/dialog/oauth",
    exchange_url=f"{GRAPH}/oauth/access_token",
    userinfo_url=f"{GRAPH}/me",
    revoke_url=f"{GRAPH}/me/permissions",
    scopes=("public_profile",),
    scope_separator=",",
    client_auth="query",
    identify=identify,
    read=read,
    revoke=revoke,
    refusal=refusal,
    hear_withdrawal=hear_withdrawal,
    history=f"{GRAPH}/longan/history",
    reads_simulated=(
        N_("Simulated: how long you have had the account, and whether your name was verified there"),
        N_("Simulated: how often you use it, and how long you have lived at one place"),
    ),
)
