"""Whoever reads a score, a grade or a fact of another person does so through `look_up`."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
ROOMS = ("domain", "membership", "ml", "integrations", "api")
# What reads them for whoever calls.
READS = {
    "scores": {"scorings_of", "current", "SCORINGS"},
    "readings": {"sheet", "sheets", "sheets_at", "sheet_at", "ALL"},
    "assessing": {"standings"},
    "borrowers": {"of_applications"},
    "profiles": {"profiles_of"},
}
# The rows themselves: what names them asks for them, by an entity or by a table in SQL.
ENTITIES = {"Score", "Scoring", "Reading"}
MODULES = {"domain.credit.scores", "domain.facts.readings"}
# One of these stands wherever any of them is read.
WORDS = re.compile("|".join([*READS, "scorings"]))
TABLES = re.compile(r"\b(?:FROM|JOIN) (?:scores|scorings|readings)\b")

THE_PERSON = "nobody else looks on"
THE_HOUSE = "the house works something out, and tells nobody"
COUNTS = "how many, and nothing of one person"
REPLAYED = "an operator, who can open the database, asks whether a figure of the past comes out the same"
TAKEN_OUT = "an operator, who can open the database, takes out what scores were made of, without names, to train on"
RECORDED = "what a lookup told is told again, on account of its record"
INVENTED = "nobody is real on the embedded default, or in a bench"
READERS = {
    "api/app/nodes.py": THE_PERSON,
    "api/app/people.py": THE_PERSON,
    "api/app/scores.py": THE_PERSON,
    "api/app/subscriptions.py": THE_PERSON,
    "domain/disputes/disputing.py": THE_PERSON,
    "domain/facts/leaving.py": THE_PERSON,
    "domain/matching/lists.py": THE_PERSON,
    "domain/matching/without_account.py": THE_PERSON,
    "domain/people/profiles.py": THE_PERSON,
    "membership/memberships.py": THE_PERSON,
    "ml/score/telling.py": THE_PERSON,
    "domain/agreements/maturing.py": THE_HOUSE,
    "domain/applications/borrowers.py": THE_HOUSE,
    "domain/applications/turns.py": THE_HOUSE,
    "domain/consent/previewing.py": THE_PERSON,
    "domain/credit/assessing.py": THE_HOUSE,
    "domain/credit/batches.py": THE_HOUSE,
    "domain/credit/rescoring.py": THE_HOUSE,
    "domain/matching/learning/histories.py": THE_HOUSE,
    "domain/people/gates.py": THE_HOUSE,
    "domain/tasks.py": THE_HOUSE,
    "membership/changing/simulating.py": COUNTS,
    "membership/tallying.py": COUNTS,
    "membership/evaluating.py": THE_HOUSE,
    "api/console/certifying.py": COUNTS,
    "ml/promotion/challenging.py": COUNTS,
    "ml/promotion/reach.py": COUNTS,
    "ml/watching/bins.py": COUNTS,
    "ml/watching/groups.py": COUNTS,
    "ml/watching/snapshots.py": COUNTS,
    "ml/score/replaying.py": REPLAYED,
    "ml/books/lived.py": TAKEN_OUT,
    "ml/books/reported.py": TAKEN_OUT,
    "domain/consent/asking.py": RECORDED,
    "api/cli/bench/crowd.py": INVENTED,
    "api/cli/bench/serving/crowds.py": INVENTED,
    "api/cli/bench/speed.py": INVENTED,
    "api/dev/people.py": INVENTED,
}


def reads_in(text: str) -> Iterator[str]:
    """What a source reads without `look_up`: by a function that is called or given to a loader, by an entity, by SQL."""
    tree = ast.parse(text)
    entities = dict(imported_entities(tree))
    passed_over = {inner for node in ast.walk(tree) for inner in reads_nothing(node)}
    for node in ast.walk(tree):
        if node in passed_over:
            continue
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in READS.get(module, ()):
                yield f"{module}.{name}"
            case ast.Name(id=name) if name in entities:
                yield entities[name]
            case ast.Attribute(value=ast.Name(id="scores" | "readings"), attr=name) if name in ENTITIES:
                yield name
            case ast.Constant(value=str(sql)) if named := TABLES.search(sql):
                yield named[0]


def imported_entities(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield from ((each.asname or each.name, each.name) for each in node.names if each.name in ENTITIES)


def reads_nothing(node: ast.AST) -> Iterator[ast.AST]:
    """What is looked up; a type; a new row."""
    match node:
        case ast.Call(func=ast.Name(id="look_up" | "for_lookup" | "isinstance")):
            yield from ast.walk(node)
        case ast.Call(func=ast.Name() as made):
            yield made
        case ast.arg(annotation=ast.expr() as shape) | ast.AnnAssign(annotation=shape):
            yield from ast.walk(shape)
        case ast.FunctionDef(returns=ast.expr() as shape) | ast.AsyncFunctionDef(returns=ast.expr() as shape):
            yield from ast.walk(shape)
        case ast.Subscript(value=ast.Name() | ast.Attribute(), slice=shape):
            yield from ast.walk(shape)


@cache
def reads() -> list[tuple[str, str]]:
    paths = [path for room in ROOMS for path in sorted((HOUSE / room).rglob("*.py"))]
    texts = [(path.relative_to(HOUSE).as_posix(), path.read_text("utf-8")) for path in paths]
    named = [(path, read) for path, text in texts if WORDS.search(text) for read in reads_in(text)]
    return [(path, read) for path, read in named if path.removesuffix(".py").replace("/", ".") not in MODULES]


def test_everybody_else_looks_up() -> None:
    assert [(path, read) for path, read in reads() if path not in READERS] == []


def test_whoever_is_named_here_still_reads() -> None:
    assert READERS.keys() - {path for path, _ in reads()} == set()


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("scores.current(db, user_id)", ["scores.current"]),
        ("look_up(db, REVIEW, ids, scores.scorings_of)", []),
        ("from domain.credit.scores import Score\nselect(Score.grade)", ["Score"]),
        ("from domain.credit.scores import Score as Known\nselect(Known.grade)", ["Score"]),
        ("from domain.credit.scores import Score\nawait db.get(Score, key)", ["Score"]),
        ("select(readings.Reading)", ["Reading"]),
        ('text("SELECT grade FROM scores")', ["FROM scores"]),
        ("from domain.credit.scores import Score\nscore: Score | None = None", []),
        ("from domain.credit.scores import Score\ndef shown(score: Score) -> list[Score]: ...", []),
        ("from domain.credit.scores import Score\nScore(points=796)", []),
    ],
)
def test_a_read_is_seen_however_it_is_written(source: str, read: list[str]) -> None:
    assert list(reads_in(source)) == read
