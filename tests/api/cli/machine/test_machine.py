"""The commands about this machine: status, logs, open, doctor, reset, and which Longan this is."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.cli.house import House
from api.cli.machine import status
from api.cli.machine.logs import Tail
from api.cli.machine.ready import Readiness
from api.dev.past import progress
from api.story import ConsoleStory
from infra.running.instance_lock import occupant, occupy
from infra.settings import settings
from tests.production import PRODUCTION

SUPERVISE = """
import sys
from pathlib import Path
from infra.running.instance_lock import occupy
from infra.running.programs import Program
from infra.running.supervision import StopRequested, Supervisor

var = Path(sys.argv[1])
with occupy(var, sys.argv[2]), Supervisor(var) as supervisor:
    for name in ("Postgres", "Relay"):
        sleep = [sys.executable, "-c", "print('awake', flush=True); import time; time.sleep(60)"]
        supervisor.start(Program(name=name, command=sleep, log=var / "log" / f"{name.lower()}.log"))
    print("watching", flush=True)
    try:
        supervisor.watch()
    except StopRequested:
        pass
"""


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which nothing has run yet, and a working folder without settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LONGAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LONGAN_VAR", str(tmp_path / "var"))
    settings.cache_clear()
    yield tmp_path / "var"
    monkeypatch.undo()
    settings.cache_clear()
    settings()  # of all tests, before any sets something for itself


@pytest.fixture
def address() -> str:
    """Where nobody listens."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{trial.getsockname()[1]}"


@pytest.fixture
def running(var: Path, address: str) -> Iterator[subprocess.Popen[str]]:
    """Two of the six programs, which only sleep."""
    command = [sys.executable, "-c", SUPERVISE, str(var), address]
    house = Path(__file__).parents[4]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=house, env={**os.environ}) as popen:
        assert popen.stdout
        assert popen.stdout.readline() == "watching\n"
        yield popen
        popen.send_signal(signal.SIGTERM)
        popen.wait(20)


def run(*words: str, typed: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words), input=typed)
    return result.exit_code, result.stdout, result.stderr


def test_it_says_which_longan_this_is() -> None:
    code, told, _ = run("--version")
    version = sys.version.split()[0]
    assert (code, told) == (0, f"longan 0.1.0 (Python {version})\n")


def test_completion_knows_the_commands() -> None:
    asked = {"_LONGAN_COMPLETE": "complete_bash", "COMP_WORDS": "longan st", "COMP_CWORD": "1"}
    told = subprocess.run(
        [str(Path(sys.executable).with_name("longan"))], env={**os.environ, **asked}, capture_output=True, text=True
    )
    assert sorted(told.stdout.split()) == ["staff", "status"]


def test_where_nothing_runs_everybody_says_so(var: Path) -> None:
    assert run("status")[:2] == (1, f"Nothing runs here (data in {var}). Start it: make run\n")
    assert run("open") == (1, "", "Nothing runs here. Start it: make run\n")
    assert run("logs") == (1, "", f"Nothing was written yet in {var}/log. Start Longan: make run\n")
    told = json.loads(run("status", "--json")[1])
    assert (told["address"], told["ready"], told["checks"]) == (None, False, None)
    assert [each["running"] for each in told["programs"]] == [False] * 6
    assert not var.exists()


def test_in_production_programs_and_logs_are_others(var: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**PRODUCTION, "PUBLIC_URL": address}.items():
        monkeypatch.setenv(f"LONGAN_{name}", value)
    settings.cache_clear()
    assert run("status") == (1, f"\n The API does not answer. Its log says why.\n {address}\n", "")
    assert json.loads(run("status", "--json")[1])["programs"] == []
    assert run("open", "console", "--print") == (0, f"{address}/console\n", "")
    assert run("open") == (1, "", "In production there is only this to open: longan open console\n")
    code, told, complaint = run("logs")
    assert (code, told) == (1, "")
    assert complaint.startswith("In production each program writes its log to its standard error")


def test_status_tells_what_runs_and_what_does_not(running: object, address: str) -> None:
    code, told, _ = run("status", "--json")
    found = json.loads(told)
    assert (code, found["address"], found["ready"], found["checks"]) == (1, address, False, None)
    assert {each["name"]: each["running"] for each in found["programs"]} == {
        "Postgres": True,
        "Valkey": False,
        "API": False,
        "Worker": False,
        "Relay": True,
        "Sender": False,
    }
    code, told, _ = run("status")
    assert (code, "…" in told) == (1, False)
    assert "The API does not answer. Its log: longan logs api" in told


def test_status_tells_how_far_the_invented_past_is(running: object, var: Path) -> None:
    assert json.loads(run("status", "--json")[1])["invented"] is None
    progress.write(var, progress.PastProgress(120, 500, is_whole=False))
    assert json.loads(run("status", "--json")[1])["invented"] == {"made": 120, "people": 500, "isWhole": False}
    assert " Invented people: 120 of 500 made so far\n" in run("status")[1]


