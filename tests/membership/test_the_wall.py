"""The wall: membership reads what the business knows, and writes nothing that a score or a decision is made from."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.entity import Entity
from membership import evaluating
from tests.membership.living import FIRST_DAY, active, newcomer, on, scored
from tests.statements import statements

WRITES = re.compile(r"^\s*(?:WITH .*?)?(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE | re.DOTALL)
OWN = {
    mapper.local_table.name  # type: ignore[attr-defined]
    for mapper in Entity.registry.mappers
    if mapper.class_.__module__.startswith("membership.")
}
OUTBOX = {"events", "event_reactions"}
HOUSE, DECIDING = Path(__file__).parents[2], ("domain", "ml")


async def test_moving_up_and_down_writes_no_table_of_the_business(monkeypatch: pytest.MonkeyPatch) -> None:
    copied, copy = set[str](), asyncpg.Connection.copy_records_to_table

    async def noted(self: asyncpg.Connection, table: str, **how: Any) -> Any:
        copied.add(table)
        return await copy(self, table, **how)

    monkeypatch.setattr(asyncpg.Connection, "copy_records_to_table", noted)
    person = await newcomer()
    await active(person, 24, FIRST_DAY)
    await scored(person, 800, FIRST_DAY)
    with statements() as sent:
        async with on(FIRST_DAY + timedelta(days=400)) as db:
            await evaluating.evaluate(db, person)
        async with on(FIRST_DAY + timedelta(days=500)) as db:
            assert (await evaluating.evaluate(db, person)).tier_code == "GOLD"
    written = copied | {match[1] for statement in sent if (match := WRITES.match(statement))}
    assert {"members", "tier_moves", "grants"} <= written
    assert written <= OWN | OUTBOX


def test_no_table_of_membership_is_tied_to_one_of_the_business_nor_one_of_those_to_it() -> None:
    tied = [
        (table.name, key.column.table.name) for table in Entity.metadata.tables.values() for key in table.foreign_keys
    ]
    assert {pair for pair in tied if (pair[0] in OWN) != (pair[1] in OWN)} == set()


def test_what_scores_and_decides_names_no_table_of_membership() -> None:
    """Of imports import-linter knows; but a statement names its tables as text."""
    named = re.compile(rf"""(?:\b(?:FROM|JOIN|UPDATE|INTO)\s+|\b[Tt]able\(\s*)"?({"|".join(OWN)})\b""")
    assert all(map(named.search, ("JOIN members USING (user_id)", 'table("tier_moves", column("at"))')))
    paths = [path for room in DECIDING for path in (HOUSE / room).rglob("*.py")]
    found = {(str(path), match[1]) for path in paths for match in named.finditer(path.read_text("utf-8"))}
    assert len(paths) > 300 and found == set()
