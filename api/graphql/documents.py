"""Documents by their hash: automatic persisted queries, as Apollo's clients send them."""

import hashlib
import hmac
from typing import Any

import structlog

from api.graphql.errors import BadRequest, UnknownDocument
from infra.cache import Away, answered, valkey

KEPT_SECONDS = 7 * 86_400
log = structlog.get_logger()


async def find(query: str | None, extensions: dict[str, Any] | None, document_id: str | None) -> str | None:
    """The document that the request means. Raises UnknownDocument for a hash that nobody has sent in full yet."""
    wanted = _hash(extensions, document_id)
    if wanted is None:
        return query
    if query is None:
        return await _recall(wanted)
    if not hmac.compare_digest(hashlib.sha256(query.encode()).hexdigest(), wanted):
        raise BadRequest("The hash is not this document's.")
    await _remember(wanted, query)
    return query


def _hash(extensions: dict[str, Any] | None, document_id: str | None) -> str | None:
    if document_id is not None:
        if not document_id.startswith("sha256:"):
            raise BadRequest("A documentId is sha256: and the document's hash.")
        return document_id.removeprefix("sha256:")
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise BadRequest("A persisted query has version 1 and a sha256Hash.")
    sha256 = persisted.get("sha256Hash")
    if not isinstance(sha256, str) or len(sha256) != 64:
        raise BadRequest("A persisted query has version 1 and a sha256Hash.")
    return sha256.lower()


def _key(sha256: str) -> str:
    return f"longan:document:{sha256}"


async def _recall(sha256: str) -> str:
    try:
        known = await answered(lambda: valkey().get(_key(sha256)))
    except Away as error:
        # The client then sends the document in full, which needs no memory of ours.
        log.warning("documents.away", error=str(error))
        known = None
    if known is None:
        raise UnknownDocument
    return str(known.decode())


async def _remember(sha256: str, query: str) -> None:
    try:
        await answered(lambda: valkey().set(_key(sha256), query, ex=KEPT_SECONDS))
    except Away as error:
        log.warning("documents.away", error=str(error))
