"""What `longan doctor` looks at, each thing by itself: what was found, and what to do about it."""

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from api.cli.machine.findings import MachineFinding, State

if TYPE_CHECKING:
    from infra.settings import Settings

PYTHON_MIN = (3, 11)
DISK_BYTES_MIN, DISK_BYTES_ENOUGH = 500_000_000, 3_000_000_000
MEMORY_BYTES_ENOUGH = 2_000_000_000
PREFIX = "LONGAN_"
# Read by programs around the settings, not by them.
OTHER_VARIABLES = frozenset({"LONGAN_SUPERVISED_BY"})


def examine() -> list[MachineFinding]:
    """All findings; what needs settings is left out where they cannot be read."""
    settings, finding = _settings()
    findings = [_python(), _memory(), _bills(), finding, *_unknown_variables()]
    if settings is None:
        return findings
    looks: list[Callable[[Settings], MachineFinding | None]] = [_disk, _private, _keys, _port]
    found = [*(look(settings) for look in looks), *_postgres(settings), _valkey(settings), _answers(settings)]
    findings += [each for each in found if each is not None]
    answers = all(each.state is State.WELL for each in findings if each.what == "Postgres")
    models = _live_models(settings) if answers else None
    return [*findings, *([models] if models else [])]


def _python() -> MachineFinding:
    found = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro} at {sys.executable}"
    if sys.version_info < PYTHON_MIN:
        return MachineFinding(
            "Python", State.WRONG, found, "Python 3.11 or newer is needed: make run PYTHON=/path/to/python"
        )
    return MachineFinding("Python", State.WELL, found)


def _memory() -> MachineFinding:
    try:
        available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return MachineFinding("Memory", State.WELL, "not told by this system")
    found = f"{available / 1e9:.1f} GB free"
    if available < MEMORY_BYTES_ENOUGH:
        return MachineFinding("Memory", State.LOOK, found, "Training the models takes up to 2 GB for a minute")
    return MachineFinding("Memory", State.WELL, found)


def _bills() -> MachineFinding:
    """People's files are read by a process that the kernel keeps from all else, or not at all."""
    from integrations.bills.looking import can_read_bills

    if can_read_bills():
        return MachineFinding("Bills", State.WELL, "read by a process without network and files")
    return MachineFinding(
        "Bills", State.LOOK, "none is read here", "`POST /statements` needs Linux with seccomp, on x86-64 or ARM"
    )


def _settings() -> "tuple[Settings | None, MachineFinding]":
    from api.cli.address import address_of, seen_address
    from infra.settings import settings

    try:
        told = settings()
    except SystemExit as wrong:
        sentence = str(wrong).replace("Longan does not start: ", "").replace("\n", " ").removesuffix(".")
        return None, MachineFinding(
            "Settings", State.WRONG, sentence, "The table in the README says what each one takes"
        )
    here = address_of(told.var.resolve()) or f"http://{told.host}:{told.port}"
    seen = seen_address(here) if told.is_embedded else told.public_url
    return told, MachineFinding("Settings", State.WELL, f"{told.environment}, {seen}")


def _unknown_variables() -> list[MachineFinding]:
    """A name that is mistyped would be obeyed by nobody, and missed by nobody."""
    from dotenv import dotenv_values

    from infra.settings import Settings

    names = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    said = {name.upper() for name in (*os.environ, *dotenv_values(".env"))} - OTHER_VARIABLES
    unknown = sorted(name for name in said if name.startswith(PREFIX) and name.split("__")[0] not in names)
    todo = "No setting has this name; the table in the README lists them"
    return [MachineFinding("Settings", State.LOOK, name, todo) for name in unknown]


