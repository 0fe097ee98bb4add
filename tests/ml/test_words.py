"""Every sentence of ml is said in Chinese too, with the same values."""

import ast
from pathlib import Path
from string import Formatter

import ml
from infra.words import catalogue

ROOM = Path(str(ml.__file__)).parent


def sentences() -> set[str]:
    calls = (
        node
        for path in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_"
    )
    return {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}  # type: ignore[misc]


def fields(sentence: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(sentence) if field}


def test_each_is_translated() -> None:
    assert sentences() - catalogue().keys() == set()


def test_each_says_the_same_values() -> None:
    assert [one for one in sentences() if fields(one) != fields(catalogue()[one])] == []
