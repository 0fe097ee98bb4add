"""Signed tokens: JWTs (RFC 9068) that anybody can verify by the keys we publish; each for one audience."""

from collections.abc import Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from domain.people import signing_keys
from infra import tokens
from infra.database import Db
from infra.settings import settings

HEADER = {"alg": signing_keys.ALGORITHM, "typ": "at+jwt"}
_keys: dict[str, ECKey] = {}  # public parts by thumbprint, which never changes; whether one is good the database says


async def sign(db: Db, audience: str, claims: Mapping[str, Any]) -> str:
    key = await signing_keys.signing(db)
    _keys.setdefault(key.id, ECKey.import_key(key.public))
    told = {"iss": settings().public_url, "aud": audience, **claims}
    return jwt.encode({**HEADER, "kid": key.id}, told, signing_keys.private_part(key), algorithms=[HEADER["alg"]])


async def know_key_of(text: str) -> None:
    """Learn the key that a token names, where this process does not know it and it is one of ours."""
    kid = _kid_of(text)
    if kid is not None and kid not in _keys:
        for each, public in (await signing_keys.published()).items():
            _keys.setdefault(each, ECKey.import_key(public))


def read(audience: str, text: str) -> dict[str, Any] | None:
    """What a token says, with its `kid`; None where no key that this process knows signed it for this audience. Whether key
    and token are over is for the clock to say.
    """
    return tokens.read_once(audience, text, _read_carefully)


def _kid_of(text: str) -> str | None:
    """The key that a token names where its header is ours to the letter: no `jku`, `jwk`, `crit` or other algorithm is looked at."""
    try:
        header = jws.extract_compact(text.encode()).headers()
    except (JoseError, ValueError, TypeError):
        return None
    kid = header.get("kid")
    return kid if isinstance(kid, str) and header == {**HEADER, "kid": kid} else None


def _read_carefully(audience: str, text: str) -> dict[str, Any] | None:
    key = _keys.get(kid := _kid_of(text) or "")
    if key is None:
        return None
    try:
        claims: dict[str, Any] = jwt.decode(text, key, algorithms=[HEADER["alg"]]).claims
    except (JoseError, ValueError, TypeError):
        return None
    made_here = {"iss": settings().public_url, "aud": audience}
    if any(claims.get(name) != value for name, value in made_here.items()) or not isinstance(claims.get("exp"), int):
        return None
    return {**claims, "kid": kid}
