"""What an operator's machines ask: is it alive, can it work, how much does it do."""

import asyncio
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
from infra.cache import valkey
from infra.database import reading

WAITING = Gauge("longan_reactions_waiting", "Reactions that are due and not handled")
PARKED = Gauge("longan_reactions_parked", "Reactions that were given up, for a person to look at")
# Two counts, each on a small index of its own; one count over both would read the whole table.
COUNTS = text(
    """
    SELECT (SELECT count(*) FROM event_reactions
             WHERE handled_at IS NULL AND parked_at IS NULL AND due_at <= longan_now()),
           (SELECT count(*) FROM event_reactions WHERE handled_at IS NULL AND parked_at IS NOT NULL)
    """
)


async def healthz(request: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    checks = {
        "database": await _answers(_database()),
        "valkey": await _answers(_valkey()),
        "models": bool(request.app.state.is_warm),
    }
    return JSONResponse({"ready": all(checks.values()), "checks": checks}, 200 if all(checks.values()) else 503)


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


async def _count_waiting() -> None:
    try:
        async with asyncio.timeout(2), reading() as db:
            waiting, parked = (await db.execute(COUNTS)).one()
        WAITING.set(waiting)
        PARKED.set(parked)
    except (TimeoutError, OSError, SQLAlchemyError):
        WAITING.set(float("nan"))


async def _look_at_models() -> None:
    with suppress(TimeoutError, OSError, SQLAlchemyError):
        async with asyncio.timeout(2), reading() as db:
            await watch_metrics.refresh(db)


routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
