"""Settling: what came of attempts is written down, many at a time, with when to try again and when to stop."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from infra import clock
from infra.copying import copy_in
from infra.database import Db, transact
from integrations.webhooks import endpoints
from integrations.webhooks.deliveries import NOT_THERE, AttemptOutcome, DeliveryState, WebhookAttempt
from integrations.webhooks.endpoints import WebhookEndpoint, WebhookPauseReason
from integrations.webhooks.posting import WebhookAnswer
from integrations.webhooks.taking import Taken

MINUTE, HOUR = 60, 3_600
DELAYS = (5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR)  # seconds
# A server that is not there is asked for by one delivery alone, so it may be asked more often.
NOT_THERE_SECONDS_MAX = 30 * MINUTE
JITTER = 0.2
TRIED_FOR = timedelta(days=3)
SUCCESS_NOTED_EACH = timedelta(minutes=1)


class Attempted(NamedTuple):
    taken: Taken
    answer: WebhookAnswer


class _Settled(NamedTuple):
    id: UUID
    claimed_by: UUID
    state: DeliveryState
    next_at: datetime
    tries: int
    outcome: AttemptOutcome
    status: int | None


# Whoever lost its lease says nothing: somebody else is at work on it, and will. Of a deleted webhook nothing waits any more.
SETTLE = text(
    """
    UPDATE webhook_deliveries AS w
       SET state = s.state, next_at = s.next_at, tries = s.tries, last_outcome = s.outcome, last_status = s.status,
           claimed_by = NULL, claimed_until = NULL
      FROM unnest(CAST(:ids AS uuid[]), CAST(:claims AS uuid[]), CAST(:states AS text[]), CAST(:nexts AS timestamptz[]),
                  CAST(:tries AS int[]), CAST(:outcomes AS text[]), CAST(:statuses AS int[]))
           AS s (id, claimed_by, state, next_at, tries, outcome, status)
     WHERE w.id = s.id AND w.claimed_by = s.claimed_by AND w.state = 'WAITING'
    RETURNING w.id
    """
)

# What waits for another of its application is due when that one is, so that nobody who looks for what is due reads past it.
FOLLOW = text(
    """
    UPDATE webhook_deliveries AS later
       SET next_at = CASE WHEN first.state = 'WAITING' THEN first.next_at ELSE longan_now() END
      FROM webhook_deliveries first
     WHERE first.id = ANY(CAST(:ids AS uuid[])) AND later.endpoint_id = first.endpoint_id
       AND later.subject_id = first.subject_id
       AND (later.position, later.event_id) > (first.position, first.event_id)
       AND later.state = 'WAITING' AND later.first_tried_at IS NULL
       AND CASE WHEN first.state = 'WAITING' THEN later.next_at < first.next_at ELSE later.next_at > longan_now() END
    """
)


async def settle(results: Sequence[Attempted]) -> None:
    """Write down what came of these attempts, in one transaction."""
    await transact(lambda db: record(db, results))


async def record(db: Db, results: Sequence[Attempted]) -> None:
    """The same within a transaction."""
    now = await clock.now(db)
    by_endpoint: defaultdict[UUID, list[Attempted]] = defaultdict(list)
    for result in results:
        by_endpoint[result.taken.endpoint_id].append(result)
    settled: list[_Settled] = []
    for endpoint in await _locked(db, by_endpoint):
        settled += await _judge(db, endpoint, by_endpoint[endpoint.id], now)
    written = await _write(db, sorted(settled))
    attempts = [_attempt(result, now) for result in results if result.taken.id in written]
    await copy_in(db, WebhookAttempt, attempts)


async def _locked(db: Db, by_endpoint: dict[UUID, list[Attempted]]) -> Sequence[WebhookEndpoint]:
    """Webhooks before deliveries, as whoever resumes one: nobody waits for another in a circle."""
    these = select(WebhookEndpoint).where(WebhookEndpoint.id.in_(by_endpoint)).order_by(WebhookEndpoint.id)
    return (await db.execute(these.with_for_update(key_share=True))).scalars().all()


async def _judge(db: Db, endpoint: WebhookEndpoint, results: list[Attempted], now: datetime) -> list[_Settled]:
    """How the webhook fares by these attempts, and what becomes of each delivery."""
    for result in results:
        _note(endpoint, result, now)
    settled = [_settled(result, now) for result in results]
    given_up = [_is_given_up(result, now) for result in results]
    if any(result.answer.outcome == AttemptOutcome.GONE for result in results):
        await endpoints.pause(db, endpoint, WebhookPauseReason.GONE)
    if endpoint.failing_since is not None and now >= endpoint.failing_since + TRIED_FOR:
        # Each attempt may have been another delivery's, so none of them need have been tried for so long.
        await endpoints.pause(db, endpoint, WebhookPauseReason.DEAD)
    for place, result in enumerate(results):
        if given_up[place]:
            if endpoint.succeeded_at is None or endpoint.succeeded_at < result.taken.first_tried_at:
                await endpoints.pause(db, endpoint, WebhookPauseReason.DEAD)
            else:
                settled[place] = settled[place]._replace(state=DeliveryState.FAILED)
    return settled


def _note(endpoint: WebhookEndpoint, result: Attempted, now: datetime) -> None:
    """Those that were under way together fail together, and count as one."""
    taken, answer = result
    if answer.outcome not in NOT_THERE:
        if endpoint.failures:
            endpoints.forgive(endpoint)
        if answer.outcome == AttemptOutcome.DELIVERED and _is_old(endpoint.succeeded_at, now):
            endpoint.succeeded_at = now
    elif endpoint.failures == taken.failures:
        wait = max(_delay(endpoint.failures, NOT_THERE_SECONDS_MAX), float(answer.wait_seconds))
        endpoint.failing_since = endpoint.failing_since or now
        endpoint.failures, endpoint.retry_at = endpoint.failures + 1, now + timedelta(seconds=wait)


def _is_old(moment: datetime | None, now: datetime) -> bool:
    return moment is None or moment < now - SUCCESS_NOTED_EACH


def _settled(result: Attempted, now: datetime) -> _Settled:
    taken, answer = result
    ids = taken.id, taken.claimed_by
    if answer.outcome == AttemptOutcome.DELIVERED:
        return _Settled(*ids, DeliveryState.DELIVERED, now, taken.tries, answer.outcome, answer.status)
    most = NOT_THERE_SECONDS_MAX if answer.outcome in NOT_THERE else DELAYS[-1]
    wait = max(_delay(taken.tries, most), float(answer.wait_seconds))
    # The last attempt comes when the time is over, and not before.
    next_at = max(now, min(now + timedelta(seconds=wait), taken.first_tried_at + TRIED_FOR))
    return _Settled(*ids, DeliveryState.WAITING, next_at, taken.tries + 1, answer.outcome, answer.status)


def _is_given_up(result: Attempted, now: datetime) -> bool:
    return result.answer.outcome != AttemptOutcome.DELIVERED and now >= result.taken.first_tried_at + TRIED_FOR


def _delay(tries: int, most: int) -> float:
    """Seconds until the next attempt, after so many that failed."""
    seconds = min(DELAYS[min(tries, len(DELAYS) - 1)], most)
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - nothing secret


async def _write(db: Db, settled: list[_Settled]) -> set[UUID]:
    names = ("ids", "claims", "states", "nexts", "tries", "outcomes", "statuses")
    columns = zip(*settled, strict=True) if settled else [()] * len(names)
    written = set((await db.execute(SETTLE, dict(zip(names, map(list, columns), strict=True)))).scalars())
    await db.execute(FOLLOW, {"ids": [*written]})
    return written


def _attempt(result: Attempted, now: datetime) -> dict[str, object]:
    taken, answer = result
    return {
        "delivery_id": taken.id,
        "number": taken.number,
        "at": now,
        "outcome": answer.outcome,
        "status": answer.status,
        "milliseconds": answer.milliseconds,
    }
