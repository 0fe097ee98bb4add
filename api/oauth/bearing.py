"""Bearer tokens in the words of RFC 6749: for which scopes one is asked for (section 3.3), and how it is given (5.1); and of
RFC 8707: for which door.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from api.oauth.requests import Form, OAuthError
from domain.people.partner_tokens import AUDIENCE

NO_OTHER_DOOR = f"tokens are for one resource: {AUDIENCE}"


def is_for_us(asked: Mapping[str, str]) -> bool:
    """Whether no other `resource` is named than the one that tokens are for: nobody takes one for what it is not."""
    return asked.get("resource", AUDIENCE) == AUDIENCE


def refuse_other_door(form: Form) -> None:
    """Raises OAuthError (RFC 8707, section 2)."""
    if not is_for_us(form):
        raise OAuthError("invalid_target", NO_OTHER_DOOR)


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
