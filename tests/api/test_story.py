"""A story is drawn on a terminal and written in plain lines elsewhere."""

import io
import re

import pytest
from rich.console import Console

from api import story
from api.story import ConsoleStory


def told(*, terminal: bool) -> tuple[ConsoleStory, io.StringIO]:
    paper = io.StringIO()
    return ConsoleStory(Console(file=paper, force_terminal=terminal, color_system=None, width=80)), paper


def test_a_step_is_ticked_with_its_time_and_note() -> None:
    teller, paper = told(terminal=False)
    with teller.step("Migrations") as step:
        step.note = "12 tables"
    assert paper.getvalue() == "  ✓ Migrations              0.0 s   12 tables\n"


def test_without_a_terminal_progress_is_told_in_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "PLAIN_SECONDS", 0.0)
    teller, paper = told(terminal=False)
    with teller.step("Models") as step:
        step.at(1, 4, "tree 250")
    assert paper.getvalue().splitlines()[0] == "  … Models: 25% tree 250"


def test_without_a_terminal_progress_is_told_seldom() -> None:
    teller, paper = told(terminal=False)
    with teller.step("Models") as step:
        for number in range(100):
            step.at(number, 100)
    assert len(paper.getvalue().splitlines()) == 1


def test_a_terminal_is_left_with_the_tick_only() -> None:
    teller, paper = told(terminal=True)
    with teller.step("Models") as step:
        step.at(1, 4, "tree 250")
    assert re.search(r"✓ Models +\d+\.\d s$", paper.getvalue().rstrip())
    assert "tree 250" in paper.getvalue()


def test_a_step_that_fails_is_not_ticked() -> None:
    teller, paper = told(terminal=False)
    with pytest.raises(ValueError, match="odd"), teller.step("Models"):
        raise ValueError("odd")
    assert paper.getvalue() == ""
