"""Documents by their hash: automatic persisted queries, as Apollo's clients send them.

Only a document that was valid and charged is kept: in this process, and for the others in Valkey, up to a number and for an hour
after its last use. A document that is forgotten costs its client one more request.
"""

import hashlib
import hmac
import re
from collections import OrderedDict
from time import time
from typing import Any

import structlog

from api.graphql.errors import BadRequest, UnknownDocument
from infra import limiter
from infra.cache import Away, answered, valkey
from infra.setting_parts import Rate

KEPT_SECONDS = 3_600
KEPT_MAX = 1_000  # in Valkey, which keeps limits and wake-ups too
KEPT_BYTES_MAX = 4_000_000  # in this process
TAUGHT_MAX = Rate(times=120, seconds=3_600)  # by one address or person
NAMES = "longan:documents"
SHA256 = re.compile(r"[0-9a-f]{64}")
log = structlog.get_logger()

_near: OrderedDict[str, str] = OrderedDict()
_near_bytes = 0


def hash_in(extensions: dict[str, Any] | None, document_id: str | None) -> str | None:
    """The hash that a request asks by, if it does. Raises BadRequest for one that is none."""
    if document_id is not None:
        return _hash(document_id.removeprefix("sha256:") if document_id.startswith("sha256:") else None)
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    version = persisted.get("version") if isinstance(persisted, dict) else None
    if isinstance(version, bool) or version != 1:
        raise BadRequest("A persisted query has version 1 and a sha256Hash.")
    return _hash(persisted.get("sha256Hash"))


def _hash(text: object) -> str:
    if not isinstance(text, str) or not SHA256.fullmatch(text.lower()):
        raise BadRequest(
            "A document is named by the 64 hexadecimal digits of its SHA-256; a documentId is sha256: and those."
        )
    return text.lower()


async def find(query: str | None, sha256: str) -> str:
    """The document of this hash. Raises UnknownDocument for one that nobody has sent in full yet."""
    if query is None:
        return _recall_near(sha256) or await _recall(sha256)
    if not hmac.compare_digest(hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest(), sha256):
        raise BadRequest("The hash is not this document's.")
    return query


def _recall_near(sha256: str) -> str | None:
    if sha256 in _near:
        _near.move_to_end(sha256)
    return _near.get(sha256)


async def _recall(sha256: str) -> str:
    try:
        known = await answered(lambda: valkey().getex(_key(sha256), ex=KEPT_SECONDS))
    except Away as error:
        # The client then sends the document in full, which needs no memory of ours.
        log.warning("documents.away", error=str(error))
        known = None
    if known is None:
        raise UnknownDocument
    text = str(known.decode())
    _remember_near(sha256, text)
    return text


async def remember(sha256: str, text: str, who: str) -> None:
    """Keep a document that was admitted; not more than `TAUGHT_MAX` of one asker's."""
    if sha256 in _near or await limiter.is_over(TAUGHT_MAX, "documents", who):
        return
    _remember_near(sha256, text)
    try:
        await answered(lambda: _share(sha256, text))
    except Away as error:
        log.warning("documents.away", error=str(error))


def _remember_near(sha256: str, text: str) -> None:
    global _near_bytes
    if sha256 not in _near:
        _near[sha256] = text
        _near_bytes += len(text)
    while _near_bytes > KEPT_BYTES_MAX:
        _, oldest = _near.popitem(last=False)
        _near_bytes -= len(oldest)


async def _share(sha256: str, text: str) -> None:
    async with valkey().pipeline() as both:
        both.set(_key(sha256), text, ex=KEPT_SECONDS)
        both.zadd(NAMES, {sha256: time()})
        both.zcard(NAMES)
        *_, count = await both.execute()
    if count > KEPT_MAX:
        oldest = await valkey().zpopmin(NAMES, count - KEPT_MAX)
        await valkey().delete(*(_key(name.decode()) for name, _ in oldest))


def _key(sha256: str) -> str:
    return f"longan:document:{sha256}"
