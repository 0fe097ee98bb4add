"""The limit: one SELECT by its index, and as many bytes as a page has. `uvicorn api.cli.bench.serving.limit:app`.

DATABASE_URL names the database, ANSWER_BYTES the size. /kept gives its connection back as it is, /reset as asyncpg's pool
does by itself, with a second round trip; /bytes asks no database.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ASKED = "SELECT status FROM users WHERE id = $1"
BODY = b'{"data":"' + b"x" * int(os.environ.get("ANSWER_BYTES", "20000")) + b'"}'


def _answer(pool: str | None) -> Any:
    async def answer(request: Request) -> Response:
        if pool is not None:
            async with getattr(request.app.state, pool).acquire() as connection:
                await connection.fetchval(ASKED, request.app.state.person)
        return Response(BODY, media_type="application/json")

    return answer


async def _skip_reset(connection: object) -> None:
    """No round trip for a connection that is given back."""


@asynccontextmanager
async def _pools(app: Starlette) -> AsyncIterator[None]:
    size: dict[str, Any] = {"min_size": 10, "max_size": 10}
    dsn = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(dsn, **size) as reset, asyncpg.create_pool(dsn, **size, reset=_skip_reset) as kept:
        app.state.reset, app.state.kept = reset, kept
        app.state.person = await kept.fetchval("SELECT id FROM users LIMIT 1")
        yield


app = Starlette(
    routes=[
        Route("/kept", _answer("kept"), methods=["POST"]),
        Route("/reset", _answer("reset"), methods=["POST"]),
        Route("/bytes", _answer(None), methods=["POST"]),
    ],
    lifespan=_pools,
)
