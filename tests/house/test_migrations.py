"""Migrations run while the release before them works: no index locks a table out, and nothing that it uses goes away."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_words import HOUSE

VERSIONS = sorted((HOUSE / "infra/migrations/versions").glob("[0-9]*.py"))
CONTRACTS = {"drop_column", "drop_table", "drop_constraint", "rename_table"}
TABLE_OF = {"create_foreign_key": "source_table"}
FUNCTION = re.compile(r"\bCREATE\s+(OR\s+REPLACE\s+)?(FUNCTION|TRIGGER)\b", re.I)
CHANGES = {"new_column_name", "nullable", "type_"}  # of `alter_column`: a default alone breaks nobody
# Each reads a whole table, or builds an index, while nobody may write to it; NOT VALID, and VALIDATE in a migration of its own,
# keeps nobody out.
CONSTRAINS = {"create_check_constraint", "create_foreign_key", "create_unique_constraint", "create_primary_key"}
CONSTRAINS |= {"create_exclude_constraint", "batch_alter_table"}
ALTERS = re.compile(r"\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(\w+)([^;]*)", re.I)
READS_ALL = re.compile(
    r"\bADD\s+(?:CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE|COLUMN[^,]*\b(?:REFERENCES|UNIQUE|CHECK))\b", re.I
)
WITHOUT_READING = re.compile(r"\bNOT\s+VALID\b|\bUSING\s+INDEX\b", re.I)
REWRITES = re.compile(
    r"\b(?:UPDATE|DELETE\s+FROM|LOCK(?:\s+TABLE)?|CLUSTER|REINDEX\s+TABLE)\s+(?!CONCURRENTLY|OR\b|OF\b|ON\b)(\w+)", re.I
)
IN_WORDS = re.compile(r"\b(DROP (COLUMN|TABLE)|RENAME|SET NOT NULL|CREATE (UNIQUE )?INDEX (?!CONCURRENTLY))", re.I)

# Expand, let a release go by that does not use the old any more, then contract; and name the migration here, with that release.
UNRELEASED = "no release was made before it, so nobody ran what it takes away, and no table was large"
LOCKED = dict.fromkeys(
    (
        "0002_operating_the_score",
        "0004_matching",
        "0005_one_account_in_force",
        "0008_waiting_and_claims",
        "0010_counters_and_places",
        "0014_applied_terms",
        "0017_invented_people",
        "0042_agreements",
    ),
    UNRELEASED,
)
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
    """Tables that were there before and whose writers would be kept out: while an index is built, a constraint is checked
    against all rows, or all rows are written anew."""
    made = {named(call, 0, "table_name") for name, call in calls(source) if name == "create_table"}
    tables = [*indexed(source), *constrained(source), *(table for sql in words(source) for table in kept_out(sql))]
    return [table for table in tables if table not in made]


def indexed(source: str) -> Iterator[str]:
    for name, call in calls(source):
        if name == "create_index" and not says(call, "postgresql_concurrently"):
            yield named(call, 1, "table_name")


def constrained(source: str) -> Iterator[str]:
    for name, call in calls(source):
        if name in CONSTRAINS and not says(call, "postgresql_not_valid"):
            yield named(
                call, *((0, "table_name") if name == "batch_alter_table" else (1, TABLE_OF.get(name, "table_name")))
            )
        if name == "add_column" and any(is_checked(column) for column in ast.walk(call)):
            yield named(call, 0, "table_name")


def is_checked(node: ast.AST) -> bool:
    """A new column that all rows are looked at for, as one that is unique or of another table, or that has to be there."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr in {
        "ForeignKey",
        "CheckConstraint",
        "Computed",
        "Identity",
    }:
        return True
    given = {each.arg for each in node.keywords}
    is_empty = says(node, "nullable", False) and "server_default" not in given
    return is_empty or says(node, "unique") or says(node, "index")


def kept_out(sql: str) -> Iterator[str]:
    """In words: `ADD CONSTRAINT` without NOT VALID, and whatever writes or locks a whole table."""
    for table, what in ALTERS.findall(sql):
        if READS_ALL.search(what) and not WITHOUT_READING.search(what):
            yield table
    yield from REWRITES.findall(sql)


def words(source: str) -> Iterator[str]:
    """The SQL that `upgrade` executes, written there or in a constant of the file; what functions will do later is no part."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    within = [*ast.walk(upgrade_of(source))]
    within += [
        each
        for node in within
        if isinstance(node, ast.Name) and node.id in constants
        for each in ast.walk(constants[node.id])
    ]
    for node in within:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not FUNCTION.search(node.value):
            yield node.value


def says(call: ast.Call, keyword: str, value: bool = True) -> bool:
    said = {each.arg: each.value for each in call.keywords}.get(keyword)
    return isinstance(said, ast.Constant) and said.value is value


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
        ("op.create_check_constraint('ck', 'users', 'x > 0')", ["users"], []),
        ("op.create_check_constraint('ck', 'users', 'x > 0', postgresql_not_valid=True)", [], []),
        ("op.create_check_constraint('ck', 'fresh', 'x > 0')", [], []),
        ("op.create_foreign_key('fk', 'users', 'partners', ['x'], ['id'])", ["users"], []),
        ("op.create_foreign_key('fk', source_table='users', referent_table='partners')", ["users"], []),
        ("op.create_foreign_key('fk', 'users', 'partners', ['x'], ['id'], postgresql_not_valid=True)", [], []),
        ("op.create_unique_constraint('uq', 'users', ['x'])", ["users"], []),
        ("op.create_primary_key('pk', 'users', ['x'])", ["users"], []),
        ("op.batch_alter_table('users')", ["users"], []),
        ("op.add_column('users', sa.Column('x', sa.Uuid(), sa.ForeignKey('partners.id')))", ["users"], []),
        ("op.add_column('users', sa.Column('x', sa.Text(), unique=True))", ["users"], []),
        ("op.add_column('users', sa.Column('x', sa.Text(), index=True))", ["users"], []),
        ("op.add_column('users', sa.Column('x', sa.Text(), nullable=False))", ["users"], []),
        ("op.add_column('users', sa.Column('x', sa.Text(), nullable=False, server_default=''))", [], []),
        ("op.add_column('users', sa.Column('x', sa.Text(), sa.Computed('phone')))", ["users"], []),
        ("op.execute('ALTER TABLE users ADD CONSTRAINT ck CHECK (x > 0)')", ["users"], []),
        ("op.execute('alter table only users add foreign key (x) references partners')", ["users"], []),
        ("op.execute('ALTER TABLE users ADD CONSTRAINT ck CHECK (x > 0) NOT VALID')", [], []),
        ("op.execute('ALTER TABLE users VALIDATE CONSTRAINT ck')", [], []),
        ("op.execute('ALTER TABLE users ADD UNIQUE USING INDEX ix')", [], []),
        ("op.execute('ALTER TABLE users ADD COLUMN x uuid REFERENCES partners')", ["users"], []),
        ("op.execute('ALTER TABLE users ADD COLUMN x uuid')", [], []),
        ("op.execute('UPDATE users SET x = 1')", ["users"], []),
        ("op.execute('UPDATE fresh SET x = 1')", [], []),
        ("op.execute('DELETE FROM users')", ["users"], []),
        ("op.execute('LOCK TABLE users')", ["users"], []),
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
