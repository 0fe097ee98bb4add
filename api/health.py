"""What an operator's machines ask all day: is it alive, can it work."""

import asyncio
from collections.abc import Awaitable
from typing import cast

from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.server import siblings
from domain.days import alarms as days
from domain.notices import backlog as notices_backlog
from infra import backlog
from infra.backlog import soon
from infra.cache import valkey
from infra.database import reading
from infra.settings import settings
from integrations.webhooks import backlog as webhooks_backlog


async def healthz(request: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def readyz(request: Request) -> Response:
    # All at once: whoever asks waits for the slowest, and not for their sum.
    database, valkey, reactions, webhooks, notices, day = await asyncio.gather(
        _answers(_database()), _answers(_ping()), _reactions(), _webhooks(), _notices(), _day()
    )
    checks = {"database": database, "valkey": valkey, "models": _are_warm(request)}
    is_ready = all(checks.values())
    # Work that waits is the worker's; taking this machine out of rotation would help nobody.
    waiting = {"reactions": reactions, "webhooks": webhooks, "notices": notices, "day": day}
    said = {"ready": is_ready, "checks": checks, **waiting}
    return JSONResponse(said, 200 if is_ready else 503)


def _are_warm(request: Request) -> bool:
    """Those of every process that serves together with this one."""
    if siblings.exist():
        return siblings.warm() >= settings().processes
    return bool(request.app.state.is_warm)


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


async def _ping() -> None:
    await cast(Awaitable[bool], valkey().ping())


async def _reactions() -> dict[str, object] | None:
    """How many reactions wait; None where nobody can tell."""
    now = await soon(backlog.look)
    if now is None:
        return None
    return {
        "late": now.is_late,
        "waiting": now.waiting,
        "oldest_seconds": round(now.oldest_seconds),
        "parked": now.parked,
    }


async def _webhooks() -> dict[str, object] | None:
    """How much is due to partners; None where nobody can tell."""
    now = await soon(webhooks_backlog.look)
    if now is None:
        return None
    return {
        "late": now.is_late,
        "waiting": now.waiting,
        "due_seconds": round(now.due_seconds),
        "failing": now.failing,
        "paused": now.paused,
    }


async def _notices() -> dict[str, object] | None:
    """What people were not told yet because whoever sends it is away; None where nobody can tell."""
    now = await soon(notices_backlog.look)
    if now is None:
        return None
    return {"pushes": now.pushes, "texts": now.texts, "oldest_seconds": round(now.oldest_seconds)}


async def _day() -> dict[str, object] | None:
    """How many agreements wait for what a day does to them; None where nobody can tell."""
    now = await soon(days.look)
    if now is None:
        return None
    return {"late": now.is_late, "waiting": now.waiting, "oldest_seconds": round(now.oldest_seconds)}


routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz)]
