"""How long a person waits for their agreements while a day passes, and while none does: one request after the other."""

import asyncio
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import httpx2
import numpy as np

from api.cli.house import House
from api.story import ConsoleStory
from domain.people import sessions
from infra.database import transaction
from infra.running.programs import Process

T = TypeVar("T")
WARM_UP, ALONE_SECONDS, PAUSE_SECONDS = 60, 20.0, 0.02
ASKED = """
{ viewer { maskedPhone agreements(first: 3) { edges { node {
  id status outstanding { amount } schedule { dueOn due { amount } status } } } } } }
"""


@dataclass(frozen=True)
class ServedBeside:
    """Milliseconds of one request."""

    requests_without: int
    requests_beside: int
    p50_without: float
    p50_beside: float
    p99_without: float
    p99_beside: float


@dataclass
class Sampling:
    """Asks as one person who waits for each answer, and a moment longer."""

    address: str
    user_id: UUID
    alone: list[float]
    during: list[float]

    async def without(self, story: ConsoleStory) -> None:
        with story.step("API alone") as step:
            await self._sample([], requests=WARM_UP)
            await self._sample(self.alone, seconds=ALONE_SECONDS)
            step.note = f"{len(self.alone):,} requests"

    async def beside(self, what: Awaitable[T]) -> T:
        asking = asyncio.create_task(self._sample(self.during))
        try:
            return await what
        finally:
            asking.cancel()

    async def _sample(self, took: list[float], *, requests: int | None = None, seconds: float | None = None) -> None:
        async with transaction() as db:
            token = (await sessions.begin(db, self.user_id, "bench")).access_token
        ends = time.perf_counter() + seconds if seconds else None
        async with httpx2.AsyncClient(base_url=self.address, timeout=60) as http:
            while (requests is None or len(took) < requests) and (ends is None or time.perf_counter() < ends):
                began = time.perf_counter()
                said = {"query": ASKED}
                answer = await http.post("/graphql", json=said, headers={"Authorization": f"Bearer {token}"})
                took.append((time.perf_counter() - began) * 1000)
                assert "errors" not in answer.json(), answer.text
                await asyncio.sleep(PAUSE_SECONDS)

    def summarise(self) -> ServedBeside:
        alone, during = self.alone, self.during or [0.0]
        (p50, p99), (p50_during, p99_during) = (np.quantile(each, [0.5, 0.99]) for each in (alone, during))
        return ServedBeside(len(alone), len(during), float(p50), float(p50_during), float(p99), float(p99_during))


@contextmanager
def asked(house: House, user_id: UUID) -> Iterator[Sampling]:
    """An API of this house, without a worker: what a day announces waits."""
    api = Process(house.api(), house.var)
    try:
        api.wait_until_ready()
        yield Sampling(house.address, user_id, [], [])
    finally:
        api.stop()
