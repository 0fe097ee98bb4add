"""The glossary covers every table, and names none that is not there."""

import re

from api import main, worker  # noqa: F401 - everything that serves is imported, and so every table is known
from infra.entity import Entity
from tests.house.test_words import HOUSE

TABLE = re.compile(r"`([a-z_]+)`")


def test_the_glossary_covers_every_table() -> None:
    rows = [line for line in (HOUSE / "domain/GLOSSARY.md").read_text("utf-8").splitlines() if line.startswith("| **")]
    named = [table for row in rows for table in TABLE.findall(row.split("|")[3])]
    assert sorted(named) == sorted(Entity.metadata.tables)
