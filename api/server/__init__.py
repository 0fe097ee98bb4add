"""The HTTP server: what a connection may hold, and for how long, before any door is asked."""

from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.server import siblings
from api.server.frames import SocketConnection
from api.server.requests import HttpConnection
from infra.settings import settings

# On a machine that has other work a process that imports takes a minute, and is silent for many seconds of it.
HANGS_AFTER_SECONDS, START_SECONDS_MAX = 30, 120


def config(app: Any, **also: Any) -> uvicorn.Config:
    """Our own lines and our own reading of proxies' headers; a frame is as long as a body at the most, and never compressed:
    a few bytes could stand for very many.
    """
    return uvicorn.Config(
        app,
        http=HttpConnection,
        ws=SocketConnection,
        ws_max_size=settings().request_limits.body_bytes,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        timeout_worker_healthcheck=HANGS_AFTER_SECONDS,
        **also,
    )


def run() -> None:
    """Serve in as many processes as the settings say. They share one socket, so that none waits behind one that has died,
    and who dies is started again.
    """
    serving = config("api.main:app", host=settings().host, port=settings().port, workers=settings().processes)
    if settings().processes == 1:
        uvicorn.Server(serving).run()
        return
    with siblings.gathered():
        Processes(serving, [serving.bind_socket()]).run()


class Processes(Multiprocess):
    """Who lives and is silent for seconds hangs; who is started anew may take much longer, and is waited for."""

    def restart_all(self) -> None:
        silent = self.config.timeout_worker_healthcheck
        self.config.timeout_worker_healthcheck = START_SECONDS_MAX
        try:
            super().restart_all()
        finally:
            self.config.timeout_worker_healthcheck = silent
