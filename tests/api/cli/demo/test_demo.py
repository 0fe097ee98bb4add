"""The demo says what clients say, word for word, and tells what it heard."""

import ast
import io
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, print_ast, validate
from rich.console import Console
from typer.testing import CliRunner
from websockets.asyncio.server import ServerConnection, serve

from api.cli import address, app
from api.cli.bench import figures as measured
from api.cli.demo import drawing, figures
from api.cli.demo.answers import Outcome
from api.cli.demo.doors import RefusedAtDoor, answered, documents
from api.cli.demo.journey import asked_for, is_about_to_rise, wished
from api.cli.demo.listening import listening
from api.cli.demo.telling import DemoTeller
from api.cli.demo.tour import NoSuchPersona, chosen
from api.dev.lives import LIVES, Wish
from infra.running.instance_lock import occupy
from infra.words import say
from integrations.sandbox.personas import PERSONAS
from tests.api.doors import operations, served_schemas

DEMO = Path(drawing.__file__).parent
OWN = ("MyMembership",)


def test_documents_are_the_contracts_word_for_word() -> None:
    """Save for the rate of a match, which the partner needs to approve at what was shown, and what this client asks on its own."""
    promised = {**operations("app"), **operations("partner"), **operations("console")}
    sent = {name: print_ast(parse(text)) for name, text in documents().items()}
    sent["Home"] = re.sub(r"(termMonths)\n +annualRate", r"\1", sent["Home"])
    for name in OWN:
        assert validate(served_schemas()["app"], parse(sent.pop(name))) == []
    assert sent == {name: promised[name] for name in sent}


def test_every_persona_has_a_life() -> None:
    assert set(LIVES) == set(PERSONAS)


def test_without_a_server_it_says_what_to_type() -> None:
    run = CliRunner().invoke(app, ["demo", "--url", "http://127.0.0.1:9"])
    assert run.exit_code == 1
    told = "Nobody answers at http://127.0.0.1:9. Start it in another terminal with: make run\n"
    assert run.stderr == told


NOBODY_WAITS = """
import asyncio, sys, time
from api.cli.demo import desks

desks.local_address = lambda: "here"
desks.COMMAND = (sys.executable, "-c", "import time; time.sleep(0.5); print('{}')")

async def story():
    asking = asyncio.create_task(desks.ready_credentials("here"))
    await asyncio.sleep(0.1)
    asking.cancel()

asyncio.run(story())
"""


def test_credentials_that_nobody_needs_any_more_leave_nothing_open() -> None:
    told = subprocess.run([sys.executable, "-c", NOBODY_WAITS], capture_output=True, text=True)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_somebody_unknown_is_answered_with_who_there_is() -> None:
    with pytest.raises(NoSuchPersona, match=r"There is no persona bob\. There are: ann, eve\."):
        chosen([{"key": "ann"}, {"key": "eve"}], ["bob"])


def test_only_the_asked_for_walk() -> None:
    assert chosen([{"key": "ann"}, {"key": "eve"}], ["eve"]) == [{"key": "eve"}]


def test_a_refusal_is_raised_and_an_answer_is_given() -> None:
    refused = {"data": {"apply": {"__typename": "Refused", "code": "INVALID", "message": "No."}}}
    with pytest.raises(RefusedAtDoor, match=r"No\."):
        answered(refused)
    with pytest.raises(RefusedAtDoor, match="Wait"):
        answered({"errors": [{"message": "Wait", "extensions": {"code": "RATE_LIMITED"}}]})
    assert answered({"data": {"viewer": {"id": "1"}}}) == {"id": "1"}


def match_of(kind: str, title: str) -> dict[str, Any]:
    product = {"id": title, "kind": kind, "title": title, "partner": {"id": "p", "name": "Bank"}, "termMonths": [3, 12]}
    low, high = {"amount": "500.00", "currency": "CNY"}, {"amount": "3000.00", "currency": "CNY"}
    return {"product": {**product, "amountMin": low, "amountMax": high}}


