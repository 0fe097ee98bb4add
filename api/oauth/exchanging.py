"""What the token endpoint gives for a code (RFC 6749, section 4.1.3; RFC 7636) and for a refresh token (section 6)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from api.oauth.authorizing import OFFLINE, SCOPES
from api.oauth.bearing import bearer_answer, scopes_asked
from api.oauth.requests import Form, OAuthError, malformed, required
from domain.consent import consent_tokens
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from domain.sharing import exchanging, narrowing
from domain.sharing.exchanging import Exchanged
from infra import clock
from infra.database import Db

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


async def for_a_code(db: Db, client: PartnerClient, form: Form) -> Mapping[str, Any] | OAuthError:
    code, redirect_uri, verifier = (required(form, name) for name in ("code", "redirect_uri", "code_verifier"))
    if not VERIFIER.fullmatch(verifier):
        raise malformed("code_verifier has 43 to 128 characters of A-Z a-z 0-9 - . _ ~")
    exchanged = await exchanging.exchange(db, client, code, redirect_uri, create_s256_code_challenge(verifier))
    if exchanged is None:
        return _refused(
            "a code works once, within a minute, for the client, redirect_uri and verifier that asked for it"
        )
    return await _given(db, client, exchanged, granted_to(client, exchanged))


async def for_a_refresh_token(db: Db, client: PartnerClient, form: Form) -> Mapping[str, Any] | OAuthError:
    exchanged = await exchanging.renew(db, client, required(form, "refresh_token"))
    if exchanged is None:
        return _refused("a refresh token works once, for its own client, while the person's consent lasts")
    return await _given(db, client, exchanged, scopes_asked(granted_to(client, exchanged), _without_offline(form)))


def _without_offline(form: Form) -> Form:
    """A client may ask again for the scope that it was told; that it is offline its refresh token says already."""
    if "scope" not in form:
        return form
    return {**form, "scope": " ".join(name for name in form["scope"].split(" ") if name != OFFLINE)}


def granted_to(client: PartnerClient, exchanged: Exchanged) -> list[str]:
    """The scopes that the person agreed to and the client still has."""
    given = [name for name, scope in SCOPES.items() if scope in exchanged.consent.scopes]
    return [name for name in given if name in client.scopes]


async def _given(db: Db, client: PartnerClient, exchanged: Exchanged, scopes: list[str]) -> Mapping[str, Any]:
    """No token lives longer than the consent that it came of."""
    left = exchanged.consent.expires_at - await clock.now(db)
    lasts = min(partner_tokens.LASTS, timedelta(seconds=int(left.total_seconds())))
    subject = narrowing.subject_of(exchanged.consent)
    access = await partner_tokens.issue(db, client, scopes=scopes, subject=subject, lasts=lasts)
    offline = {"refresh_token": exchanged.grant.refresh_token} if exchanged.grant.is_offline else {}
    told = [*scopes, OFFLINE] if offline else scopes
    return {
        **bearer_answer(access, told, lasts),
        **offline,
        "consent_token": consent_tokens.token_of(exchanged.consent),
    }


def _refused(description: str) -> OAuthError:
    return OAuthError("invalid_grant", description)
