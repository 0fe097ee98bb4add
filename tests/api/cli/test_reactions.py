"""`longan reactions`: what waits and what was given up, for people and programs, and trying it again."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app, nearby
from infra import backlog, leases
from infra.backlog import Backlog, Waiting
from infra.database import Db

WAITS = Waiting("score_user", 3, 95.4, 0, 0.0, 1, ["TimeoutError"])
PARKED = Waiting("send_code", 0, 0.0, 2, 7300.0, 0, ["Broken", "TimeoutError"])


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def none() -> Iterator[None]:
        yield

    monkeypatch.setattr(nearby, "servers", none)


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["reactions", *words])
    return result.exit_code, result.stdout, result.stderr


def tell(monkeypatch: pytest.MonkeyPatch, found: Backlog) -> None:
    async def look(db: Db) -> Backlog:
        return found

    monkeypatch.setattr(backlog, "look", look)


def test_where_nothing_waits_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Backlog(0, 0, 0, 0))
    assert run() == (0, "Nothing waits.\n", "")


def test_what_is_parked_is_named_with_its_errors_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Backlog(3, 95.4, 2, 7300.0, (WAITS, PARKED)))
    code, told, _ = run()
    rows = [line.split("  ") for line in told.splitlines()]
    assert code == 1
    assert ["score_user", "3", "95 s", "1", "TimeoutError"] in [
        [word.strip() for word in row if word.strip()] for row in rows
    ]
    assert ["send_code", "2", "7,300 s", "Broken, TimeoutError"] in [
        [word.strip() for word in row if word.strip()] for row in rows
    ]
    assert "longan reactions retry" in told


def test_programs_are_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Backlog(3, 95.4, 2, 7300.0, (WAITS, PARKED)))
    code, told, _ = run("--json")
    found = json.loads(told)
    assert (code, found["waiting"], found["oldestSeconds"], found["parked"], found["late"]) == (1, 3, 95, 2, True)
    assert found["reactions"][1] == {
        "reaction": "send_code",
        "waiting": 0,
        "oldestSeconds": 0,
        "failing": 0,
        "parked": 2,
        "oldestParkedSeconds": 7300,
        "errors": ["Broken", "TimeoutError"],
    }


def test_what_was_given_up_is_tried_again_by_name_or_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def try_again(names: list[str] | None = None) -> Counter[str]:
        asked.append(names)
        return Counter({"send_code": 2} if names != ["nothing"] else {})

    monkeypatch.setattr(leases, "try_again", try_again)
    assert run("retry", "send_code") == (0, "send_code: 2 tried again\n", "")
    assert run("retry") == (0, "send_code: 2 tried again\n", "")
    assert run("retry", "nothing") == (1, "", "Nothing of that is parked.\n")
    assert asked == [["send_code"], None, ["nothing"]]
