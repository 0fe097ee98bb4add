"""A docstring of something public can be read alone, as help and editors show it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
ROOMS = ("api", "domain", "infra", "integrations", "membership", "ml")
# What leans on a name beside it, or on a sentence before it.
LEANS = re.compile(
    r"(And|As|But|By|For|In|Its?|Of|On|Or|So|That|The same(?! \w)|Theirs?|They|Those|Until|With|Without)\b"
)
Defined = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(tree: ast.Module) -> Iterator[tuple[str, Defined]]:
    """The module, and by their names its public classes and functions, and theirs."""
    yield "the module", tree
    for one in defined_in(tree):
        yield one.name, one
        if isinstance(one, ast.ClassDef):
            yield from ((f"{one.name}.{inner.name}", inner) for inner in defined_in(one))


def defined_in(node: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for one in node.body:
        if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not one.name.startswith("_"):
            yield one


def faults_in(text: str) -> Iterator[str]:
    tree = ast.parse(text)
    if tree.body and ast.get_docstring(tree) is None:
        yield "the module says nothing"
    for name, node in public(tree):
        first = (ast.get_docstring(node) or "").partition("\n")[0]
        if LEANS.match(first):
            yield f"{name} leans on something: {first}"


def test_what_is_public_is_described_in_words_that_stand_alone() -> None:
    paths = [path for room in ROOMS for path in sorted((HOUSE / room).rglob("*.py")) if "versions" not in path.parts]
    faults = [(str(path.relative_to(HOUSE)), fault) for path in paths for fault in faults_in(path.read_text("utf-8"))]
    assert faults == []


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("x = 1", ["the module says nothing"]),
        ("", []),
        ('"""Loans."""\ndef lend():\n    """Lend what was asked for."""', []),
        ('"""Loans."""\ndef lend():\n    """Of one person."""', ["lend leans on something: Of one person."]),
        ('"""Loans."""\ndef lend():\n    """The same."""', ["lend leans on something: The same."]),
        ('"""Loans."""\ndef _lend():\n    """Of one person."""', []),
        (
            '"""Loans."""\nclass Loan:\n    def end(self):\n        """It ends."""',
            ["Loan.end leans on something: It ends."],
        ),
    ],
)
def test_a_docstring_that_leans_is_found(source: str, faults: list[str]) -> None:
    assert list(faults_in(source)) == faults
