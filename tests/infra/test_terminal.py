"""A table's cells stay whole at every width, and a pipe is never a narrow screen."""

import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from infra.terminal import Listing

VERSION = "0123456789abcdef"
SENTENCE = "It learned from simulated people, and nobody has vouched for it yet."
WORDS = st.text("abcdefghij 0123456789.-", max_size=30).map(lambda text: " ".join(text.split()))


def printed(table: Listing, width: int) -> str:
    paper = io.StringIO()
    Console(file=paper, width=width, color_system=None).print(table)
    return paper.getvalue()


def models() -> Listing:
    table = Listing("Version", "Rows", "What", right=("Rows",), prose=("What",), title="Models")
    table.add_row(VERSION, "20,000", SENTENCE)
    return table


def test_where_it_fits_it_is_a_table() -> None:
    head, columns, _, row = (line.strip() for line in printed(models(), 120).splitlines())
    assert (head, columns.split()) == ("Models", ["Version", "Rows", "What"])
    assert row.split() == [VERSION, "20,000", *SENTENCE.split()]


def test_sentences_wrap_before_anything_else_gives_way() -> None:
    lines = printed(models(), 70).splitlines()
    assert [line.split()[0] for line in lines[3:]] == [VERSION, "nobody"]
    assert max(map(len, lines)) <= 70


def test_where_it_does_not_fit_each_row_has_lines_of_its_own() -> None:
    lines = [line.rstrip() for line in printed(models(), 40).splitlines() if line.strip()]
    assert lines[:3] == ["Models", f" Version  {VERSION}", " Rows     20,000"]
    assert " ".join(" ".join(lines[3:]).split()) == f"What {SENTENCE}"


def test_cells_on_two_lines_are_as_wide_as_the_longer() -> None:
    table = Listing("AUC", right=("AUC",))
    table.add_row("0.699\n0.666-0.729")
    assert [line.rstrip() for line in printed(table, 15).splitlines()[2:]] == ["       0.699", " 0.666-0.729"]


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4), st.integers(34, 140))
def test_nothing_is_cut(rows: list[tuple[str, str, str]], width: int) -> None:
    table = Listing("One", "Two", "Three", prose=("Three",))
    for row in rows:
        table.add_row(*row)
    told = printed(table, width)
    assert "…" not in told
    shown = "".join(told.split())
    letters = {letter for row in rows for cell in row for letter in cell} - {" "}
    for letter in letters:
        assert shown.count(letter) >= sum(cell.count(letter) for row in rows for cell in row)


@pytest.mark.parametrize("columns", [None, "20"])
def test_a_pipe_has_no_width(columns: str | None) -> None:
    script = f"from infra import terminal; terminal.console().print('{'x ' * 200}', end='')"
    environment = {"PYTHONPATH": ".", **({"COLUMNS": columns} if columns else {})}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "x " * 200
