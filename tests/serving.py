"""The whole web app on a real socket, inside the test's own process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from tests.logs import Lines, writing_to


@asynccontextmanager
async def serve(listening: socket.socket, lines: Lines) -> AsyncIterator[None]:
    """Yields when the models are warm."""
    from api.main import app
    from api.server import config

    server = uvicorn.Server(config(app))
    with writing_to(lines):
        # Signals belong to pytest.
        serving = asyncio.create_task(server._serve([listening]))
        while not server.started:
            assert not serving.done(), "the web app did not start"
            await asyncio.sleep(0.01)
    while not app.state.is_warm:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await serving
