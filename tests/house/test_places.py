"""A test lies where what it is about lies: the tests mirror the rooms down to the deepest."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[2]
ROOMS = ("api", "domain", "infra", "integrations", "membership", "ml")


def modules_of(test: Path, room: str) -> Iterator[Path]:
    """The modules of the room that a test imports, each as often as something of it is named."""
    for node in ast.walk(ast.parse(test.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == room:
            place = Path(*node.module.split("."))
            yield from (place / each.name if (HOUSE / place).is_dir() else place for each in node.names)


def folder_of(module: Path) -> Path:
    return module if (HOUSE / module).is_dir() else module.parent


def belongs_in(test: Path) -> Path | None:
    """The deepest folder of its room that holds three quarters of what a test imports from there."""
    room = test.relative_to(HOUSE / "tests").parts[0]
    modules = list(modules_of(test, room))
    if len(modules) < 2:
        return None  # what it is about is asked for over HTTP, or shown by one word
    held = Counter(folder for module in modules for folder in [folder_of(module), *folder_of(module).parents])
    folders = [folder for folder, count in held.items() if count >= len(modules) * 3 / 4]
    return max(folders, key=lambda folder: len(folder.parts))


def test_no_test_lies_above_the_room_that_it_is_about() -> None:
    tests = [path for room in ROOMS for path in sorted((HOUSE / "tests" / room).rglob("test_*.py"))]
    lie = {test.relative_to(HOUSE / "tests"): belongs_in(test) for test in tests}
    deeper = {str(test): str(room) for test, room in lie.items() if room and test.parent in room.parents}
    assert deeper == {}
