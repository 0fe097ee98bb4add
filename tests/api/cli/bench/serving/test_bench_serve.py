"""`longan bench serve`: that it measures, what it tells, and that a wrong answer is no figure. Never how fast."""

import dataclasses
import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, print_ast
from rich.console import Console

from api.cli.bench import figures
from api.cli.bench.serving import load, processor, rivals, rows, runs, table
from api.cli.bench.serving.load import Wrong
from api.cli.bench.serving.measuring import LIMIT, OURS, PEER, Goal, Median, Result, RowFigures, spread
from api.cli.bench.serving.runs import BenchRun, Size
from api.cli.house import House
from api.story import ConsoleStory
from infra.embedded.valkey import free_port

CONTRACT = Path(__file__).parents[4] / "contract"


@pytest.mark.usefixtures("models")
async def test_a_small_run_tells_of_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    # Its tables take longer to fill than all the rest; `tests/clients` reads it.
    monkeypatch.setattr(rivals, "why_no_peer", lambda: "no peer here")
    told = ConsoleStory(Console(file=io.StringIO()))
    size = Size(people=60, readers=3, turns=1, seconds=0.05, applications=2)
    run = await runs.run(told, House(told, free_port()), size)
    shown = json.loads(json.dumps(figures.figures_of(run)))
    assert [row["name"] for row in shown["rows"]] == [
        *("home", "homeAfterChange", "homeAfterScore", "token", "products", "apply", "feed", "queue")
    ]
    for row in shown["rows"]:
        ours, limit = row["contenders"][OURS], row["contenders"][LIMIT]
        assert ours["perSecond"]["low"] <= ours["perSecond"]["median"] <= ours["perSecond"]["high"]
        assert 0 < ours["p50Ms"] <= ours["p99Ms"]
        assert row["ofLimit"]["median"] == pytest.approx(ours["perSecond"]["median"] / limit["perSecond"]["median"])
    assert shown["memoryMegabytes"] > 0 and shown["readySeconds"] > 0
    assert shown["notes"] == ["no peer here"]
    assert (shown["people"] >= 60, shown["turns"], shown["products"] > 0) == (True, 1, True)
    home, limit = shown["rows"][0]["contenders"][OURS], shown["rows"][0]["contenders"][LIMIT]
    assert abs(home["answerBytes"] - limit["answerBytes"]) < 400, "the limit sends as many bytes as Home"


@pytest.mark.parametrize("file", ["app.graphql", "partner.graphql", "console.graphql"])
def test_what_is_asked_is_what_the_contract_asks(file: str) -> None:
    """Applying alone asks for less."""
    contract = {
        each.name.value: print_ast(each)
        for each in parse((CONTRACT / file).read_text(encoding="utf-8")).definitions
        if isinstance(each, OperationDefinitionNode) and each.name
    }
    asked = rows.documents()
    shared = (contract.keys() & asked.keys()) - {"Apply"}
    assert shared
    assert {name: asked[name] for name in shared} == {name: contract[name] for name in shared}


@contextmanager
def server(*answers: bytes) -> Iterator[int]:
    """Answers each request on a connection with the next of these, in pieces, and then closes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            for answer in answers:
                connection.recv(65_536)
                for start, end in pairwise([0, 10, len(answer) // 2, len(answer)]):
                    connection.sendall(answer[start:end])

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1]
    thread.join()
    listening.close()


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def test_each_request_is_sent_once_over_one_connection() -> None:
    whole = answer(b'{"data":{"edges":[]}}')
    with server(whole, whole, whole) as port:
        sent = load.send(port, [b"POST / HTTP/1.1\r\n\r\n"] * 3, at_once=1, contains=b'"edges"')
    assert (sent.answers, sent.answer_bytes, min(sent.latencies) > 0) == (3, len(whole), True)
    assert sent.per_second == sent.answers / sent.seconds


@pytest.mark.parametrize(
    "wrong",
    [
        answer(b'{"data":{"edges":[]}}', b"429 No"),
        answer(b'{"edges":[],"errors":[]}'),
        answer(b'{"data":null}'),
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_wrong_answer_is_no_figure(wrong: bytes) -> None:
    with server(wrong) as port, pytest.raises(Wrong):
        load.send(port, [b"POST / HTTP/1.1\r\n\r\n"], at_once=1, contains=b'"edges"')


def test_who_has_answered_all_may_hang_up_while_others_work() -> None:
    whole = answer(b'{"data":{"edges":[]}}')
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        first, _ = listening.accept()
        second, _ = listening.accept()
        for connection in (first, second):
            connection.recv(65_536)
        first.sendall(whole)
        first.close()
        listening.settimeout(0.2)  # meanwhile nobody comes
        with pytest.raises(TimeoutError):
            listening.accept()
        second.sendall(whole)
        second.close()

    thread = threading.Thread(target=serve)
    thread.start()
    sent = load.send(listening.getsockname()[1], [b"POST / HTTP/1.1\r\n\r\n"] * 2, at_once=2, contains=b"edges")
    thread.join()
    listening.close()
    assert sent.answers == 2


def test_who_closes_the_connection_has_not_answered() -> None:
    with server() as port, pytest.raises((Wrong, OSError)):
        load.send(port, [b"POST / HTTP/1.1\r\n\r\n"], at_once=1, contains=b"")


def test_the_processor_counts_what_descends_from_a_program() -> None:
    import os
    import subprocess
    import sys

    busy = "x = 0\nfor i in range(3_000_000): x += i\nprint('done', flush=True)\ninput()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None and started.stdout.readline() == b"done\n"
        assert processor.seconds([started.pid]) >= 0.05
        started.communicate(b"\n")
    assert processor.seconds([started.pid]) == 0.0
    assert processor.seconds([os.getpid()]) > 0


def test_a_spread_holds_its_median() -> None:
    assert spread([3.0]) == Median(3.0, 3.0, 3.0)
    told = spread([1.0, 2.0, 3.0, 4.0, 100.0])
    assert (told.median, told.low <= 3.0 <= told.high, told.high <= 100.0) == (3.0, True, True)


def test_the_table_fits_eighty_columns_and_says_what_was_missed() -> None:
    some = RowFigures(Median(12_345.0, 11_000.0, 13_000.0), 10.0, 1_234.5, 12.34, 1.5, 21_000)
    goals = [Goal("limit 0.35", "times", 0.35, 0.5, True), Goal("peer 3", "times", 3.0, 0.5, False)]
    row = Result(
        "home",
        "Home after a change",
        "Home, first read",
        {OURS: some, LIMIT: some, PEER: some},
        spread([1.0]),
        None,
        goals,
    )
    paper = io.StringIO()
    console = Console(file=paper, width=80)
    table.write(
        BenchRun("2 cores", 2_000, 82, 5, 1.5, 1.9, 187.4, ["no peer"], [row, dataclasses.replace(row, goals=[])]),
        console,
    )
    told = paper.getvalue()
    assert "ready in 1.9 s, and holds 187 MB" in told
    assert "limit 0.35 ✓" in told and "peer 3 ✗" in told and "no peer" in told
    assert max(map(len, told.split("limit, peer:")[0].splitlines())) <= 80