def test_a_pid_that_is_somebody_elses_is_not_ours(running: object, var: Path) -> None:
    (var / "run" / "valkey.pid").write_text(f"{os.getpid()}\n")
    found = json.loads(run("status", "--json")[1])["programs"]
    assert [each["name"] for each in found if each["running"]] == ["Postgres", "Relay"]


def test_who_was_killed_runs_here_no_more(running: subprocess.Popen[str], var: Path, address: str) -> None:
    running.kill()
    running.wait(10)
    assert address in (var / "occupied").read_text()
    assert occupant(var) is None
    assert run("status")[1].startswith("Nothing runs here")


def test_asking_who_is_here_keeps_nobody_out(var: Path) -> None:
    with occupy(var, "somebody"):
        pass
    asking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from infra.running.instance_lock import occupant; from pathlib import Path\nwhile True: occupant(Path({str(var)!r}))",
        ],
        cwd=Path(__file__).parents[4],
    )
    try:
        for _ in range(20):
            with occupy(var, "somebody"):
                assert "somebody" in str(occupant(var))
    finally:
        asking.kill()
        asking.wait(10)


def test_logs_prints_the_last_lines_of_each(running: object, var: Path) -> None:
    api = var / "log" / "api.log"
    api.write_text("one\ntwo\nthree\n")
    assert run("logs", "api", "-n", "2") == (0, "api       two\napi       three\n", "")


def test_logs_follows_a_file_whole_line_by_whole_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "api.log"
    log.write_text("old\n")
    tail = Tail("api", log, 0)

    def told_after(text: str, mode: str = "a") -> str:
        with log.open(mode) as file:
            file.write(text)
        tail.print_new()
        return capsys.readouterr().out

    tail.print_last()
    assert told_after("half a ") == ""
    assert told_after("line\nand more") == "api       half a line\n"
    assert told_after("\n") == "api       and more\n"
    assert told_after("") == ""
    assert told_after("anew\n", "w") == "api       anew\n"
    log.unlink()
    tail.print_new()
    assert capsys.readouterr().out == ""


def test_open_prints_the_address(running: object, address: str) -> None:
    assert run("open", "graphiql", "--print") == (0, f"{address}/graphql\n", "")
    assert run("open", "--print") == (0, f"{address}/\n", "")


def filled(var: Path) -> None:
    for name in ("postgres/data", "models/0123", "log", "notes"):
        (var / name).mkdir(parents=True)
        (var / name / "file").write_text("kept")
    for name in ("keys.json", "dev-credentials.json", "dev-credentials-collector.json"):
        (var / name).write_text("{}")


KEPT = {"postgres", "models", "log", "notes", "keys.json", "dev-credentials.json", "dev-credentials-collector.json"}


def names(var: Path) -> set[str]:
    return {path.name for path in var.iterdir()} - {"occupied"}


def test_reset_asks_and_then_deletes_what_is_ours(var: Path) -> None:
    filled(var)
    code, told, _ = run("reset", typed="n\n")
    assert code == 1
    listed = "postgres, log, keys.json, dev-credentials-collector.json, dev-credentials.json"
    assert told.startswith(f"In {var}: {listed}\n")
    assert names(var) == KEPT
    code, told, _ = run("reset", typed="y\n")
    assert (code, told.endswith("The next start begins on an empty house: make run\n")) == (0, True)
    assert names(var) == {"models", "notes"}
    assert run("reset", "--models", "--yes")[0] == 0
    assert names(var) == {"notes"}
    assert run("reset") == (0, f"There is nothing to delete in {var}.\n", "")


def test_reset_follows_lent_data_to_where_it_lies(var: Path, tmp_path: Path) -> None:
    lent = tmp_path / "lent"
    (lent / "data").mkdir(parents=True)
    var.mkdir()
    (var / "models").symlink_to(lent)
    assert run("reset", "--models", "--yes")[0] == 0
    assert (lent.exists(), names(var)) == (False, set())


def test_reset_deletes_nothing_under_a_running_house(running: object, var: Path) -> None:
    code, told, why = run("reset", "--yes")
    assert (code, told) == (1, "")
    assert why.endswith("Stop it with Ctrl-C first; nothing was deleted.\n")
    assert (var / "log" / "relay.log").exists()


