"""Live models for tests: the real training on a smaller population."""

import asyncio

from infra.database import reading, transaction
from ml.live import store
from ml.population import first_models
from tests.trained import first_trained

PEOPLE = 3_000


async def train_small_models() -> None:
    async with reading() as db:
        if await first_models.exist(db):
            return
    models = await asyncio.to_thread(first_trained, PEOPLE)
    first_models.remember(models, store.folder())
    async with transaction() as db:
        await first_models.promote(db, models)
