"""What is kept and live, asked and changed in transactions of their own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from domain.matching import basis
from infra.database import reading, transaction
from ml.live import registry, store
from ml.live.registry import ModelStanding
from ml.live.store import AnyModel, ModelKind
from ml.models.artefact import Artefact
from ml.models.matcher import MatchArtefact
from ml.promotion import challenging


async def save(model: AnyModel) -> str:
    async with transaction() as db:
        return await store.save(db, model)


async def load_score(version: str) -> Artefact:
    async with reading() as db:
        return await store.load_score(db, version)


async def load_match(version: str) -> MatchArtefact:
    async with reading() as db:
        return await store.load_match(db, version)


async def standing(kind: ModelKind) -> ModelStanding:
    async with reading() as db:
        return await registry.standing(db, kind)


async def switch(kind: ModelKind, change: Callable[[ModelStanding], ModelStanding]) -> ModelStanding:
    async with transaction() as db:
        return await registry.switch(db, kind, change)


async def promote(model: AnyModel) -> str:
    version = await save(model)
    kind = ModelKind.SCORE if isinstance(model, Artefact) else ModelKind.MATCH
    await switch(kind, lambda now: now.promoted(version))
    return version


async def catch_up() -> None:
    """This process hears at once of what went live."""
    async with reading() as db:
        await basis.catch_up(db)
        await challenging.catch_up(db)


@asynccontextmanager
async def put_back() -> AsyncIterator[None]:
    """What is live now is live again afterwards, and this process serves it."""
    before = {kind: await standing(kind) for kind in ModelKind}
    yield
    for kind, stood in before.items():
        if await standing(kind) != stood:
            await switch(kind, lambda _, stood=stood: stood)  # type: ignore[misc]
    await catch_up()
