"""Revisions: every table that says whose it raises has the triggers for it, and no other has them."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import Table, select, text

from api import main, worker  # noqa: F401 - everything that serves is imported, and so every table is known
from domain.facts.readings import FactsVersion
from domain.people.partners import Partner
from infra import pruning, revisions
from infra.database import Db, reading, transaction
from infra.entity import Entity
from infra.ids import new_id
from infra.revisions import EVERYBODY, Raised

TABLES = Entity.metadata.tables
WORDS = ("DELETE", "INSERT", "UPDATE")


def function_of(table: Table) -> str | None:
    match table.info.get("raises"):
        case Raised.OWNERS:
            return "raise_owners" if "user_id" in table.c else "raise_users"
        case Raised.EVERYBODYS:
            return "raise_everybodys"
    return None


async def test_whoever_says_so_has_the_triggers() -> None:
    asked = "SELECT event_object_table, event_manipulation, action_statement FROM information_schema.triggers"
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    async with reading() as db:
        for table, word, statement in await db.execute(text(asked)):
            function = statement.removeprefix("EXECUTE FUNCTION ").removesuffix("()")
            if function.startswith("raise_") and "shelf" not in function:
                found[table].add((word, function))
    wanted = {
        name: {(word, function) for word in WORDS} for name, table in TABLES.items() if (function := function_of(table))
    }
    assert dict(found) == wanted


def test_what_is_a_persons_raises_theirs() -> None:
    raised = {name: table.info["raises"] for name, table in TABLES.items() if "raises" in table.info}
    assert {name for name, whose in raised.items() if whose is Raised.SHELFS} == {"products", "shelf_version"}
    by_another = {name for name, whose in raised.items() if whose is Raised.BY_ANOTHER}
    assert by_another == {"deadlines", "ledger_accounts", "scores"}
    owned = {name for name, whose in raised.items() if whose is Raised.OWNERS}
    assert owned == {name for name in raised if "user_id" in TABLES[name].c} - by_another | {"users"}


async def revision(db: Db, user_id: UUID) -> int | None:
    return await db.scalar(select(revisions.revision_of(user_id)))


async def test_each_statement_that_changes_something_raises_the_revision_of_its_people_alone() -> None:
    one, other, third = new_id(), new_id(), new_id()
    seen: list[tuple[int | None, int | None, int | None]] = []
    for change in (
        "INSERT INTO facts_versions VALUES (:one, 0), (:other, 0), (:third, 0)",
        "UPDATE facts_versions SET version = 1 WHERE user_id IN (:one, :other)",
        "UPDATE facts_versions SET version = 2 WHERE user_id = :one AND version = 7",
        "DELETE FROM facts_versions WHERE user_id = :other",
    ):
        async with transaction() as db:
            await db.execute(
                text(change).bindparams(
                    **{
                        name: id
                        for name, id in {"one": one, "other": other, "third": third}.items()
                        if f":{name}" in change
                    }
                )
            )
        async with reading() as db:
            seen.append((await revision(db, one), await revision(db, other), await revision(db, third)))
    at_first, after, same, without = seen
    assert None not in at_first and len(set(at_first)) == 3
    assert after[0] != at_first[0] and after[1] != at_first[1] and after[2] == at_first[2]
    assert same == after
    assert without[1] not in (after[1], at_first[1]) and (without[0], without[2]) == (after[0], after[2])


async def test_what_everybody_sees_raises_everybodys() -> None:
    async with reading() as db:
        before = await revision(db, EVERYBODY)
    async with transaction() as db:
        db.add(Partner(id=new_id(), code=f"p-{new_id()}", name="Somebody", purpose="loan"))
    async with reading() as db:
        assert await revision(db, EVERYBODY) != before


async def test_two_that_write_of_one_person_do_not_wait_for_each_other_and_both_count() -> None:
    person = new_id()
    async with transaction() as one:
        one.add(FactsVersion(user_id=person, version=1))
        await one.flush()
        async with transaction() as other:
            await other.execute(text("INSERT INTO match_preferences VALUES (:id, true, now())"), {"id": person})
        async with reading() as db:
            between = await revision(db, person)
    async with reading() as db:
        assert between is not None and await revision(db, person) not in (None, between)


async def test_only_what_no_answer_outlives_is_forgotten() -> None:
    person = new_id()
    async with transaction() as db:
        await db.execute(text("INSERT INTO revisions VALUES (:id, 1, now() - interval '25 hours')"), {"id": person})
        await db.execute(text("INSERT INTO revisions VALUES (:id, 2, now() - interval '23 hours')"), {"id": person})
        await pruning.one_batch(db, "prune_ground")
        assert await revision(db, person) == 2
