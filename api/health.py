"""What an operator's machines ask: is it alive, can it work, how much does it do."""

import asyncio
import math
from collections.abc import Awaitable
from contextlib import suppress
from typing import cast

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api import watch_metrics
from infra import backlog
from infra.cache import valkey
from infra.database import reading

WAITING = Gauge("longan_reactions_waiting", "Reactions that were due and are not handled")
OLDEST = Gauge("longan_reactions_oldest_seconds", "Since the oldest of them was due for the first time")
PARKED = Gauge("longan_reactions_parked", "Reactions that were given up, for a person to look at")
OLDEST_PARKED = Gauge("longan_reactions_parked_oldest_seconds", "Since the oldest of them was due for the first time")


async def healthz(request: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    checks = {
        "database": await _answers(_database()),
        "valkey": await _answers(_valkey()),
        "models": bool(request.app.state.is_warm),
    }
    is_ready = all(checks.values())
    # Work that waits is the worker's; taking this machine out of rotation would help nobody.
    said = {"ready": is_ready, "checks": checks, "reactions": await _reactions()}
    return JSONResponse(said, 200 if is_ready else 503)


async def _answers(question: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(2):
            await question
    except (TimeoutError, OSError, SQLAlchemyError, RedisError):
        return False
    return True


async def _database() -> None:
    async with reading() as db:
        await db.execute(text("SELECT longan_now()"))


async def _valkey() -> None:
    await cast(Awaitable[bool], valkey().ping())


async def metrics(request: Request) -> Response:
    await _count_waiting()
    await _look_at_models()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _reactions() -> dict[str, object] | None:
    """None where nobody can tell."""
    now = await _backlog()
    if now is None:
        return None
    return {
        "late": now.is_late,
        "waiting": now.waiting,
        "oldest_seconds": round(now.oldest_seconds),
        "parked": now.parked,
    }


async def _count_waiting() -> None:
    now = await _backlog()
    WAITING.set(now.waiting if now else math.nan)
    OLDEST.set(now.oldest_seconds if now else math.nan)
    PARKED.set(now.parked if now else math.nan)
    OLDEST_PARKED.set(now.oldest_parked_seconds if now else math.nan)


async def _backlog() -> backlog.Backlog | None:
    try:
        async with asyncio.timeout(2), reading() as db:
            return await backlog.look(db)
    except (TimeoutError, OSError, SQLAlchemyError):
        return None


async def _look_at_models() -> None:
    with suppress(TimeoutError, OSError, SQLAlchemyError):
        async with asyncio.timeout(2), reading() as db:
            await watch_metrics.refresh(db)


routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
