"""The app's access tokens as JWTs that we alone read, each for one door; a token of another door is nothing here."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from infra.keys import keyring
from infra.settings import settings

HEADER = {"alg": "HS256", "typ": "at+jwt"}
READ_MAX = 2_000  # tokens whose claims a process remembers: reading one takes longer than asking who it is
_read: OrderedDict[bytes, dict[str, Any]] = OrderedDict()


def issue(audience: str, claims: Mapping[str, Any]) -> str:
    """Sign claims as a token; the same claims make the same token, to the letter."""
    return jwt.encode(HEADER, {"iss": settings().public_url, "aud": audience, **claims}, _key())


def read(audience: str, text: str) -> dict[str, Any] | None:
    """What a token says, or None where we did not make it for this door. Whether it is over is for the clock to say."""
    return read_once(audience, text, _read_carefully)


def read_once(
    audience: str, text: str, carefully: Callable[[str, str], dict[str, Any] | None]
) -> dict[str, Any] | None:
    """What a token says, from memory where this process has read it. An audience is always read by the same reader."""
    mark = _mark_of(audience, text)
    claims = _read.get(mark)
    if claims is None:
        claims = carefully(audience, text)
    if claims is not None:
        _read[mark] = claims
        _read.move_to_end(mark)
        while len(_read) > READ_MAX:
            _read.popitem(last=False)
    return claims


def _mark_of(audience: str, text: str) -> bytes:
    """Neither the token nor the key that signs it can be read from its mark."""
    told = "\0".join((audience, settings().public_url, text)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(keyring().token + told).digest()


def _read_carefully(audience: str, text: str) -> dict[str, Any] | None:
    """The header must be ours to the letter, so no `jku`, `kid`, `crit` or other algorithm is ever looked at."""
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
