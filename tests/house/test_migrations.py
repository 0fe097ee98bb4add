"""Migrations run while the release before them works: no index locks a table out, and nothing that it uses goes away."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_words import HOUSE

VERSIONS = sorted((HOUSE / "infra/migrations/versions").glob("[0-9]*.py"))
CONTRACTS = {"drop_column", "drop_table", "drop_constraint", "rename_table"}
CHANGES = {"new_column_name", "nullable", "type_"}  # of `alter_column`: a default alone breaks nobody
IN_WORDS = re.compile(r"\b(DROP (COLUMN|TABLE)|RENAME|SET NOT NULL|CREATE (UNIQUE )?INDEX (?!CONCURRENTLY))", re.I)

# Expand, let a release go by that does not use the old any more, then contract; and name the migration here, with that release.
UNRELEASED = "no release was made before it, so nobody ran what it takes away, and no table was large"
LOCKED = dict.fromkeys(("0002_operating_the_score", "0004_matching", "0017_invented_people"), UNRELEASED)
CONTRACTED = dict.fromkeys(("0007_impressions", "0010_counters_and_places", "0011_feeds", "0013_approvals"), UNRELEASED)


def upgrade_of(source: str) -> ast.FunctionDef:
    found = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    return found[0]


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Each operation of `upgrade`, by its name."""
    for node in ast.walk(upgrade_of(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def named(call: ast.Call, place: int, keyword: str) -> str:
    given = call.args[place] if len(call.args) > place else {each.arg: each.value for each in call.keywords}[keyword]
    assert isinstance(given, ast.Constant), "a table is called by its name"
    return str(given.value)


def locking(source: str) -> list[str]:
    """Indexes that would keep writers of a table out that was there before."""
    made = {named(call, 0, "table_name") for name, call in calls(source) if name == "create_table"}
    return [
        named(call, 1, "table_name")
        for name, call in calls(source)
        if name == "create_index" and named(call, 1, "table_name") not in made and not is_concurrent(call)
    ]


def is_concurrent(call: ast.Call) -> bool:
    said = {each.arg: each.value for each in call.keywords}.get("postgresql_concurrently")
    return isinstance(said, ast.Constant) and said.value is True


def contracting(source: str) -> list[str]:
    """What the release before may still use: by operation, or by words of SQL anywhere in the file."""
    operations = [
        name
        for name, call in calls(source)
        if name in CONTRACTS or (name == "alter_column" and {each.arg for each in call.keywords} & CHANGES)
    ]
    words = [
        found[0].upper()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for found in IN_WORDS.finditer(node.value)
    ]
    return operations + words


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.stem)
def test_indexes_on_tables_that_are_there_are_made_beside_their_writers(version: Path) -> None:
    assert bool(locking(version.read_text("utf-8"))) == (version.stem in LOCKED)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.stem)
def test_nothing_goes_that_the_release_before_may_use(version: Path) -> None:
    assert bool(contracting(version.read_text("utf-8"))) == (version.stem in CONTRACTED)


MIGRATION = """
def upgrade() -> None:
    op.create_table('fresh', sa.Column('id', sa.Uuid()))
    op.create_index('ix_fresh', 'fresh', ['id'])
    {}

def downgrade() -> None:
    op.drop_column('users', 'phone')
"""


@pytest.mark.parametrize(
    ("line", "locks", "takes"),
    [
        ("op.add_column('users', sa.Column('x', sa.Text(), nullable=True))", [], []),
        ("op.create_index('ix', 'users', ['x'])", ["users"], []),
        ("op.create_index('ix', table_name='users', columns=['x'], unique=True)", ["users"], []),
        ("op.create_index('ix', 'users', ['x'], postgresql_concurrently=True)", [], []),
        ("op.create_index('ix', 'users', ['x'], postgresql_concurrently=False)", ["users"], []),
        ("op.drop_column('users', 'phone')", [], ["drop_column"]),
        ("op.rename_table('users', 'people')", [], ["rename_table"]),
        ("op.alter_column('users', 'phone', new_column_name='number')", [], ["alter_column"]),
        ("op.alter_column('users', 'phone', nullable=False)", [], ["alter_column"]),
        ("op.alter_column('users', 'phone', server_default=None)", [], []),
        ("op.execute('ALTER TABLE users DROP COLUMN phone')", [], ["DROP COLUMN"]),
        ("op.execute('ALTER TABLE users RENAME phone TO number')", [], ["RENAME"]),
        ("op.execute('create index ix on users (phone)')", [], ["CREATE INDEX "]),
        ("op.execute('CREATE INDEX CONCURRENTLY ix ON users (phone)')", [], []),
    ],
)
def test_each_way_to_lock_or_to_take_is_seen(line: str, locks: list[str], takes: list[str]) -> None:
    source = MIGRATION.format(line)
    assert (locking(source), contracting(source)) == (locks, takes)
