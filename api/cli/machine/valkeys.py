"""Asks the two servers that the settings name: whether they answer, as what, and how far the tables are."""

import asyncio
import subprocess

from api.cli.machine.findings import Finding, State

PATIENCE_SECONDS = 5
POSTGRES_MIN = 15


def embedded_version() -> str:
    """The version of the Postgres that comes with Longan; asked of its program, so that one that cannot start says so."""
    from infra.embedded.postgres import wheel

    program = wheel() / "pginstall18" / "bin" / "postgres"
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    if done.returncode != 0:
        raise OSError(done.stderr.strip() or f"it ended with {done.returncode}")
    return done.stdout.strip()


def database(url: str) -> Finding:
    try:
        number, name, revision = asyncio.run(_ask(url))
    except Exception as error:  # a driver has many words for no
        return Finding("Postgres", State.WRONG, f"does not answer ({type(error).__name__})", "See LONGAN_DATABASE_URL")
    if number < POSTGRES_MIN * 10_000:
        return Finding("Postgres", State.WRONG, name, f"Postgres {POSTGRES_MIN} or newer is needed")
    if revision != (newest := _newest()):
        found = f"{name}, its tables are at {revision or 'nothing'} and not at {newest}"
        return Finding("Postgres", State.WRONG, found, "longan migrate")
    return Finding("Postgres", State.WELL, f"{name}, its tables are up to date")


async def _ask(url: str) -> tuple[int, str, str | None]:
    from sqlalchemy import text

    from infra.database import make_engine

    engine = make_engine(url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), engine.connect() as connection:
            number = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
            name = (await connection.execute(text("SHOW server_version"))).scalar_one()
            has_any = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
            asked = text("SELECT version_num FROM alembic_version")
            return number, f"Postgres {name}", (await connection.execute(asked)).scalar() if has_any else None
    finally:
        await engine.dispose()


def _newest() -> str | None:
    from alembic.script import ScriptDirectory

    from infra.migrations import configuration

    return ScriptDirectory.from_config(configuration(None)).get_current_head()


def valkey(url: str) -> Finding:
    import redis

    try:
        with redis.Redis.from_url(
            url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        ) as asked:
            told = asked.info("server")
    except (redis.RedisError, OSError, ValueError) as error:
        return Finding("Valkey", State.WRONG, f"does not answer ({type(error).__name__})", "See LONGAN_VALKEY_URL")
    return Finding("Valkey", State.WELL, f"{told.get('valkey_version') or told.get('redis_version')} answers")
