"""Whatever staff change is in the trail: each mutation of the console, and each form of its pages, leads to a record of it."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from starlette.routing import Route

from api.console import pages
from api.console.pages.changes import NOUNS
from domain import approvals
from tests.house.test_words import HOUSE

ROOMS = ("api", "domain", "membership", "ml", "integrations")
RECORD = "domain.changes.record"
# What sends something and changes nothing of the house's, or is kept in a trail of its own.
OTHERWISE = {
    "api.console.changing_tier_rules.TierRulesMutation.simulate_tier_rules": "it tries, and nobody is judged by it",
    "api.console.pages.signing_in.sign_out": "a session of one's own",
    "api.console.pages.members.look": "looks are kept for themselves",
    "api.console.pages.drafting_campaigns.count": "it counts, and what was counted is kept",
    "api.console.pages.trials.trial": "a message to one's own phone",
    "api.console.pages.product.rehearse": "it tries, and nobody is told",
    "api.console.pages.watching.count": "it counts again",
}


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in Path(HOUSE / folder).rglob("*.py"):
            name = ".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text("utf-8"))


def named(tree: ast.Module) -> dict[str, str]:
    """By the name that a module uses, what it imports under it."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {each.asname or each.name: each.name for each in node.names}
    return found


def parts(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions, methods and what is assigned, of a module, each with its name."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            inner = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            yield from ((f"{node.name}.{each.name}", each) for each in inner)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((each.id, node) for each in targets if isinstance(each, ast.Name))


def mentioned(node: ast.AST, module: str, imported: dict[str, str]) -> set[str]:
    """All that it names, by its whole name: who names a verb may call it."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            found.add(f"{imported.get(each.value.id, each.value.id)}.{each.attr}")
        elif isinstance(each, ast.Name):
            found.add(imported.get(each.id, f"{module}.{each.id}"))
    return found


@cache
def graph() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for module, tree in modules(*ROOMS):
        imported = named(tree)
        found |= {f"{module}.{name}": mentioned(node, module, imported) for name, node in parts(tree)}
    return found


def leads_to(name: str, end: str) -> bool:
    seen, ahead = set[str](), [name]
    while ahead:
        here = ahead.pop()
        if here == end:
            return True
        if here not in seen:
            seen.add(here)
            ahead += graph().get(here, set())
    return False


def mutations() -> Iterator[str]:
    for module, tree in modules("api/console"):
        if module.count(".") == 2:
            for name, node in parts(tree):
                if any("strawberry.mutation" in ast.unparse(each) for each in getattr(node, "decorator_list", [])):
                    yield f"{module}.{name}"


def forms() -> Iterator[str]:
    for route in pages.routes():
        if isinstance(route, Route) and "POST" in (route.methods or ()):
            endpoint = inspect.unwrap(route.endpoint)
            yield f"{endpoint.__module__}.{endpoint.__qualname__}"


CHANGING = sorted({*mutations(), *forms()})


@pytest.mark.parametrize("name", CHANGING)
def test_it_is_recorded(name: str) -> None:
    assert name in graph()
    assert leads_to(name, RECORD) is (name not in OTHERWISE)


def test_nothing_is_excused_that_is_not_there() -> None:
    assert OTHERWISE.keys() <= {*CHANGING} and len(CHANGING) > 40


def test_all_that_is_recorded_has_a_name_that_people_read() -> None:
    """What is recorded is named where it is: a text, or the kind of what takes two people."""
    said = {kind.name for kind in approvals.KINDS.values()}
    for _, tree in modules(*ROOMS):
        named_here = {name: node.value for name, node in parts(tree) if isinstance(node, ast.Assign)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "changes.record":
                noun = named_here.get(ast.unparse(node.args[2]), node.args[2])
                said |= {str(noun.value)} if isinstance(noun, ast.Constant) else set()
    assert said == NOUNS.keys()
