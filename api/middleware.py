"""Around every request: its id, one line in the log, and its time in the metrics."""

import time

import structlog
from prometheus_client import Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.ids import new_id
from infra.settings import settings
from infra.telemetry import request_id

# Seconds, where whoever answers says no other: of a budget of a minute some is there again by then, and a pause is mostly over.
AGAIN_AFTER = {429: "10", 503: "2"}
LEFT = 499  # in the log alone: whoever asked went away before all was said
log = structlog.get_logger()
SECONDS = Histogram("longan_request_seconds", "Time of one request", ["route", "method", "status"])


class RequestIds:
    """Pure ASGI: a base-class middleware would leave connections open when a client goes away."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        id = new_id().hex
        token, began, status = request_id.set(id), time.perf_counter(), 500

        # Whoever speaks TLS for us hands on plain HTTP, so the address that people see tells.
        is_https = settings().public_url.startswith("https://")

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = id
                headers["X-Content-Type-Options"] = "nosniff"
                if status in AGAIN_AFTER:
                    headers.setdefault("Retry-After", AGAIN_AFTER[status])
                if is_https and settings().hsts_seconds:
                    headers["Strict-Transport-Security"] = f"max-age={settings().hsts_seconds}"
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = LEFT
        finally:
            if scope["type"] == "http":
                _log(scope, status, time.perf_counter() - began)
            request_id.reset(token)


def _log(scope: Scope, status: int, seconds: float) -> None:
    # The route, never the path: a path may hold what a person typed.
    route = getattr(scope.get("route"), "path", "unknown")
    SECONDS.labels(route, scope["method"], status).observe(seconds)
    if route not in {"/healthz", "/readyz", "/metrics"}:
        log.info("request", route=route, method=scope["method"], status=status, seconds=round(seconds, 4))
