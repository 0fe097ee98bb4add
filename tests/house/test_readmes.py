"""What the pages say is there: files, links, settings and commands."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_command

from api.cli import app
from infra.settings import Settings
from tests.house.test_words import HOUSE

ROOMS = ("api", "domain", "integrations", "membership", "ml", "infra", "tests")
LINK = re.compile(r"\]\(([^)#:]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?:\.venv/bin/)?longan ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
SETTING = re.compile(r"`([A-Z][A-Z_]+)(?:__(?:<KEY>__)?\.\.\.)?`")


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=HOUSE, capture_output=True, text=True, check=True
    )
    return [HOUSE / name for name in listed.stdout.split()]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(HOUSE)))
def test_every_link_and_place_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    lost = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    places = [code for code in CODE.findall(text) if re.fullmatch(rf"({'|'.join(ROOMS)})/[\w./<>-]*", code)]
    assert lost + [place for place in places if not any(HOUSE.glob(re.sub("<.*?>", "*", place)))] == []


def check_lists() -> dict[str, list[str]]:
    """What can be added, as the pages' headings say it, and the steps that it takes."""
    sections = [part for page in pages() for part in page.read_text("utf-8").split("\n## ")[1:]]
    named = {part.partition("\n")[0]: part for part in sections if part.startswith("Adding ")}
    return {name: re.split(r"^\d\. ", part, flags=re.M)[1:] for name, part in named.items()}


def test_there_is_a_check_list_for_each_thing_that_is_often_added() -> None:
    things = "account provider|product kind|eligibility rule|benefit|role|reaction|console page|state"
    assert {f"Adding {article(thing)} {thing}" for thing in things.split("|")} <= check_lists().keys()


def article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


@pytest.mark.parametrize("name", check_lists())
def test_what_a_check_list_names_is_in_the_source(name: str) -> None:
    """Each step names something: a place, a command, or a name that stands in the source."""
    steps = check_lists()[name]
    words = {word for step in steps for code in CODE.findall(step) for word in re.findall(r"[A-Za-z_]{3,}", code)}
    assert [step for step in steps if not CODE.search(step)] == []
    assert {word for word in words - {"longan"} if word not in source()} == set()


@cache
def source() -> str:
    files = [path for room in ROOMS for kind in ("py", "html") for path in (HOUSE / room).rglob(f"*.{kind}")]
    names = " ".join(str(path.relative_to(HOUSE)) for path in files)
    return names + (HOUSE / "Makefile").read_text("utf-8") + "".join(path.read_text("utf-8") for path in files)


def named_commands() -> Iterator[tuple[str, str]]:
    for page in pages():
        for code in CODE.findall(page.read_text("utf-8")) + re.findall(
            r"^(?:\.venv/bin/longan .*)$", page.read_text("utf-8"), re.M
        ):
            if found := COMMAND.match(code):
                yield found[1], found[2] or ""


def test_every_command_that_a_page_names_exists() -> None:
    commands = getattr(get_command(app), "commands")  # noqa: B009
    wrong = {(name, sub) for name, sub in named_commands() if name not in commands}
    groups = {name: getattr(command, "commands", {}) for name, command in commands.items()}
    wrong |= {(name, sub) for name, sub in named_commands() if groups.get(name) and sub and sub not in groups[name]}
    assert wrong == set()


def test_the_first_page_lists_every_command_as_the_help_does() -> None:
    text = (HOUSE / "README.md").read_text("utf-8")
    table = text.partition("| for | `longan` |")[2].partition("\n\n")[0]
    commands = getattr(get_command(app), "commands")  # noqa: B009
    panels: dict[str, list[str]] = {}
    for name, command in commands.items():
        panels.setdefault(command.rich_help_panel, []).append(name)
    assert [CODE.findall(row) for row in table.splitlines()[2:]] == list(panels.values())


def test_the_table_of_settings_names_every_setting() -> None:
    text = (HOUSE / "infra/README.md").read_text("utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    first = {name for row in rows for name in SETTING.findall(row[1])}
    assert first == {name.upper() for name in Settings.model_fields}
    inner = " ".join(" ".join(row[2:]) for row in rows if "__" in row[1])
    nested = [
        part
        for field in Settings.model_fields.values()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for part in field.annotation.model_fields
    ]
    assert [part for part in nested if f"`{part.upper()}`" not in inner] == []
