"""Names: a function says what it does, and no two classes share one, unless a door shows one of them by the word that clients know."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[2]
PARTICIPLES = re.compile(r"_*(told|found|kept|said|shown)(_by)?")
ROOMS = ("api", "domain", "infra", "integrations", "membership", "ml")


def classes() -> Iterator[str]:
    for room in ROOMS:
        for path in sorted((HOUSE / room).rglob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef) and not is_of_a_schema(node):
                    yield node.name


def is_of_a_schema(node: ast.ClassDef) -> bool:
    """Whether clients see it: their words are few, and each door shows its own side of a thing."""
    return any(ast.unparse(each).startswith(("strawberry.", "shows(")) for each in node.decorator_list)


def test_a_class_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(classes()).items() if times > 1] == []


def functions() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for path in sorted((HOUSE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield str(path.relative_to(HOUSE)), node.name


def test_a_function_is_named_by_what_it_does() -> None:
    assert [each for each in functions() if PARTICIPLES.fullmatch(each[1])] == []
