"""A day is the product's day: nothing but `infra.clock.local_day` makes one of a moment, in Python or in SQL."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
ROOMS = ("api", "domain", "infra", "integrations", "membership", "ml")
HERE_ALONE = HOUSE / "infra" / "clock.py"
IN_SQL = re.compile(r"CURRENT_DATE|date_trunc\s*\(|(?:::\s*date\b)|\bAS\s+date\s*\)|LOCALTIME", re.IGNORECASE)
# One of these stands wherever a day is made.
WORDS = re.compile(rf"\.date\(\)|\btoday\b|fromtimestamp|\bfunc\.|\bDate\b|(?i:{IN_SQL.pattern})")
AT_THE_ZONE = re.compile(r"\(\w+ AT TIME ZONE CAST\(:zone AS text\)\)::date")


def days_made(tree: ast.AST) -> Iterator[int]:
    """The lines on which a day is made of a moment otherwise than by the one function."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="date"), args=[], keywords=[]):
                yield node.lineno
            case ast.Call(func=ast.Attribute(value=ast.Name(id="date" | "datetime"), attr="today")):
                yield node.lineno
            case ast.Call(func=ast.Attribute(value=ast.Name(id="date"), attr="fromtimestamp")):
                yield node.lineno
            case ast.Attribute(value=ast.Name(id="func"), attr="date" | "current_date" | "date_trunc" | "to_char"):
                yield node.lineno
            case ast.Call(func=ast.Name(id="cast"), args=[_, ast.Name(id="Date")]):
                yield node.lineno
            case ast.Constant(value=str() as text) if IN_SQL.search(AT_THE_ZONE.sub("", text)):
                yield node.lineno


def test_nothing_else_makes_a_day_of_a_moment() -> None:
    found = {
        f"{path.relative_to(HOUSE)}:{line}"
        for room in ROOMS
        for path in (HOUSE / room).rglob("*.py")
        if path != HERE_ALONE
        if WORDS.search(text := path.read_text("utf-8"))
        for line in days_made(ast.parse(text))
    }
    assert found == set()


def test_pages_read_what_people_write_by_the_one_function() -> None:
    """Other years than we reckon with have no day before or after."""
    pages = [path for path in (HOUSE / "api").rglob("*.py") if "pages" in path.parts]
    assert [str(path) for path in pages if "fromisoformat" in path.read_text("utf-8")] == []


@pytest.mark.parametrize(
    "made",
    [
        "now.date()",
        "(await clock.now(db)).date()",
        "date.today()",
        "datetime.today()",
        "date.fromtimestamp(0)",
        "cast(func.longan_now(), Date)",
        "func.date_trunc('day', Score.as_of)",
        "text('SELECT CURRENT_DATE')",
        "text('SELECT as_of::date FROM scores')",
        "text('SELECT CAST(as_of AS date) FROM scores')",
    ],
)
def test_each_way_to_make_one_is_seen(made: str) -> None:
    assert [*days_made(ast.parse(made))] == [1]


@pytest.mark.parametrize(
    "made",
    [
        "local_day(now)",
        "datetime.fromtimestamp(stamp, UTC)",
        "text('SELECT (at AT TIME ZONE CAST(:zone AS text))::date')",
    ],
)
def test_the_one_way_passes(made: str) -> None:
    assert [*days_made(ast.parse(made))] == []
