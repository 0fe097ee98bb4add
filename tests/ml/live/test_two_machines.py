"""Two processes with nothing in common but Postgres serve the same model; how soon, test_registry.py tells by the clock."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from infra.settings import settings
from ml.live.store import ModelKind
from ml.models.artefact import Artefact
from tests.ml import standings
from tests.patience import SECONDS_MAX

# A machine as the web app is one: it looks each heartbeat, and tells what it serves.
MACHINE = """
import asyncio
from infra.database import reading
from infra.settings import settings
from ml.live.serving import live_scorer_model

async def serve():
    live, told = live_scorer_model(), None
    while True:
        async with reading() as db:
            await live.keep_up(db)
        model = live.current()
        if model and model.version != told:
            told = model.version
            print(told, flush=True)
        await asyncio.sleep(settings().model_heartbeat_seconds / 10)

asyncio.run(serve())
"""
HEARTBEAT_SECONDS = 0.5


@asynccontextmanager
async def machine(var: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = os.environ | {"LONGAN_VAR": str(var), "LONGAN_MODEL_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS)}
    # The same keys, as all machines of a house have; nothing else of this one.
    (var / "keys.json").write_bytes((settings().var / "keys.json").read_bytes())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MACHINE, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def served(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS_MAX):
        return (await process.stdout.readline()).decode().strip()


async def test_they_serve_what_was_promoted_on_a_third(
    nothing_live: None, model: Artefact, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = await standings.promote(model)
    one, other = (tmp_path_factory.mktemp(name) for name in ("one", "other"))
    async with machine(one) as here, machine(other) as there:
        assert tuple(await asyncio.gather(served(here), served(there))) == (first, first)
        second = await standings.promote(replace(model, calibration=(0.2, 1.0)))
        assert tuple(await asyncio.gather(served(here), served(there))) == (second, second)
        await standings.switch(ModelKind.SCORE, lambda now: now.rolled_back())
        assert tuple(await asyncio.gather(served(here), served(there))) == (first, first)
    assert not (one / "models").exists(), "nothing was copied by hand"
