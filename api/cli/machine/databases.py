"""Asks the database that the settings name: whether it answers, as what, how far its tables are, whether what stands before it
keeps the house's limits, and whether all processes that are connected have the same settings.
"""

import asyncio
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cli.machine.findings import MachineFinding, State
from infra import agreeing, connecting, database
from infra.migrations.standing import NEWEST
from infra.settings import Settings

PATIENCE_SECONDS = 5
POSTGRES_MIN = 15
POOLER_REFUSES = "unsupported startup parameter"


def embedded_version() -> str:
    """The version of the Postgres that comes with Longan; asked of its program, so that one that cannot start says so."""
    from infra.embedded.postgres import wheel

    program = wheel() / "pginstall18" / "bin" / "postgres"
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    if done.returncode != 0:
        raise OSError(done.stderr.strip() or f"it ended with {done.returncode}")
    return done.stdout.strip()


@dataclass(frozen=True)
class ServerFacts:
    """What one connection was told. `limits` in milliseconds; 0 is none. `instance` is another one's for another database."""

    number: int
    name: str
    revision: str | None
    role: str
    limits: Mapping[str, int]
    instance: tuple[object, ...]
    marks: tuple[str, ...]


def examine(settings: Settings) -> list[MachineFinding]:
    assert settings.database_url is not None
    try:
        told = asyncio.run(_ask(settings.database_url, settings))
    except Exception as error:  # a driver has many words for no
        return [_no_answer("Postgres", error, "See LONGAN_DATABASE_URL")]
    findings = [_tables(told), _processes(told, settings)]
    if settings.database_pooled:
        findings += [_limits(told, settings), _direct(told, settings)]
    return findings


def _no_answer(what: str, error: Exception, todo: str) -> MachineFinding:
    if POOLER_REFUSES in str(error):
        return MachineFinding(
            what, State.WRONG, "a pooler answers, which takes no limits", "Set LONGAN_DATABASE_POOLED=true"
        )
    return MachineFinding(what, State.WRONG, f"does not answer ({type(error).__name__})", todo)


def _tables(told: ServerFacts) -> MachineFinding:
    if told.number < POSTGRES_MIN * 10_000:
        return MachineFinding("Postgres", State.WRONG, told.name, f"Postgres {POSTGRES_MIN} or newer is needed")
    if (told.revision or "") < NEWEST:
        found = f"{told.name}, its tables are at {told.revision or 'nothing'} and not at {NEWEST}"
        return MachineFinding("Postgres", State.WRONG, found, "longan migrate")
    if told.revision != NEWEST:
        found = f"{told.name}, its tables are of a newer release: at {told.revision}, where this one knows {NEWEST}"
        return MachineFinding("Postgres", State.LOOK, found, "They keep what this release needs")
    return MachineFinding("Postgres", State.WELL, f"{told.name}, its tables are up to date")


def _processes(told: ServerFacts, settings: Settings) -> MachineFinding:
    """A machine that was forgotten when a setting was changed decides by another one than the rest."""
    groups = agreeing.differing(agreeing.mark(settings), told.marks)
    if not groups:
        return MachineFinding("Processes", State.WELL, f"{len(told.marks)} are connected, with the settings of here")
    names = ", ".join(f"LONGAN_{name.upper()}" for group in groups for name in agreeing.SHARED[group])
    todo = f"Compare with those of every process, then restart: {names}"
    return MachineFinding(
        "Processes", State.WRONG, f"some that are connected have other settings: {', '.join(groups)}", todo
    )


def _limits(told: ServerFacts, settings: Settings) -> MachineFinding:
    """What a pooler's clients cannot ask for, its role has to have."""
    wanted = {name: int(value) for name, value in connecting.limits(settings).items()}
    missing = {name: value for name, value in wanted.items() if not told.limits[name]}
    others = {name: value for name, value in wanted.items() if told.limits[name] not in {0, value}}
    if not missing and not others:
        return MachineFinding("Limits", State.WELL, f"the role {told.role} has them")
    words = [f"no {name}" for name in missing]
    words += [
        f"a {name} of {told.limits[name] / 1000:g} s and not {value / 1000:g} s" for name, value in others.items()
    ]
    todo = " ".join(f"ALTER ROLE {told.role} SET {name} = {value};" for name, value in {**missing, **others}.items())
    state = State.WRONG if missing else State.LOOK
    return MachineFinding(
        "Limits", state, f"behind the pooler the role {told.role} has {', '.join(words)}", f"Once: {todo}"
    )


def _direct(told: ServerFacts, settings: Settings) -> MachineFinding:
    assert settings.database_direct_url is not None, "a pooler has a way past it"
    past_it = settings.model_copy(update={"database_pooled": False})
    try:
        direct = asyncio.run(_ask(settings.database_direct_url, past_it))
    except Exception as error:
        return _no_answer("Way past the pooler", error, "See LONGAN_DATABASE_DIRECT_URL")
    if direct.instance != told.instance:
        todo = "LONGAN_DATABASE_DIRECT_URL should name the one behind the pooler"
        return MachineFinding("Way past the pooler", State.WRONG, "leads to another database", todo)
    return MachineFinding("Way past the pooler", State.WELL, "leads to the same database")


async def _ask(url: str, settings: Settings) -> ServerFacts:
    """As the house connects, so that what it is refused shows here."""
    engine = database.make_engine(url, connect_args=connecting.session_settings(settings))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), engine.connect() as connection:
            return await _facts(connection, settings)
    finally:
        await engine.dispose()


async def _facts(connection: AsyncConnection, settings: Settings) -> ServerFacts:
    async def one(sql: str) -> object:
        return (await connection.execute(text(sql))).scalar()

    named = text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)")
    limits = await connection.execute(named, {"names": [*connecting.limits(settings)]})
    marks = text(
        "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    connected = (await connection.execute(marks)).scalars().all()
    return ServerFacts(
        number=int(str(await one("SHOW server_version_num"))),
        name=f"Postgres {await one('SHOW server_version')}",
        revision=await _revision(connection),
        role=str(await one("SELECT quote_ident(current_user)")),
        limits={name: int(setting) for name, setting in limits},
        instance=(await one("SELECT pg_postmaster_start_time()"), await one("SELECT current_database()")),
        marks=tuple(each for each in connected if each.startswith(f"{agreeing.NAME} ")),
    )


async def _revision(connection: AsyncConnection) -> str | None:
    has_any = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
    return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() if has_any else None