def test_the_wished_title_comes_first_then_the_kind_then_the_best() -> None:
    matches = [match_of("RENTAL", "room"), match_of("LOAN", "first"), match_of("LOAN", "second")]
    assert wished(matches, Wish("LOAN", "1", 1, "second")) == matches[2]
    assert wished(matches, Wish("LOAN", "1", 1, "gone")) == matches[1]
    assert wished(matches, Wish("ELECTRONICS", "1", 1)) == matches[0]
    assert wished([], Wish("LOAN", "1", 1)) is None


def test_a_wish_is_kept_within_the_product() -> None:
    amount = {"amount": "3000.00", "currency": "CNY"}
    assert asked_for(match_of("LOAN", "x"), Wish("LOAN", "9000.00", 10)) == {
        "productId": "x",
        "amount": amount,
        "termMonths": 12,
    }


def test_a_member_who_lacks_nothing_is_about_to_rise() -> None:
    assert is_about_to_rise({"next": {"missing": {"points": 0, "activity": 0}}})
    assert not is_about_to_rise({"next": {"missing": {"points": 3, "activity": 0}}})
    assert not is_about_to_rise({"next": None})


def test_what_is_drawn() -> None:
    assert drawing.gauge(650, 10) == ("━━━━━", "─────")
    assert drawing.bar_left(-3, 4, 2) == "▐█"
    assert drawing.bar_right(1, 4, 2) == "▌ "
    assert (drawing.signed(4), drawing.signed(-4), drawing.signed(0)) == ("+4", "−4", "0")
    assert drawing.percent("0.1260") == "12.6 %"


def teller() -> tuple[DemoTeller, io.StringIO]:
    paper = io.StringIO()
    return DemoTeller("en", Console(file=paper, width=80)), paper


SCORE = {
    "grade": "B",
    "points": 700,
    "basePoints": 680,
    "modelVersion": "m1",
    "simulated": True,
    "factors": [{"label": "Identity", "effect": -10}, {"label": "Repayment history", "effect": 30}],
}


def test_a_score_is_told_with_the_weightiest_factor_first() -> None:
    tell, paper = teller()
    tell.score(SCORE)
    lines = [line.rstrip() for line in paper.getvalue().splitlines()]
    assert lines == [
        "",
        "    Grade B, 700 points  and why, to the point:",
        "    Starts at               680",
        f"    Repayment history       +30{' ' * 21}│{'█' * 19}",
        f"    Identity                −10{' ' * 14}▐██████│",
        "    Model m1, trained on a simulated population.",
    ]


def test_everybody_has_a_row_at_the_end() -> None:
    tell, paper = teller()
    viewer = {"score": SCORE, "matches": {"edges": [{"node": match_of("LOAN", "first")}]}}
    nobody: dict[str, Any] = {"score": None, "matches": {"edges": []}}
    tell.closing(
        "http://here",
        [Outcome("ann", "Ann", viewer, {"status": "DECLINED"}, 1.25), Outcome("bob", "Bob", nobody, None, 2)],
    )
    rows = [line.split() for line in paper.getvalue().splitlines()[1:3]]
    assert rows == [["Ann", "B", "700", "first", "declined", "1.2", "s"], ["Bob", "-", "-", "-", "none", "2.0", "s"]]


def test_programs_are_told_what_became_of_everybody() -> None:
    viewer = {"score": SCORE, "matches": {"edges": [{"node": match_of("LOAN", "first")}]}}
    nobody: dict[str, Any] = {"score": None, "matches": {"edges": []}}
    offer = {"monthlyPayment": {"amount": "10.00", "currency": "CNY"}, "termMonths": 6, "documents": []}
    decision = {"reasons": [{"code": "CARRIED", "message": "Fine."}]}
    approved = {"id": "QQ", "status": "APPROVED", "decision": decision, "offer": offer}
    owed = {"amount": "0.00", "currency": "CNY"}
    agreement = {"status": "SETTLED", "outstanding": owed}
    assert figures.of(Outcome("ann", "Ann", viewer, approved, 1.2345, agreement)) == {
        "persona": "ann",
        "name": "Ann",
        "grade": "B",
        "points": 700,
        "bestMatch": "first",
        "application": {
            "id": "QQ",
            "status": "APPROVED",
            "reasons": ["CARRIED"],
            "offer": {"monthlyPayment": {"amount": "10.00", "currency": "CNY"}, "termMonths": 6},
        },
        "agreement": {"status": "SETTLED", "owed": owed},
        "seconds": 1.23,
    }
    waits = {"id": "QQ", "status": "SUBMITTED", "decision": None, "offer": None}
    told = figures.of(Outcome("bob", "Bob", nobody, waits, 2))
    assert told["application"] == {"id": "QQ", "status": "SUBMITTED", "reasons": [], "offer": None}
    assert (told["grade"], told["points"], told["bestMatch"]) == (None, None, None)
    assert figures.of(Outcome("bob", "Bob", nobody, None, 2))["application"] is None


