"""The public keys that providers sign with, fetched and kept for an hour."""

from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from integrations.providers.descriptions import Talk
from integrations.providers.failures import ProviderUnavailable
from integrations.providers.keeping import Cache

# A forged key id must not make us fetch at every try.
AGAIN_AFTER_SECONDS = 5

_keys: Cache[KeySet] = Cache(seconds=3600)


async def keys_of(talk: Talk, url: str, again: bool = False) -> KeySet:
    async def fetch() -> KeySet:
        return _readable(await talk.get(url))

    return await _keys.get(url, fetch, younger_than=AGAIN_AFTER_SECONDS if again else None)


def _readable(jwks: dict[str, Any]) -> KeySet:
    listed = jwks.get("keys")
    if not isinstance(listed, list):
        raise ProviderUnavailable("bad_keys")
    keys = [key for jwk in listed if (key := _signing_key(jwk))]
    return KeySet(keys)


def _signing_key(jwk: Any) -> Key | None:
    """A key that signs; None for keys that don't, that we cannot read, or that are nobody's secret."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig" or jwk.get("kty") == "oct":
        return None
    try:
        return JWKRegistry.import_key(jwk)
    except (JoseError, ValueError, TypeError, LookupError, AttributeError):
        return None
