"""How the time of one person's matches grows with the number of products."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from uuid import UUID

import numpy as np
from sqlalchemy import delete, text

from api.cli.bench import market
from api.story import Step
from domain.market.products import Product
from domain.matching import lists, matches
from domain.matching.candidates import illustrated
from infra.database import reading, transaction
from ml.live import registry, store
from ml.live.store import ModelKind
from ml.matchers import benchmark
from ml.matchers.benchmark import MatchingSpeed
from ml.models.pairs import of_candidates

SIZES = (60, 200, 2_000, 10_000)
DRAWS = 4_000
# Those behind the first few come and go, so that few and many take turns on one machine in one mood.
TAKE_DOWN = text("UPDATE products SET status = 'RETIRED' WHERE sku > :last AND status = 'PUBLISHED'")
PUT_BACK = text("UPDATE products SET status = 'PUBLISHED' WHERE status = 'RETIRED'")


@dataclass(frozen=True)
class Growth:
    """Milliseconds of one page of matches, made anew for each person; `again_ms` where nothing had changed."""

    few: int
    many: int
    few_ms: float
    many_ms: float
    few_candidates: float
    many_candidates: float
    ratio: float
    interval: tuple[float, float]
    again_ms: float


async def measured(people: Sequence[UUID], few: int, many: int, turns: int, step: Step) -> Growth:
    async with transaction() as db:
        await db.execute(delete(Product))
        await market.fill(db, many)
        last = (
            await db.execute(text("SELECT sku FROM products ORDER BY sku OFFSET :few - 1 LIMIT 1"), {"few": few})
        ).scalar_one()
    took: dict[int, list[float]] = {few: [], many: []}
    held: dict[int, float] = {}
    for turn in range(turns):
        for count, change in ((few, TAKE_DOWN), (many, PUT_BACK)):
            async with transaction() as db:
                await db.execute(change, {"last": last} if change is TAKE_DOWN else {})
            times, held[count] = await _pages(people)
            took[count] += times
            step.at(turn * 2 + (count == many) + 1, turns * 2)
    again = [await _page(people[0]) for _ in range(50)]
    return Growth(
        few=few,
        many=many,
        few_ms=median(took[few]),
        many_ms=median(took[many]),
        few_candidates=held[few],
        many_candidates=held[many],
        ratio=median(took[many]) / median(took[few]),
        interval=_interval(took[few], took[many]),
        again_ms=median(again),
    )


async def _pages(people: Sequence[UUID]) -> tuple[list[float], float]:
    """Milliseconds for each person, and how many products they can have in the mean."""
    await _page(people[0])  # the shelf is brought up to date once, not by each
    lists.forget()
    times = [await _page(person) for person in people]
    held = []
    async with reading() as db:
        for person in people[:20]:
            held.append(len((await lists.list_for(db, person)).candidates))
    lists.forget()
    return times, fmean(held)


async def _page(person: UUID) -> float:
    began = time.perf_counter()
    async with reading() as db:
        await matches.page(db, person, kind=None, first=20, after=None)
    return (time.perf_counter() - began) * 1e3


def _interval(few: Sequence[float], many: Sequence[float]) -> tuple[float, float]:
    draw = random.Random(1)  # noqa: S311
    ratios = sorted(
        median(draw.choices(many, k=len(many))) / median(draw.choices(few, k=len(few))) for _ in range(DRAWS)
    )
    return ratios[round(0.025 * DRAWS)], ratios[round(0.975 * DRAWS)]


async def ranking_alone(person: UUID) -> list[MatchingSpeed]:
    """Milliseconds to rank one person's real matrix of the first products of the shelf, whether or not they can have them: no row twice."""
    async with reading() as db:
        found = await lists.list_for(db, person)
        champion = (await registry.standing(db, ModelKind.MATCH)).champion
        model = await store.load_match(db, str(champion))
    rows = of_candidates(found.sheet, found.scored, illustrated(found.candidates.shelf, found.applicant))
    # As the matcher makes it: column by column in memory.
    return [benchmark.measured(model, np.asfortranarray(rows[:size])) for size in SIZES]
