"""Models for tests: the real training on a smaller population."""

import asyncio
from functools import partial

import pytest

from infra.database import reading, transaction
from ml.population import first_models
from ml.population.simulating import simulated

PEOPLE = 3_000


async def train_small_models() -> None:
    async with reading() as db:
        if await first_models.are_there(db):
            return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_models, "simulated", partial(simulated, PEOPLE))
        models = await asyncio.to_thread(first_models.train_first_models, lambda label, done: None)
    first_models.remember(models)
    async with transaction() as db:
        await first_models.go_live(db, models)
