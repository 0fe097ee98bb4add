"""The whole web app on a real socket, inside the test's own process."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from tests.logs import Lines


@asynccontextmanager
async def serve(listening: socket.socket) -> AsyncIterator[Lines]:
    """Yields when the models are warm. The loggers hold on to the lines, so stderr is replaced only while they are made."""
    from api.main import app

    lines = Lines()
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="websockets-sansio")
    server = uvicorn.Server(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", lines)
        # Signals belong to pytest.
        serving = asyncio.create_task(server._serve([listening]))
        while not server.started:
            assert not serving.done(), "the web app did not start"
            await asyncio.sleep(0.01)
    while not app.state.is_warm:
        await asyncio.sleep(0.01)
    try:
        yield lines
    finally:
        server.should_exit = server.force_exit = True
        await serving
