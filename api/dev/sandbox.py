"""The sandbox behind `/sandbox/...`: embedded default only."""

import asyncio
from collections.abc import Callable
from functools import cache

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from infra import vault
from infra.cache import valkey
from infra.settings import settings
from infra.words import preferred_locale
from integrations.sandbox import answering, exchange
from integrations.sandbox.sealing import SandboxSeal
from integrations.sandbox.world import SandboxWorld


class ValkeyMemory:
    """Spent codes, remembered by all processes and over a restart."""

    async def first_use(self, mark: str, seconds: int) -> bool:
        return bool(await valkey().set(f"sandbox:{mark}", "1", nx=True, ex=seconds))

    async def was_used(self, mark: str) -> bool:
        return bool(await valkey().exists(f"sandbox:{mark}"))


@cache
def world() -> SandboxWorld:
    base_url = f"{settings().public_url}/sandbox"
    return SandboxWorld(base_url, SandboxSeal(vault.mac("sandbox", b"codes and tokens")), ValkeyMemory())


async def personas(request: Request) -> Response:
    locale = preferred_locale(request.headers.get("accept-language"))
    return JSONResponse(answering.personas(locale), headers={"Cache-Control": "no-store"})


def mounted(world: Callable[[], SandboxWorld]) -> list[BaseRoute]:
    """The routes of a sandbox; `world` is asked at each request, since its address may only be known once it is served."""

    async def provider(request: Request) -> Response:
        asked = exchange.Request(
            method=request.method,
            path="/" + request.path_params["path"],
            query=dict(request.query_params),
            form=await _form(request),
            headers=dict(request.headers),
        )
        answer = await answering.answer(world(), request.path_params["provider"], asked)
        await asyncio.sleep(answer.delay_seconds)
        return Response(answer.body, answer.status, dict(answer.headers))

    return [
        Route("/sandbox/personas", personas),
        Route("/sandbox/{provider}/{path:path}", provider, methods=["GET", "POST"]),
    ]


async def _form(request: Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()} if request.method == "POST" else {}


routes = mounted(world)
