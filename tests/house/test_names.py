"""Names: a function says what it does, and no two classes share one, unless a door shows one of them by the word that clients know."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[2]
DEFINED = re.compile(r"\bdef (\w+)\(")
PARTICIPLES = re.compile(r"_*(told|found|kept|said|shown)(_by)?")
ROOMS = ("api", "domain", "infra", "integrations", "membership", "ml")


def classes() -> Iterator[str]:
    for room in ROOMS:
        for path in sorted((HOUSE / room).rglob("*.py")):
            text = path.read_text("utf-8")
            for node in ast.parse(text if "class " in text else "").body:
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
            yield from ((str(path.relative_to(HOUSE)), name) for name in DEFINED.findall(path.read_text("utf-8")))


def test_a_function_is_named_by_what_it_does() -> None:
    assert [each for each in functions() if PARTICIPLES.fullmatch(each[1])] == []