def test_reset_is_not_for_production(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(var)
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(f"LONGAN_{name}", value)
    code, told, why = run("reset", "--yes")
    assert code == 1
    assert told == ""
    assert why
    assert names(var) == KEPT


def doctored() -> dict[str, tuple[str, str, str]]:
    findings = json.loads(run("doctor", "--json")[1])["findings"]
    return {each["what"]: (each["state"], each["found"], each["todo"]) for each in findings}


def test_the_doctor_finds_nothing_wrong_before_the_first_start(var: Path) -> None:
    found = doctored()
    assert run("doctor")[0] == 0
    assert found["Keys"] == ("well", "made at the first start", "")
    assert found["Longan"] == ("look", "does not run here", "make run")
    assert found["Postgres"][0] == "well"
    assert not var.exists()


def test_the_doctor_tells_where_the_house_is_seen(var: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> tuple[str, str]:
        settings.cache_clear()
        return doctored()["Settings"][1], House(ConsoleStory()).environment()["LONGAN_PUBLIC_URL"]

    monkeypatch.setenv("LONGAN_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("LONGAN_VALKEY_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("LONGAN_PORT", "8009")
    assert told() == ("embedded, http://127.0.0.1:8009", "http://127.0.0.1:8009")
    with occupy(var, address):
        assert told()[0] == f"embedded, {address}"
        Path(".env").write_text("LONGAN_PUBLIC_URL=https://longan.example\n")
        assert told() == ("embedded, https://longan.example", "https://longan.example")


def test_the_doctor_tells_a_taken_port(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("LONGAN_PORT", str(port))
        assert run("doctor")[0] == 1
        assert doctored()["Port"] == (
            "wrong",
            f"{port} is taken by another program",
            f"Choose another: make run LONGAN_PORT={port + 1}",
        )


def test_the_doctor_tells_wrong_settings_without_their_values(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGAN_PORT", "eighty-secret")
    code, told, _ = run("doctor")
    assert code == 1
    assert "LONGAN_PORT" in told
    assert "eighty-secret" not in told


def test_the_doctor_tells_names_that_no_setting_has(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGAN_PROT", "8001")
    monkeypatch.setenv("LONGAN_SMS__TOKEN", "x")
    findings = json.loads(run("doctor", "--json")[1])["findings"]
    assert [each["found"] for each in findings if each["todo"].startswith("No setting")] == ["LONGAN_PROT"]


def test_the_doctor_tells_secrets_that_others_can_read(var: Path) -> None:
    var.mkdir()
    (var / "keys.json").write_text("not json")
    (var / "keys.json").chmod(0o644)
    found = doctored()
    assert found["Secrets"] == ("wrong", "others can read keys.json", f"chmod 600 {var}/keys.json")
    assert found["Keys"][0] == "wrong"


def test_the_doctor_tells_servers_that_do_not_answer(var: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = address.rpartition(":")[2]
    monkeypatch.setenv("LONGAN_DATABASE_URL", f"postgresql+asyncpg://a:secret@127.0.0.1:{port}/x")
    monkeypatch.setenv("LONGAN_VALKEY_URL", f"redis://:secret@127.0.0.1:{port}/0")
    code, told, _ = run("doctor")
    found = doctored()
    assert (code, found["Postgres"][0], found["Valkey"][0]) == (1, "wrong", "wrong")
    assert "secret" not in told


@pytest.mark.parametrize(
    ("reactions", "words"),
    [
        (None, "Nobody can tell what waits for the worker."),
        (
            {"late": False, "waiting": 3, "oldest_seconds": 2, "parked": 0},
            "3 reactions wait, the oldest for 2 s; 0 are parked.",
        ),
        (
            {"late": True, "waiting": 1200, "oldest_seconds": 95, "parked": 1},
            "[bold red]1,200 reactions wait, the oldest for 95 s; 1 are parked.[/] See: longan reactions",
        ),
    ],
)
def test_status_tells_how_long_what_waits_has_waited(reactions: dict[str, Any] | None, words: str) -> None:
    assert status._work(Readiness({"database": True}, reactions)) == words


@pytest.mark.parametrize(
    ("late", "line"),
    [
        (False, "1,500 deliveries wait for partners, the oldest due for 2 s; 1 webhooks fail, 3 are paused."),
        (
            True,
            "[bold red]1,500 deliveries wait for partners, the oldest due for 2 s; 1 webhooks fail, 3 are paused.[/] "
            "See: longan logs sender",
        ),
    ],
)
def test_status_tells_what_waits_for_partners(late: bool, line: str) -> None:
    webhooks = {"late": late, "waiting": 1_500, "due_seconds": 2, "failing": 1, "paused": 3}
    assert status._partners(Readiness({}, None, webhooks)) == line


def test_status_tells_what_people_were_not_told() -> None:
    quiet = {"pushes": 0, "texts": 0, "oldest_seconds": 0}
    assert status._people(Readiness({}, None, None, quiet)) == "0 pushes and 0 texts were tried in vain and wait."
    assert status._people(Readiness({}, None, None, quiet | {"pushes": 2, "oldest_seconds": 1_800})) == (
        "[bold red]2 pushes and 0 texts were tried in vain and wait, the oldest for 1,800 s.[/] See: longan logs worker"
    )
    assert status._people(Readiness({}, None)) == "Nobody can tell what people were not told."
    assert status._partners(Readiness({}, None)) == "Nobody can tell what waits for partners."
