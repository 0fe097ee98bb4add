"""The web app in a process of its own, by our server, with a watch over its loop: `python -m tests.api.fuzz.house`.

`GET /-/watch` answers what was seen since it was last asked, and what is open.
"""

import asyncio
import gc
import os
import resource
import time
from contextvars import Context, ContextVar
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

PATH = "/-/watch"
NUMBER = "X-Number"  # of a request, by which it is told
number: ContextVar[str] = ContextVar("number", default="")


class Watch:
    """Over the CPU time of each step of the loop, which is the same however busy the machine is."""

    def __init__(self) -> None:
        self.slowest: list[tuple[float, str]] = []
        self.is_ours = False  # the step that answers what was seen
        self.collecting = 0.0
        gc.callbacks.append(self.time_collecting)
        handles: Any = asyncio.Handle
        run = handles._run

        def timed(handle: asyncio.Handle) -> None:
            began = time.thread_time()
            run(handle)
            seconds = time.thread_time() - began
            if seconds > 0.01 and not self.is_ours:
                self.note(seconds, handle)
            self.is_ours = False

        handles._run = timed

    def time_collecting(self, phase: str, info: dict[str, int]) -> None:
        now = time.thread_time()
        if phase == "start":
            self.collecting = now
        elif not self.is_ours and now - self.collecting > 0.01:
            self.slowest.append((now - self.collecting, f"collecting garbage of generation {info['generation']}"))

    def note(self, seconds: float, handle: asyncio.Handle) -> None:
        context: Context = handle._context  # type: ignore[attr-defined]
        who = context.run(number.get) or repr(handle)[:300]
        self.slowest = sorted([*self.slowest, (seconds, who)], reverse=True)[:20]

    def told(self) -> tuple[tuple[float, str], ...]:
        told, self.slowest = tuple(self.slowest), []
        return told


def resident() -> int:
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def watched(app: Any, watch: Watch, server: list[uvicorn.Server]) -> Any:
    from starlette.responses import JSONResponse

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] != PATH:
            number.set(dict(scope.get("headers", ())).get(NUMBER.lower().encode(), b"").decode())
            await app(scope, receive, send)
            return
        watch.is_ours = True
        told = {
            "slowest": watch.told(),
            "resident": resident(),
            "tasks": len(asyncio.all_tasks()),
            "connections": len(server[0].server_state.connections),
            "files": len(os.listdir("/proc/self/fd")),
        }
        await JSONResponse(told)(scope, receive, send)

    return answer


def main() -> None:
    from api.main import app
    from api.server import config
    from infra import telemetry
    from infra.settings import settings

    telemetry.configure_logging()
    server: list[uvicorn.Server] = []
    # uvloop's steps cannot be timed from here.
    server.append(uvicorn.Server(config(watched(app, Watch(), server), port=settings().port, loop="asyncio")))
    server[0].run()


if __name__ == "__main__":
    main()
