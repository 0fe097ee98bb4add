"""Bearer tokens in the words of RFC 6749: for which scopes one is asked for (section 3.3), and how it is given (5.1)."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from api.oauth.requests import Form, OAuthError


def scopes_asked(granted: Collection[str], form: Form) -> list[str]:
    """The scopes that a form asks for, all that are granted where it names none. Raises OAuthError for any other."""
    asked = form["scope"].split(" ") if "scope" in form else granted
    if not set(asked) <= set(granted):
        raise OAuthError("invalid_scope", "the client may ask for: " + " ".join(sorted(granted)))
    return sorted(set(asked))


def bearer_answer(access_token: str, scopes: Collection[str], lasts: timedelta) -> dict[str, Any]:
    return {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": int(lasts.total_seconds()),
        "scope": " ".join(scopes),
    }
