"""What Longan is read in turns with: the limit, and the peer where Node and its packages are there."""

import shutil
import socket
import sys
from pathlib import Path

import asyncpg

from infra import postgres_url
from infra.embedded import Servers
from infra.embedded.valkey import free_port
from infra.running.programs import Program

PEER = Path(__file__).parents[4] / "tests" / "clients" / "peer"
DATABASE = "peers"


def why_no_peer() -> str | None:
    """What is missing for it; None where it can be started."""
    if not (PEER / "server.js").is_file():
        return "no peer beside it: this installation has no tests/clients/peer"
    if shutil.which("node") is None:
        return "no peer beside it: there is no Node here"
    if not (PEER.parent / "node_modules" / "mercurius").is_dir():
        return "no peer beside it: `npm ci --prefix tests/clients` installs it"
    return None


async def fill(servers: Servers) -> str:
    """The peer's own database, in the same Postgres. Gives its address."""
    url = postgres_url.dsn(servers.create_database(DATABASE))
    connection = await asyncpg.connect(url)
    try:
        await connection.execute((PEER / "tables.sql").read_text())
    finally:
        await connection.close()
    return url


def peer(folder: Path, url: str) -> tuple[Program, int]:
    node, port = shutil.which("node"), free_port()
    assert node is not None, "asked before"
    command = [node, str(PEER / "server.js"), str(port)]
    return _program("Peer", command, folder, port, {"DATABASE_URL": url, "NODE_ENV": "production"}), port


def limit(folder: Path, url: str, answer_bytes: int) -> tuple[Program, int]:
    port = free_port()
    options = ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", "api.cli.bench.serving.limit:app", *options]
    environment = {"DATABASE_URL": postgres_url.dsn(url), "ANSWER_BYTES": str(answer_bytes)}
    return _program("Limit", command, folder, port, environment), port


def _program(name: str, command: list[str], folder: Path, port: int, environment: dict[str, str]) -> Program:
    log = folder / "log" / f"{name.lower()}.log"
    return Program(name, command, log, is_ready=lambda pid: _listens(port), environment=environment)


def _listens(port: int) -> bool:
    with socket.socket() as trying:
        trying.settimeout(2)
        return trying.connect_ex(("127.0.0.1", port)) == 0
