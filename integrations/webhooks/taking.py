"""Taking: senders lease what is due, some of each webhook, and of each application only what happened first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from infra import clock
from infra.database import transaction
from infra.ids import new_id
from integrations.webhooks import signing
from integrations.webhooks.event_types import EventType
from integrations.webhooks.payloads import event_global_id, payload
from integrations.webhooks.signing import WebhookSecret

log = structlog.get_logger()
LEASE_SECONDS = 30  # longer than any attempt; by the machine's time, so moving the house's clock ends none

# A webhook that fails is tried by one delivery alone. What another sender has just locked is left to it.
TAKE = text(
    """
    WITH due AS (
         SELECT first.id, e.url, e.failures
           FROM webhook_endpoints e
           LEFT JOIN unnest(CAST(:endpoints AS uuid[]), CAST(:counts AS int[])) AS busy (id, count) ON busy.id = e.id
          CROSS JOIN LATERAL (
                SELECT w.id, w.next_at FROM webhook_deliveries w
                 WHERE w.endpoint_id = e.id AND w.state = 'WAITING' AND w.next_at <= longan_now()
                   AND (w.claimed_until IS NULL OR w.claimed_until <= clock_timestamp())
                   AND NOT EXISTS (SELECT FROM webhook_deliveries before
                                    WHERE before.endpoint_id = w.endpoint_id AND before.subject_id = w.subject_id
                                      AND before.state = 'WAITING' AND before.event_id < w.event_id)
                 ORDER BY w.next_at, w.event_id
                 LIMIT greatest(0, CASE WHEN e.failures > 0 THEN 1 ELSE :each END - coalesce(busy.count, 0))
                   FOR UPDATE OF w SKIP LOCKED) AS first
          WHERE e.status = 'LIVE' AND e.deleted_at IS NULL AND (e.retry_at IS NULL OR e.retry_at <= longan_now())
          ORDER BY first.next_at LIMIT :room)
    UPDATE webhook_deliveries AS taken
       SET attempts = taken.attempts + 1, claimed_by = :by,
           claimed_until = clock_timestamp() + make_interval(secs => :lease),
           first_tried_at = coalesce(taken.first_tried_at, longan_now())
      FROM due WHERE taken.id = due.id
    RETURNING taken.id, taken.endpoint_id, taken.event_id, taken.event_type, taken.subject_id, taken.happened_at,
              taken.attempts, taken.tries, taken.first_tried_at, due.url, due.failures,
              extract(epoch FROM clock_timestamp())::bigint AS now
    """
)


@dataclass(frozen=True)
class Taken:
    """A delivery that is ours for the length of a lease, ready to be posted. `failures`: how its webhook fared just then."""

    id: UUID
    endpoint_id: UUID
    claimed_by: UUID
    number: int
    tries: int
    first_tried_at: datetime
    failures: int
    url: str
    headers: Mapping[str, str]
    body: bytes


async def take(room: int, each: int, busy: Mapping[UUID, int]) -> list[Taken]:
    """Lease at most `room` deliveries, and of each webhook at most `each` with those that are `busy` already."""
    by = new_id()
    given = {"endpoints": [*busy], "counts": [*busy.values()], "each": each, "room": room}
    async with transaction() as db:
        rows = (await db.execute(TAKE, given | {"by": by, "lease": LEASE_SECONDS})).all()
        if not rows:
            return []
        its = signing.living(await clock.now(db)).where(
            WebhookSecret.endpoint_id.in_({row.endpoint_id for row in rows})
        )
        secrets = (await db.execute(its)).scalars().all()
    by_endpoint: defaultdict[UUID, list[WebhookSecret]] = defaultdict(list)
    for secret in secrets:
        by_endpoint[secret.endpoint_id].append(secret)
    return [*_ready(rows, by, by_endpoint)]


def _ready(rows: Iterable[Row[Any]], by: UUID, secrets: Mapping[UUID, Sequence[WebhookSecret]]) -> Iterator[Taken]:
    """Those of a type that a newer version tells, or of a secret that no key opens, hold no other up: their lease ends."""
    keys: dict[UUID, list[bytes]] = {}
    for row in rows:
        try:
            if row.endpoint_id not in keys:
                keys[row.endpoint_id] = [signing.key_of(each) for each in secrets.get(row.endpoint_id, ())]
            if keys[row.endpoint_id]:  # else it was deleted just now, and nothing goes out unsigned
                yield _signed(row, by, keys[row.endpoint_id])
        except Exception:
            log.exception("webhooks.not_ready", endpoint_id=str(row.endpoint_id))


def _signed(row: Row[Any], by: UUID, keys: Sequence[bytes]) -> Taken:
    body = payload(
        event_id=row.event_id,
        delivery_id=row.id,
        event_type=EventType[row.event_type],
        happened_at=row.happened_at,
        application_id=row.subject_id,
    )
    return Taken(
        id=row.id,
        endpoint_id=row.endpoint_id,
        claimed_by=by,
        number=row.attempts,
        tries=row.tries,
        first_tried_at=row.first_tried_at,
        failures=row.failures,
        url=row.url,
        headers=_headers(row.event_id, row.now, keys, body),
        body=body,
    )


def _headers(event_id: UUID, now: int, keys: Sequence[bytes], body: bytes) -> dict[str, str]:
    id = event_global_id(event_id)
    return {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(now),
        "webhook-signature": signing.signature(keys, id, now, body),
    }
