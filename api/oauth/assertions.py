"""A client's proof by its own key (`private_key_jwt`, RFC 7523): a JWT for us, short and good once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from api.oauth.requests import CREDENTIAL_LENGTH_MAX, Form, malformed, unknown_client
from domain.people import client_keys
from infra import clock, counters
from infra.counters import Use
from infra.database import Db
from infra.setting_parts import Rate

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LENGTH_MAX, JTI_LENGTH_MAX = 4_000, 200
LASTS_MAX, SKEW = timedelta(minutes=5), timedelta(seconds=30)
ONCE = Rate(times=1, seconds=600)  # longer than one may last
TYPES = frozenset({None, "JWT", "client-authentication+jwt"})
ALGORITHMS = sorted({name for names in client_keys.ALGORITHMS.values() for name in names})


class ClientAssertion(NamedTuple):
    """What a client says of itself, which nobody has verified yet."""

    client_id: str
    text: str
    header: Mapping[str, Any]


def assertion_of(headers: list[str], form: Form) -> ClientAssertion | None:
    """The assertion of a request, None where there is none. Raises OAuthError where there is another proof beside it."""
    if "client_assertion" not in form and "client_assertion_type" not in form:
        return None
    text = form.get("client_assertion", "")
    if headers or "client_secret" in form:
        raise malformed("the client proves itself by an assertion or by its secret, not both")
    if form.get("client_assertion_type") != KIND or not text:
        raise malformed(f"client_assertion is a JWT, and client_assertion_type {KIND}")
    client_id, header = _unverified(text)
    if form.get("client_id", client_id) != client_id:
        raise unknown_client()
    return ClientAssertion(client_id, text, header)


def _unverified(text: str) -> tuple[str, Mapping[str, Any]]:
    if len(text) > LENGTH_MAX:
        raise unknown_client()
    try:
        told = jws.extract_compact(text.encode())
        claims = orjson.loads(told.payload)
        client_id = claims["sub"]
    except (JoseError, ValueError, TypeError, KeyError):
        raise unknown_client() from None
    if not isinstance(client_id, str) or not 0 < len(client_id) <= CREDENTIAL_LENGTH_MAX or "\0" in client_id:
        raise unknown_client()
    return client_id, told.headers()


async def verify(db: Db, assertion: ClientAssertion, audiences: frozenset[str]) -> None:
    """Raises OAuthError unless a live key of the client signed it, for us, for a few minutes, and it comes for the first time."""
    claims = _claims(assertion, await client_keys.live(db, assertion.client_id))
    if claims is None or not _is_for_us(claims, assertion.client_id, audiences, await clock.now(db)):
        raise unknown_client()
    spent = Use(ONCE, "client-assertion", f"{assertion.client_id}\0{claims['jti']}")
    if await counters.take(db, [spent]):
        raise unknown_client()


def _claims(assertion: ClientAssertion, keys: Mapping[str, Key]) -> dict[str, Any] | None:
    """The claims, where one of these keys signed them, by an algorithm of its own."""
    header = assertion.header
    if header.get("typ") not in TYPES or header.keys() - {"alg", "typ", "kid"}:
        return None  # no key of its own, no address of one, nothing that must be understood
    kid = header.get("kid")
    for name, key in keys.items():
        if kid not in (None, name):
            continue
        try:
            return dict(jwt.decode(assertion.text, key, algorithms=[*client_keys.algorithms_of(key)]).claims)
        except (JoseError, ValueError, TypeError):
            continue
    return None


def _is_for_us(claims: Mapping[str, Any], client_id: str, audiences: frozenset[str], now: datetime) -> bool:
    """Every audience must be ours: what is for two, the other may show us."""
    aud, jti, at = claims.get("aud"), claims.get("jti"), now.timestamp()
    told = [aud] if isinstance(aud, str) else aud
    is_ours = (
        isinstance(told, list) and bool(told) and all(isinstance(each, str) and each in audiences for each in told)
    )
    is_named = isinstance(jti, str) and 0 < len(jti) <= JTI_LENGTH_MAX
    return (
        claims.get("iss") == claims.get("sub") == client_id
        and is_ours
        and is_named
        and _lies(claims.get("exp"), at, at + (LASTS_MAX + SKEW).total_seconds())
        and all(
            _lies(claims[name], 0, at + SKEW.total_seconds()) for name in ("iat", "nbf") if claims.get(name) is not None
        )
    )


def _lies(moment: object, after: float, until: float) -> bool:
    is_number = isinstance(moment, int | float) and not isinstance(moment, bool)
    return is_number and after < float(moment) <= until  # type: ignore[arg-type]
