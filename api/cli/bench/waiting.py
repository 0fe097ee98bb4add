"""How long a member waits for what is theirs, while something goes on with everybody."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from infra.database import transaction
from membership import grants, members

PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class MemberWaits:
    """Milliseconds until a member's row is locked, as whatever they do locks it, and their benefits are read."""

    asked: int
    median: float
    p99: float
    worst: float


@asynccontextmanager
async def asking(people: Sequence[UUID]) -> AsyncIterator[list[float]]:
    """One member after the other asks while the block runs; what each waited is in the list when it has ended."""
    took: list[float] = []
    has_ended = asyncio.Event()
    asked = asyncio.create_task(_ask(people, took, has_ended))
    try:
        yield took
    finally:
        has_ended.set()
        await asked


def waits_of(took: Sequence[float]) -> MemberWaits:
    ordered = sorted(took)
    return MemberWaits(len(ordered), ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1])


async def _ask(people: Sequence[UUID], took: list[float], has_ended: asyncio.Event) -> None:
    while not (has_ended.is_set() and took):
        began = time.perf_counter()
        async with transaction() as db:
            member = await members.locked(db, random.choice(people))  # noqa: S311  a member by lot
            assert member is not None, "everybody here is a member"
            await grants.held_by(db, {member.user_id})
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE_SECONDS)
