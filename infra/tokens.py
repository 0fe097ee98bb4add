"""Access tokens as JWTs (RFC 9068), each for one door; a token of another door is nothing here."""

from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from infra.keys import keyring
from infra.settings import settings

HEADER = {"alg": "HS256", "typ": "at+jwt"}


def issue(audience: str, claims: Mapping[str, Any]) -> str:
    """Sign claims as a token; the same claims make the same token, to the letter."""
    return jwt.encode(HEADER, {"iss": settings().public_url, "aud": audience, **claims}, _key())


def read(audience: str, text: str) -> dict[str, Any] | None:
    """What a token says, or None where we did not make it for this door. Whether it is over is for the clock to say.

    The header must be ours to the letter, so no `jku`, `kid`, `crit` or other algorithm is ever looked at.
    """
    try:
        token = jwt.decode(text, _key(), algorithms=[HEADER["alg"]])
    except (JoseError, ValueError, TypeError):
        return None
    claims: dict[str, Any] = token.claims
    made_here = {"iss": settings().public_url, "aud": audience}
    if token.header != HEADER or any(claims.get(name) != value for name, value in made_here.items()):
        return None
    return claims if isinstance(claims.get("exp"), int) else None


def _key() -> OctKey:
    return OctKey.import_key(keyring().token)
