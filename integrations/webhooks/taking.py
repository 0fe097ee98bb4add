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
from integrations.webhooks.bodies import CONSENT_TYPES, consents_of
from integrations.webhooks.deliveries import ALL_WAITED_FOR, COULD_BE_SENT
from integrations.webhooks.event_types import EventType
from integrations.webhooks.payloads import ToldConsent, event_global_id, payload
from integrations.webhooks.signing import WebhookSecret

log = structlog.get_logger()
CONSENT_NAMES = frozenset(each.name for each in CONSENT_TYPES)  # as rows of a statement in SQL have them
TRIES = 5  # where others were quicker each time; what is left is theirs, or due in a moment again
LEASE_SECONDS = 30  # longer than any attempt; by the machine's time, so moving the house's clock ends none

# Only webhooks that something waits for are looked at, by one step of the index each; one that fails is tried by one delivery
# alone. A partner gets a place where at least as many are free as it would hold then: however many webhooks of however many
# partners hang, some are left for another. What another sender has locked just then comes back without `claimed_by`.
TAKE = text(
    f"""
    WITH RECURSIVE {ALL_WAITED_FOR},
    busy AS (
         SELECT e.id, e.partner_id, held.count
           FROM unnest(CAST(:endpoints AS uuid[]), CAST(:counts AS int[])) AS held (id, count)
           JOIN webhook_endpoints e ON e.id = held.id),
    shares AS (SELECT partner_id, sum(count) AS count FROM busy GROUP BY partner_id),
    due AS (
         SELECT first.id, first.next_at, e.url, e.failures, coalesce(shares.count, 0)
                + row_number() OVER (PARTITION BY e.partner_id ORDER BY first.next_at, first.position, first.id) AS share
           FROM waiting
           JOIN webhook_endpoints e ON e.id = waiting.endpoint_id
           LEFT JOIN busy ON busy.id = e.id
           LEFT JOIN shares ON shares.partner_id = e.partner_id
          CROSS JOIN LATERAL (
                SELECT w.id, w.next_at, w.position FROM webhook_deliveries w
                 WHERE w.endpoint_id = e.id AND {COULD_BE_SENT}
                 ORDER BY w.next_at, w.position
                 LIMIT greatest(0, least(:room, CASE WHEN e.failures > 0 THEN 1 ELSE :each END - coalesce(busy.count, 0)))
                ) AS first
          WHERE e.status = 'LIVE' AND e.deleted_at IS NULL AND (e.retry_at IS NULL OR e.retry_at <= longan_now())),
    placed AS (SELECT *, row_number() OVER (ORDER BY share, next_at, id) AS place FROM due),
    chosen AS (SELECT * FROM placed WHERE share <= :room - place + 1),
    free AS (
         SELECT w.id FROM webhook_deliveries w JOIN chosen ON chosen.id = w.id
          WHERE w.state = 'WAITING' AND (w.claimed_until IS NULL OR w.claimed_until <= clock_timestamp())
            FOR UPDATE OF w SKIP LOCKED),
    taken AS (
         UPDATE webhook_deliveries AS taken
            SET attempts = taken.attempts + 1, claimed_by = :by,
                claimed_until = clock_timestamp() + make_interval(secs => :lease),
                first_tried_at = coalesce(taken.first_tried_at, longan_now())
           FROM free WHERE taken.id = free.id
         RETURNING taken.*)
    SELECT taken.*, chosen.url, chosen.failures,
           (SELECT events.subject_id FROM events WHERE events.id = taken.event_id) AS about_id,
           extract(epoch FROM clock_timestamp())::bigint AS now
      FROM chosen LEFT JOIN taken ON taken.id = chosen.id
    """  # noqa: S608
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
        for _ in range(TRIES):
            chosen = (await db.execute(TAKE, given | {"by": by, "lease": LEASE_SECONDS})).all()
            rows = [row for row in chosen if row.claimed_by is not None]
            if rows or not chosen:
                break
        if not rows:
            return []
        its = signing.living(await clock.now(db)).where(
            WebhookSecret.endpoint_id.in_({row.endpoint_id for row in rows})
        )
        secrets = (await db.execute(its)).scalars().all()
        consents = await consents_of(db, (row.about_id for row in rows if row.event_type in CONSENT_NAMES))
    by_endpoint: defaultdict[UUID, list[WebhookSecret]] = defaultdict(list)
    for secret in secrets:
        by_endpoint[secret.endpoint_id].append(secret)
    return [*_ready(rows, by, by_endpoint, consents)]


def _ready(
    rows: Iterable[Row[Any]],
    by: UUID,
    secrets: Mapping[UUID, Sequence[WebhookSecret]],
    consents: Mapping[UUID, ToldConsent],
) -> Iterator[Taken]:
    """Those of a type that a newer version tells, or of a secret that no key opens, hold no other up: their lease ends."""
    keys: dict[UUID, list[bytes]] = {}
    for row in rows:
        try:
            if row.endpoint_id not in keys:
                keys[row.endpoint_id] = [signing.key_of(each) for each in secrets.get(row.endpoint_id, ())]
            if keys[row.endpoint_id]:  # else it was deleted just now, and nothing goes out unsigned
                yield _signed(row, by, keys[row.endpoint_id], consents.get(row.about_id))
        except Exception:
            log.exception("webhooks.not_ready", endpoint_id=str(row.endpoint_id))


def _signed(row: Row[Any], by: UUID, keys: Sequence[bytes], consent: ToldConsent | None) -> Taken:
    body = payload(
        event_id=row.event_id,
        delivery_id=row.id,
        event_type=EventType[row.event_type],
        happened_at=row.happened_at,
        subject_id=row.subject_id,
        about_id=row.about_id,
        consent=consent,
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