def _disk(settings: "Settings") -> MachineFinding:
    place = next(path for path in (settings.var.resolve(), *settings.var.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free in {place}"
    if not os.access(place, os.W_OK):
        return MachineFinding(
            "Disk", State.WRONG, f"{place} cannot be written to", "Name another folder: LONGAN_VAR=/path"
        )
    if free < DISK_BYTES_MIN:
        return MachineFinding("Disk", State.WRONG, found, "Postgres stops when the disk is full; make room first")
    if free < DISK_BYTES_ENOUGH:
        return MachineFinding("Disk", State.LOOK, found, "It is enough to try Longan, not to live with it")
    return MachineFinding("Disk", State.WELL, found)


def _private(settings: "Settings") -> MachineFinding | None:
    """What holds secrets is for its owner alone."""
    kept = [settings.var / name for name in ("keys.json", "dev-credentials.json")]
    open_to_all = [path.name for path in kept if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_to_all:
        todo = f"chmod 600 {' '.join(str(settings.var / name) for name in open_to_all)}"
        return MachineFinding("Secrets", State.WRONG, f"others can read {', '.join(open_to_all)}", todo)
    return (
        MachineFinding("Secrets", State.WELL, "readable by their owner only") if any(p.exists() for p in kept) else None
    )


def _keys(settings: "Settings") -> MachineFinding:
    from infra import keys

    if settings.is_embedded and not settings.master_keys and not (settings.var / "keys.json").exists():
        return MachineFinding("Keys", State.WELL, "made at the first start")
    try:
        ring = keys.read_keyring()
    except (ValueError, KeyError, TypeError, OSError) as error:
        todo = "longan keys new prints one" if not settings.is_embedded else "Restore var/keys.json from a copy"
        return MachineFinding("Keys", State.WRONG, f"they cannot be read ({type(error).__name__})", todo)
    return MachineFinding("Keys", State.WELL, f"{len(ring.master)} master, key {ring.sealing} seals")


def _port(settings: "Settings") -> MachineFinding | None:
    from api.cli.address import address_of
    from infra.embedded.valkey import is_free

    if not settings.is_embedded:
        return None
    if address := address_of(settings.var.resolve()):
        return MachineFinding("Port", State.WELL, f"Longan runs here, at {address}")
    if is_free(settings.port, settings.host):
        return MachineFinding("Port", State.WELL, f"{settings.port} is free")
    todo = f"Choose another: make run LONGAN_PORT={settings.port + 1}"
    return MachineFinding("Port", State.WRONG, f"{settings.port} is taken by another program", todo)


def _postgres(settings: "Settings") -> list[MachineFinding]:
    from api.cli.machine import databases

    if settings.database_url:
        return databases.examine(settings)
    try:
        return [MachineFinding("Postgres", State.WELL, databases.embedded_version())]
    except OSError as error:
        return [
            MachineFinding(
                "Postgres", State.WRONG, f"its program does not start ({error})", "rm -r .venv && make install"
            )
        ]


def _live_models(settings: "Settings") -> MachineFinding | None:
    """Asked of the database of the settings, or of the Longan that runs here."""
    from api.cli.address import address_of
    from api.cli.machine import live_models
    from infra import embedded

    var = settings.var.resolve()
    url = settings.database_url or (embedded.at(var).database_url if address_of(var) else None)
    return asyncio.run(live_models.look(url)) if url else None


def _valkey(settings: "Settings") -> MachineFinding | None:
    from api.cli.machine import valkeys

    return valkeys.valkey(settings.valkey_url) if settings.valkey_url else None


def _answers(settings: "Settings") -> MachineFinding | None:
    from api.cli.address import address_of
    from api.cli.machine import ready

    address = settings.public_url if not settings.is_embedded else address_of(settings.var.resolve())
    if address is None:
        return MachineFinding("Longan", State.LOOK, "does not run here", "make run")
    found, log = ready.ask(address), "longan logs api" if settings.is_embedded else "The API's log says why"
    if found is None:
        return MachineFinding("Longan", State.WRONG, f"{address} does not answer", log)
    if wrong := [name for name, answers in found.checks.items() if not answers]:
        return MachineFinding("Longan", State.WRONG, f"{address} is not ready: {', '.join(wrong)}", log)
    return MachineFinding("Longan", State.WELL, f"ready at {address}")