@pytest.mark.parametrize("columns", [60, 80])
def test_no_title_is_cut_where_the_screen_is_narrow(columns: int) -> None:
    paper = io.StringIO()
    tell = DemoTeller("en", Console(file=paper, width=columns))
    title = "a product whose title is longer than the column it has to stand in"
    viewer = {"score": SCORE, "matches": {"edges": [{"node": match_of("LOAN", title)}]}}
    tell.lay(tell.summary([Outcome("ann", "Ann", viewer, {"status": "DECLINED"}, 1.25)]))
    told = paper.getvalue()
    assert "…" not in told
    assert max(len(line) for line in told.splitlines()) <= columns
    assert set(title.split()) <= set(told.replace("A", " A").split())


BENCHES = ("account", "evidence", "growth", "match", "rescore", "serve", "stranger")


@pytest.mark.parametrize("command", [["demo"], ["invent"], ["status"], *(["bench", name] for name in BENCHES)])
def test_programs_may_ask_for_json(command: list[str]) -> None:
    told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "100", "NO_COLOR": "1"})
    assert (told.exit_code, "--json" in told.stdout) == (0, True)


def test_what_was_measured_is_told_under_the_names_of_other_json() -> None:
    assert measured.figures_of(Measured(people_per_core=2.5, interval=(1.0, 3.0))) == {
        "peoplePerCore": 2.5,
        "interval": (1.0, 3.0),
    }


@dataclass(frozen=True)
class Measured:
    people_per_core: float
    interval: tuple[float, float]


def test_the_address_is_read_from_what_occupies_the_folder(tmp_path: Path) -> None:
    assert address.address_of(tmp_path) is None
    with occupy(tmp_path, "http://127.0.0.1:8001"):
        assert address.address_of(tmp_path) == "http://127.0.0.1:8001"
    with occupy(tmp_path, "a command that will end"):
        assert address.address_of(tmp_path) is None


@pytest.fixture
async def app_socket() -> AsyncIterator[str]:
    """A server of graphql-transport-ws that pings before it tells, and ends in an error."""

    async def speak(socket: ServerConnection) -> None:
        heard = [json.loads(await socket.recv())]
        await socket.send('{"type": "connection_ack"}')
        heard.append(json.loads(await socket.recv()))
        await socket.send('{"type": "ping"}')
        heard.append(json.loads(await socket.recv()))
        for told in (1, [said["type"] for said in heard], heard[0]["payload"]):
            await socket.send(json.dumps({"type": "next", "id": "1", "payload": {"data": {"scoreChanged": told}}}))
        await socket.send('{"type": "error", "id": "1", "payload": [{"message": "Over."}]}')

    async with serve(speak, "127.0.0.1", 0, subprotocols=["graphql-transport-ws"]) as server:  # type: ignore[list-item]
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_a_subscription_is_opened_kept_and_ended(app_socket: str) -> None:
    async with listening(app_socket, "t0ken", "en", "ScoreChanged") as listener:
        assert await listener.next() == ["connection_init", "subscribe", "pong"]
        assert await listener.next() == {"authorization": "Bearer t0ken", "locale": "en"}
        with pytest.raises(RefusedAtDoor, match=r"Over\."):
            await listener.next()


def sentences() -> set[str]:
    calls = (node for path in DEMO.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    marked = (call for call in calls if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "N_")
    return {ast.literal_eval(call.args[0]) for call in marked}


@pytest.mark.parametrize("sentence", sorted(sentences() - {"{tier} member", " at {partner}", "; "}))
def test_a_sentence_is_told_in_chinese(sentence: str) -> None:
    assert any("\u4e00" <= character <= "\u9fff" for character in say(sentence, "zh"))
