"""Whoever reads a score, a grade or a fact of another person does so through `look_up`."""

import ast
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[2]
ROOMS = ("domain", "membership", "ml", "integrations", "api")
READS = {
    "scores": {"scorings_of", "current", "SCORINGS"},
    "readings": {"sheet", "sheets", "sheets_at", "sheet_at", "ALL"},
    "assessing": {"standings"},
    "borrowers": {"of_applications"},
    "profiles": {"profiles_of"},
}
# Who reads without anybody else looking on.
THE_PERSON = {
    "api/app/people.py",
    "api/app/subscriptions.py",
    "api/dev/people.py",  # personas of the embedded default
    "domain/facts/leaving.py",
    "domain/matching/lists.py",
    "domain/people/profiles.py",
    "membership/memberships.py",
    "ml/score/telling.py",
}
THE_HOUSE = {
    "api/cli/bench/serving/crowds.py",
    "api/cli/bench/speed.py",
    "domain/applications/borrowers.py",
    "domain/applications/turns.py",
    "domain/credit/assessing.py",
    "domain/people/gates.py",
    "ml/promotion/challenging.py",
    "ml/promotion/reach.py",
}


def reads() -> Iterator[tuple[str, str]]:
    """Where a read is called, or given to a loader, without `look_up`."""
    for room in ROOMS:
        for path in sorted((HOUSE / room).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            looked_up = {inner for node in ast.walk(tree) if is_lookup(node) for inner in ast.walk(node)}
            for node in ast.walk(tree):
                match node:
                    case ast.Attribute(value=ast.Name(id=module), attr=name) if node not in looked_up:
                        if name in READS.get(module, ()):
                            yield str(path.relative_to(HOUSE)), f"{module}.{name}"


def is_lookup(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"look_up", "for_lookup"}


def test_everybody_else_looks_up() -> None:
    assert [(path, read) for path, read in reads() if path not in THE_PERSON | THE_HOUSE] == []


def test_whoever_is_named_here_still_reads() -> None:
    assert {path for path, _ in reads()} == THE_PERSON | THE_HOUSE
