"""Tests wait as long as it takes: how long at most stands in one place, and how quick something was is no claim."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
HERE_ALONE = {TESTS / "patience.py", TESTS / "visiting.py"}
# CPU times are the same however busy the machine is.
CLOCKS = {"monotonic", "perf_counter"}
WORDS = re.compile("|".join([*CLOCKS, "timeout", "AsyncClient"]))


def faults(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr="timeout"), args=[ast.Constant()]):
                yield node.lineno, "waits for seconds of its own"
            case ast.Call(func=ast.Attribute(attr="AsyncClient"), keywords=words):
                if "transport" not in {word.arg for word in words}:
                    yield node.lineno, "makes a client that is no visitor"
            case ast.Compare(ops=[*_, ast.Lt() | ast.LtE()], comparators=[*others, _]):
                if any(map(_reads_the_clock, [node.left, *others])):
                    yield node.lineno, "claims to be quick"


def _reads_the_clock(node: ast.AST) -> bool:
    names = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    return not CLOCKS.isdisjoint(names)


def test_no_test_hangs_on_luck() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line} {what}"
        for path in sorted(TESTS.rglob("*.py"))
        if path not in HERE_ALONE and "node_modules" not in path.parts
        if WORDS.search(text := path.read_text("utf-8"))
        for line, what in faults(ast.parse(text))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "asyncio.timeout(5)",
        "httpx2.AsyncClient(base_url=house)",
        "assert time.monotonic() - began < 1",
        "assert 0.3 <= time.perf_counter() - began < 5",
    ],
)
def test_it_is_found(source: str) -> None:
    assert len(list(faults(ast.parse(source)))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "asyncio.timeout(SECONDS_MAX)",
        "httpx2.AsyncClient(transport=transport)",
        "assert time.monotonic() - began >= 0.3",
        "assert time.thread_time() - began < 1",
    ],
)
def test_what_is_no_luck_is_let_be(source: str) -> None:
    assert list(faults(ast.parse(source))) == []
