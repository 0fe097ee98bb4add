"""Leases on what is owed: a short one for the broker's way to a worker, and one that a call to others keeps till it knows."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from math import inf
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError

from infra.database import reading, transaction
from infra.ids import new_id

ATTEMPTS_MAX = 14  # with the leases below, about two hours
LEASE_SECONDS = 5
LEASE_SECONDS_MAX = 900
CLAIM_SECONDS = 30
RENEWED_AFTER_SECONDS = 8.0  # a renewal may fail twice before somebody else may begin
log = structlog.get_logger()

# The lease grows with each attempt, so one mechanism retries what failed and finds again what a crash or a broker lost.
# `due_at` moves with it; `waiting_since` stays, so that what fails again and again is seen to be late.
TAKE_DUE = text(
    """
    UPDATE event_reactions AS owed
       SET attempts = owed.attempts + 1,
           due_at = longan_now() + make_interval(secs => least(:lease * power(2, owed.attempts), :lease_max)),
           waiting_since = coalesce(owed.waiting_since, owed.due_at),
           parked_at = CASE WHEN owed.attempts >= :most THEN longan_now() END
      FROM (SELECT event_id, reaction FROM event_reactions
             WHERE handled_at IS NULL AND parked_at IS NULL AND due_at <= longan_now()
               AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
             ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED) AS due
     WHERE owed.event_id = due.event_id AND owed.reaction = due.reaction
    RETURNING owed.event_id, owed.reaction, owed.parked_at
    """
)
LEASES = {"lease": LEASE_SECONDS, "lease_max": LEASE_SECONDS_MAX}

# A claim is by the machine's time: moving the house's clock ends nobody's call.
CLAIM = text(
    """
    UPDATE event_reactions SET claimed_by = :by, claimed_until = clock_timestamp() + make_interval(secs => :seconds)
     WHERE event_id = :event_id AND reaction = :reaction AND handled_at IS NULL
       AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
    """
)
RENEW = text(
    """
    UPDATE event_reactions SET claimed_until = clock_timestamp() + make_interval(secs => :seconds)
     WHERE event_id = :event_id AND reaction = :reaction AND claimed_by = :by
    """
)
# The next attempt comes a lease after the call ended, however long it took.
LET_GO = text(
    """
    UPDATE event_reactions
       SET claimed_by = NULL, claimed_until = NULL,
           due_at = longan_now() + make_interval(secs => least(:lease * power(2, greatest(attempts - 1, 0)), :lease_max))
     WHERE event_id = :event_id AND reaction = :reaction AND claimed_by = :by AND handled_at IS NULL
    """
)


# It has waited since it first was due, and goes on telling so until it is handled.
TRY_AGAIN = text(
    """
    UPDATE event_reactions
       SET parked_at = NULL, attempts = 0, due_at = longan_now(), claimed_by = NULL, claimed_until = NULL
     WHERE handled_at IS NULL AND parked_at IS NOT NULL AND (CAST(:reactions AS text[]) IS NULL OR reaction = ANY(:reactions))
    RETURNING reaction
    """
)


async def try_again(reactions: Sequence[str] | None = None) -> Counter[str]:
    """Let what was parked be tried as if for the first time: these reactions, or all. Answers how many of each."""
    async with transaction() as db:
        tried = Counter((await db.execute(TRY_AGAIN, {"reactions": reactions})).scalars())
        db.info["announced"] = [None] if tried else []
    return tried


# Whoever could not be sent has not been tried: it is due as before, and was never late because of a lease.
GIVE_BACK = text(
    """
    UPDATE event_reactions AS owed SET attempts = attempts - 1, due_at = longan_now()
      FROM unnest(CAST(:events AS uuid[]), CAST(:reactions AS text[])) AS unsent (event_id, reaction)
     WHERE owed.event_id = unsent.event_id AND owed.reaction = unsent.reaction
       AND owed.handled_at IS NULL AND owed.parked_at IS NULL AND owed.claimed_until IS NULL AND owed.attempts > 0
    """
)


async def give_back(rows: Sequence[Row[Any]]) -> None:
    """End the leases of what was taken and reached nobody."""
    unsent = {"events": [row.event_id for row in rows], "reactions": [row.reaction for row in rows]}
    async with transaction() as db:
        await db.execute(GIVE_BACK, unsent)


async def take_due(most: int) -> Sequence[Row[Any]]:
    """Lease what is due, the oldest first, at most so many; what was tried too often is parked and told with the rest."""
    async with transaction() as db:
        return (await db.execute(TAKE_DUE, LEASES | {"most": ATTEMPTS_MAX, "batch": most})).all()


NEXT_DUE = text(
    """
    SELECT extract(epoch FROM min(due_at) - longan_now()) FROM event_reactions
     WHERE handled_at IS NULL AND parked_at IS NULL AND due_at > longan_now()
    """
)


async def seconds_until_next() -> float:
    """How long nothing becomes due that is not due already."""
    async with reading() as db:
        seconds = (await db.execute(NEXT_DUE)).scalar_one()
    return inf if seconds is None else float(seconds)


@asynccontextmanager
async def claimed(event_id: UUID, reaction: str) -> AsyncIterator[bool]:
    """Keep a reaction from everybody else while the block calls out. False: it is handled, or somebody is at work on it."""
    claim = {"event_id": event_id, "reaction": reaction, "by": new_id()}
    async with transaction() as db:
        taken = (await db.execute(CLAIM, claim | {"seconds": CLAIM_SECONDS})).rowcount == 1  # type: ignore[attr-defined]
    if not taken:
        yield False
        return
    renewing = asyncio.create_task(_renew(claim))
    try:
        yield True
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        async with transaction() as db:
            await db.execute(LET_GO, claim | LEASES)


async def _renew(claim: dict[str, Any]) -> None:
    while True:
        await asyncio.sleep(RENEWED_AFTER_SECONDS)
        try:
            async with transaction() as db:
                await db.execute(RENEW, claim | {"seconds": CLAIM_SECONDS})
        except (OSError, SQLAlchemyError) as error:
            log.warning("claim.not_renewed", reaction=claim["reaction"], error=type(error).__name__)
