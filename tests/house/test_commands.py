"""Commands alike: each starts quickly, what shows a table tells it to programs too, and no table is cut to a width that nobody
reads on.
"""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli import app
from tests.house.test_words import HOUSE


def commands(found: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Each that can be run, by its whole name."""
    within = getattr(found, "commands", {})
    if not within or getattr(found, "invoke_without_command", False):
        yield " ".join(path), found
    for name, inner in within.items():
        yield from commands(inner, *path, name)


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_what_shows_a_table_prints_json_too(name: str) -> None:
    command = COMMANDS[name]
    body = inspect.unwrap(command.callback)
    shows = "Listing(" in inspect.getsource(sys.modules[body.__module__]) or "_table.show(" in inspect.getsource(body)
    assert not shows or "--json" in {option for each in command.params for option in each.opts}


NUMBER = re.compile(r"\b(int|float)\b")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_number_that_is_none_of_this_world_is_a_sentence(name: str) -> None:
    """Whoever types one is told the bounds; what is measured may take as long as somebody likes."""
    for option in COMMANDS[name].params:
        if NUMBER.search(str(option.type_descriptor.annotation)):
            assert option.min is not None, option.opts
            assert option.max is not None or name.startswith("bench "), option.opts


# Pages and bars with a width of their own; and a table of people and products, which nobody prints.
OTHERS = {"api/cli/demo/answers.py", "ml/ranking/showing.py", "infra/terminal.py", "ml/ranking/table.py"}
CUT = re.compile(r"(?<!\w)(?:rich\.)?(?:Table|Console)\((?![^)]*(?:stderr|file)=)")


@pytest.mark.parametrize("room", ["api", "infra", "ml"])
def test_no_table_is_cut_where_a_program_reads(room: str) -> None:
    paths = Path(HOUSE / room).rglob("*.py")
    cut = {str(path.relative_to(HOUSE)) for path in paths if CUT.search(path.read_text("utf-8"))}
    assert cut - OTHERS == set()


# What draws the help; whatever else a command needs it imports when it runs.
DRAWS = {"annotated_doc", "rich", "shellingham", "typer"}
OURS = {
    "api",
    "domain",
    "domain.actors",
    "domain.permissions",
    "infra",
    "infra.errors",
    "infra.terminal",
    "infra.words",
}


def test_no_command_waits_for_what_another_needs() -> None:
    asked = "import sys; before = {*sys.modules}; import api.cli; print(*sorted({*sys.modules} - before))"
    said = subprocess.run([sys.executable, "-c", asked], cwd=HOUSE, capture_output=True, text=True, check=True).stdout
    loaded = {name for name in said.split() if name.split(".")[0] not in sys.stdlib_module_names}
    others = {name for name in loaded if name.split(".")[0] not in DRAWS and not name.startswith("api.cli")}
    assert others == OURS
