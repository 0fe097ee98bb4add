"""How much a rescore disturbs the API: the same request in short windows, with a rescore at work and with it put off."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean, median
from uuid import UUID

import httpx2
import numpy as np
from sqlalchemy import func, select, update

from api.cli.bench.scratch import running
from api.cli.house import House
from api.story import Step
from domain.credit import rescores, rescoring
from domain.credit.rescores import RescoreRange, RescoreReason
from domain.people import sessions
from infra.database import reading, transaction
from infra.outbox import EventReaction
from ml.live import registry, store
from ml.live.store import ModelKind

WINDOW_SECONDS = 2.0  # a batch and its rest lie within
SETTLE_SECONDS = 1.0
PAUSE = timedelta(days=30)
WARM_UP = 60
BEGUN_SECONDS_MAX = 120
DRAWS = 4_000
HOME = """
{ viewer { scoring { state message } score { points grade factors { label effect } }
  membership { tier { code name } } matches(first: 10) { edges { node { id oddsBand product { title } } } } } }
"""


@dataclass(frozen=True)
class Beside:
    """Milliseconds of one request, medians. `ratio` is the median over pairs of the ratio of their means (a mean counts
    every short disturbance, a median would hide them), with its 95 % bootstrap interval.
    """

    pairs: int
    without: float
    beside: float
    p95_without: float
    p95_beside: float
    ratio: float
    interval: tuple[float, float]
    rescored: int  # people, while the pairs were measured


async def disturbed(house: House, people: list[UUID], pairs: int, step: Step) -> Beside:
    one, other = await _two_champions()
    with running(house):
        async with httpx2.AsyncClient(base_url=house.address, timeout=30) as http:
            token = await _token(people[0])
            await _window(http, token, requests=WARM_UP)
            found: list[tuple[list[float], list[float]]] = []
            rescored = 0
            for number in range(pairs):
                step.at(number, pairs, f"pair {number + 1} of {pairs}")
                await _keep_running(one if number % 2 else other)
                before = await _scored()
                found.append(await _pair(http, token))
                rescored += await _scored() - before
    return _summarise(found, rescored)


async def _two_champions() -> tuple[str, str]:
    """The second one gives everybody a few points less, so each rescore has all of its consequences."""
    async with transaction() as db:
        first = str((await registry.standing(db, ModelKind.SCORE)).champion)
        model = await store.load_score(db, first)
        shift, slope = model.calibration
        return first, await store.save(db, replace(model, calibration=(shift + 0.1, slope)))


async def _token(user_id: UUID) -> str:
    async with transaction() as db:
        return (await sessions.begin(db, user_id, "bench")).access_token


async def _scored() -> int:
    """People, in all rescores so far."""
    async with reading() as db:
        return (await db.execute(select(func.sum(RescoreRange.scored)))).scalar_one() or 0


async def _keep_running(version: str) -> None:
    """Begin another rescore where none runs."""
    async with reading() as db:
        if await rescores.is_running(db):
            return
    async with transaction() as db:
        await registry.switch(db, ModelKind.SCORE, lambda now: now.promoted(version))
        begun = await rescoring.begin(db, RescoreReason.ASKED)
    async with asyncio.timeout(BEGUN_SECONDS_MAX):
        # The worker starts, and takes the model over, once for each rescore.
        while True:
            if await _has_begun(begun.id):
                return
            await asyncio.sleep(0.2)


async def _has_begun(rescore_id: UUID) -> bool:
    async with reading() as db:
        return (await rescores.progress(db, rescore_id)).scored > 0


async def _pair(http: httpx2.AsyncClient, token: str) -> tuple[list[float], list[float]]:
    """Latencies without and beside, in an order by lot. The worker idles in one, and goes on where it was in the other."""
    told: dict[bool, list[float]] = {}
    for at_work in random.sample((False, True), 2):
        if at_work:
            told[True] = await _window(http, token)
        else:
            began = time.monotonic()
            await _put_off(PAUSE)
            await asyncio.sleep(SETTLE_SECONDS)  # for the batch that is under way, which announces another
            await _put_off(PAUSE)
            told[False] = await _window(http, token)
            await _put_off(timedelta(seconds=time.monotonic() - began) - PAUSE)
    return told[False], told[True]


async def _put_off(by: timedelta) -> None:
    """Move all that is owed, and the pace at which people are told, as if that time had not passed."""
    async with transaction() as db:
        is_now = by > timedelta(0)
        far = func.longan_now() + PAUSE / 2
        waiting = (
            EventReaction.handled_at.is_(None),
            EventReaction.due_at < far if is_now else EventReaction.due_at >= far,
        )
        await db.execute(update(EventReaction).where(*waiting).values(due_at=EventReaction.due_at + by))
        if not is_now:
            pace = RescoreRange.told_until + (by + PAUSE)
            await db.execute(update(RescoreRange).where(RescoreRange.ended_at.is_(None)).values(told_until=pace))


async def _window(http: httpx2.AsyncClient, token: str, requests: int | None = None) -> list[float]:
    took: list[float] = []
    ends = time.perf_counter() + WINDOW_SECONDS
    while len(took) < requests if requests else time.perf_counter() < ends or len(took) < 3:
        began = time.perf_counter()
        answer = await http.post("/graphql", json={"query": HOME}, headers={"Authorization": f"Bearer {token}"})
        took.append((time.perf_counter() - began) * 1000)
        assert "errors" not in answer.json(), answer.text
    return took


def _summarise(found: Sequence[tuple[list[float], list[float]]], rescored: int) -> Beside:
    without, beside = ([each for pair in found for each in pair[side]] for side in (0, 1))
    ratios = np.array([fmean(pair[1]) / fmean(pair[0]) for pair in found])
    draws = np.median(np.random.default_rng(0).choice(ratios, (DRAWS, len(ratios))), axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Beside(
        pairs=len(found),
        without=median(without),
        beside=median(beside),
        p95_without=float(np.quantile(without, 0.95)),
        p95_beside=float(np.quantile(beside, 0.95)),
        ratio=float(np.median(ratios)),
        interval=(float(low), float(high)),
        rescored=rescored,
    )
