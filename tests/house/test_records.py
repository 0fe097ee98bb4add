"""Tables that are a record: what was decided, and by whom, stays as it was written, whoever asks the database."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api import main, worker  # noqa: F401 - everything that serves is imported, and so every table is known
from infra.database import Db, reading
from infra.entity import Entity
from infra.ids import new_id
from infra.privacy import Erasure
from infra.records import Record
from tests.trying import rolled_back

CLASSES = {mapper.class_.__tablename__: mapper.class_ for mapper in Entity.registry.mappers}
RECORDS: dict[str, Record] = {
    name: entity.__record__ for name, entity in CLASSES.items() if hasattr(entity, "__record__")
}
ALL = """
    agreement_acts
    applications
    applied_terms
    approvals
    breathing_spaces
    campaign_moves
    campaign_pauses
    campaigns
    changes
    claims
    commission_rates
    consents
    decisions
    disputes
    documents
    events
    evidence_heads
    evidence_leaves
    evidence_nodes
    hardships
    human_reviews
    issued_papers
    loan_reports
    lookup_charges
    lookups
    matcher_trainings
    member_looks
    model_artefacts
    model_files
    model_moves
    movements
    offers
    outcomes
    plans
    remittances
    scores
    signal_rule_changes
    signals
    stops
    takings
    tier_moves
    tier_rules
    tier_rules_moves
    tier_rules_versions
    tier_simulations
    transfers
"""
BY = re.compile(r"_by(_id)?$|^author_id$")
HELD = {"claimed_by": "a lease, until it ends", "promised_by": "a time"}
REFUSED = "stays as it was written"


def test_these_are_the_records() -> None:
    assert sorted(RECORDS) == ALL.split()


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_whoever_says_who_did_something_is_a_record(name: str) -> None:
    by = [c.name for c in Entity.metadata.tables[name].c if BY.search(c.name) and c.name not in HELD]
    assert not by or name in RECORDS


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_its_later_columns_are_columns_of_its_own(name: str) -> None:
    record, columns = RECORDS[name], Entity.metadata.tables[name].c
    assert set(record.later) <= set(columns.keys())
    assert not record.closed_by or record.closed_by in record.later
    assert not {column.name for column in columns if column.primary_key} & set(record.later)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_nothing_of_a_person_stays_that_must_go(name: str) -> None:
    """What is deleted when they leave names them, for by that it may go."""
    privacy = getattr(CLASSES[name], "__privacy__", None)
    if privacy is not None and privacy.erasure is Erasure.DELETED:
        assert "user_id" in Entity.metadata.tables[name].c


TRIGGERS = """
    SELECT tgrelid::regclass::text, tgname, tgtype, tgenabled, encode(tgargs, 'escape') FROM pg_trigger
     WHERE tgfoid = 'record_stays'::regproc
"""
EACH_ROW, WHOLE = 1 + 2 + 8 + 16, 2 + 32  # of a row, before, delete, update; before truncate


async def test_the_database_keeps_exactly_these_and_as_they_say() -> None:
    async with reading() as db:
        found = {(table, name): (*rest,) for table, name, *rest in await db.execute(text(TRIGGERS))}
    told = {
        (name, "stays"): (EACH_ROW, b"O", "".join(rf"{each}\000" for each in record.arguments))
        for name, record in RECORDS.items()
    }
    assert found == told | {(name, "stays_whole"): (WHOLE, b"O", "") for name in RECORDS}


@pytest.fixture
async def db() -> Any:
    """Nothing of it stays."""
    async with rolled_back() as db:
        await db.execute(text("CREATE TEMP TABLE kept (user_id uuid, word text, verdict text, comment text)"))
        await db.execute(
            text("""CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON kept
                    FOR EACH ROW EXECUTE FUNCTION record_stays('{verdict,comment}', 'verdict')""")
        )
        yield db


async def row(db: Db, verdict: str | None = None) -> UUID:
    id = new_id()
    await db.execute(text("INSERT INTO kept VALUES (:id, 'word', :verdict, NULL)"), {"id": id, "verdict": verdict})
    return id


async def refused(db: Db, statement: str, **values: Any) -> bool:
    """For what it says, and for nothing else."""
    try:
        async with db.begin_nested():
            await db.execute(text(statement), values)
    except IntegrityError as error:
        return REFUSED in str(error)
    return False


@pytest.mark.parametrize(
    ("verdict", "change", "is_refused"),
    [
        (None, "comment = 'yes', verdict = 'APPROVED'", False),
        (None, "comment = 'not yet'", False),
        (None, "word = 'another'", True),
        (None, "word = NULL", True),
        (None, "verdict = 'APPROVED', word = 'another'", True),
        (None, "user_id = gen_random_uuid()", True),
        ("APPROVED", "verdict = NULL", True),
        ("APPROVED", "verdict = 'REJECTED'", True),
        ("APPROVED", "comment = 'never said'", True),
        ("APPROVED", "verdict = 'APPROVED', word = 'word'", False),  # nothing changes
    ],
)
async def test_what_may_be_written_later_is_written_until_it_is_closed(
    db: Db, verdict: str | None, change: str, is_refused: bool
) -> None:
    id = await row(db, verdict)
    assert await refused(db, f"UPDATE kept SET {change} WHERE user_id = :id", id=id) is is_refused


async def test_only_who_is_erased_goes(db: Db) -> None:
    gone, other = await row(db, "APPROVED"), await row(db)
    assert await refused(db, "DELETE FROM kept WHERE user_id = :id", id=gone)
    await db.execute(text("SELECT set_config('longan.erases', :id, true)"), {"id": str(gone)})
    assert await refused(db, "DELETE FROM kept WHERE user_id = :id", id=other)
    assert await refused(db, "UPDATE kept SET word = '' WHERE user_id = :id", id=gone)
    assert not await refused(db, "DELETE FROM kept WHERE user_id = :id", id=gone)
    assert (await db.execute(text("SELECT user_id FROM kept"))).scalars().all() == [other]


@pytest.mark.parametrize("name", sorted(RECORDS))
async def test_none_is_emptied(name: str) -> None:
    async with rolled_back() as db:
        assert await refused(db, f"TRUNCATE {name} CASCADE")
