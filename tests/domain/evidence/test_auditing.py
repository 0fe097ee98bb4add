"""An owner of the database changes the log: whatever they do is found and named, as long as one head lies elsewhere."""

from collections.abc import Awaitable, Callable
from random import Random

import pytest
from sqlalchemy import delete, func, select, text, update

from domain.evidence import auditing, checkpoints, leaves, sealing, tree
from domain.evidence.checkpoints import Checkpoint
from domain.evidence.leaves import Evidence, EvidenceKind
from domain.evidence.log import EvidenceHead, EvidenceNode, hashes_of
from infra import vault
from infra.database import Db
from infra.ids import new_id
from infra.vault import PersonKey
from tests.tampering import tamper

FIRST, LATER = 70, 55


@pytest.fixture
async def heads(db: Db) -> list[Checkpoint]:
    """A log of two heads more than there were, and what was kept of it outside."""
    await sealing.seal(db)
    for count in (FIRST, LATER):
        await fill(db, count)
        await sealing.seal(db)
    notes = (await db.execute(select(EvidenceHead.note).order_by(EvidenceHead.size))).scalars()
    public = checkpoints.signing_key().public_key()
    await tamper(db)  # as whoever owns the database can
    return [checkpoints.read(note, public) for note in notes]


async def fill(db: Db, count: int) -> None:
    person = vault.new_person_key(new_id())
    db.add(person)
    await db.flush()
    for number in range(count):
        await leaves.add(db, person.user_id, EvidenceKind.DECISION, new_id(), {"number": number})
    await db.flush()


async def faults(db: Db, heads: list[Checkpoint]) -> list[tuple[int, int, str]]:
    found = await auditing.audit(db, heads)
    return [(fault.first, fault.last, fault.what) for fault in found.faults]


def start(heads: list[Checkpoint]) -> int:
    """Where this test's leaves begin; others' stand before."""
    return heads[-1].size - FIRST - LATER


async def test_an_untouched_log_has_no_fault(db: Db, heads: list[Checkpoint]) -> None:
    found = await auditing.audit(db, heads)
    assert (found.faults, found.size, found.held, found.heads) == ([], heads[-1].size, heads[-1].size, len(heads))
    assert found.opened >= FIRST + LATER


COLUMNS = {
    "subject_id": text("gen_random_uuid()"),
    "at": text("at + interval '1 microsecond'"),
    "kind": text("'LOOKUP'"),
    "commitment": text("sha256(commitment)"),
}


@pytest.mark.parametrize("column", COLUMNS)
async def test_one_column_of_one_row(db: Db, heads: list[Checkpoint], column: str) -> None:
    at = start(heads) + Random(column).randrange(FIRST + LATER)
    await db.execute(update(Evidence).where(Evidence.position == at).values({column: COLUMNS[column]}))
    assert (at, at, "its row is not the one that was sealed") in await faults(db, heads)


@pytest.mark.parametrize("column", ["content_sealed", "user_id"])
async def test_what_the_person_would_be_shown(db: Db, heads: list[Checkpoint], column: str) -> None:
    at = start(heads) + 7
    other = vault.new_person_key(new_id())
    db.add(other)
    await db.flush()
    value = {
        "content_sealed": text("set_byte(content_sealed, 20, get_byte(content_sealed, 20) # 1)"),
        "user_id": other.user_id,
    }
    await db.execute(update(Evidence).where(Evidence.position == at).values({column: value[column]}))
    assert await faults(db, heads) == [(at, at, "its content is not what was committed to")]


async def test_a_row_that_was_deleted(db: Db, heads: list[Checkpoint]) -> None:
    at = start(heads) + 33
    await db.execute(delete(Evidence).where(Evidence.position == at))
    assert await faults(db, heads) == [(at, at, "its row was deleted, or put elsewhere")]


async def test_two_rows_that_changed_places(db: Db, heads: list[Checkpoint]) -> None:
    one, other = start(heads) + 3, start(heads) + 90
    swapped = func.abs(Evidence.position - (one + other))
    await db.execute(update(Evidence).where(Evidence.position.in_([one, other])).values(position=swapped))
    what = "its row is not the one that was sealed"
    assert await faults(db, heads) == [(one, one, what), (other, other, what)]


async def test_a_row_that_was_put_in(db: Db, heads: list[Checkpoint]) -> None:
    at = start(heads) + 12
    await fill(db, 1)
    await db.execute(update(Evidence).where(Evidence.position.is_(None)).values(position=at))
    assert [fault[:2] for fault in await faults(db, heads)] == [(at, at)]


async def test_a_log_that_was_cut_off(db: Db, heads: list[Checkpoint]) -> None:
    """Rows, tree and heads of the last minute are gone, as if it had never been."""
    size = heads[-1].size
    before = size - LATER
    await db.execute(delete(Evidence).where(Evidence.position >= before))
    await db.execute(delete(EvidenceHead).where(EvidenceHead.size > before))
    await db.execute(text("DELETE FROM evidence_nodes WHERE (place + 1) << level > :before"), {"before": before})
    assert await faults(db, heads) == [(before, size - 1, "cut off: a head was signed over more")]


async def test_a_tree_that_was_mended_after_the_rows(db: Db, heads: list[Checkpoint]) -> None:
    """Whoever can compute hashes changes a row and all above it; only the head tells, and in which minute."""
    at, size = start(heads) + FIRST + 20, heads[-1].size
    await db.execute(update(Evidence).where(Evidence.position == at).values(commitment=bytes(32)))
    rows = select(Evidence.id, Evidence.kind, Evidence.subject_id, Evidence.at, Evidence.commitment)
    begin = size - LATER
    changed = (await db.execute(rows.where(Evidence.position >= begin).order_by(Evidence.position))).all()
    edge = await hashes_of(db, tree.complete_nodes((0, begin)))
    for (level, place), hash in tree.new_nodes(begin, [leaves.hash_of(*row) for row in changed], edge):
        mine = (EvidenceNode.level == level) & (EvidenceNode.place == place)
        await db.execute(update(EvidenceNode).where(mine).values(hash=hash))
    assert await faults(db, heads) == [
        (at, at, "its content is not what was committed to"),
        (begin, size - 1, auditing.WRITTEN_ANEW),
    ]


@pytest.mark.parametrize("level", [0, 1, 3])
async def test_a_node_of_the_tree(db: Db, heads: list[Checkpoint], level: int) -> None:
    place = -(-start(heads) // 8) * 8 + 16 >> level
    mine = (EvidenceNode.level == level) & (EvidenceNode.place == place)
    await db.execute(update(EvidenceNode).where(mine).values(hash=bytes(32)))
    first = place << level
    assert (first, first + (1 << level) - 1) in [fault[:2] for fault in await faults(db, heads)]


async def test_an_erased_persons_evidence_still_holds(db: Db, heads: list[Checkpoint]) -> None:
    whose = select(Evidence.user_id).where(Evidence.position == heads[-1].size - 1).scalar_subquery()
    await db.execute(delete(PersonKey).where(PersonKey.user_id == whose))
    found = await auditing.audit(db, heads)
    assert (found.faults, found.held) == ([], heads[-1].size)


@pytest.mark.parametrize("seed", range(6))
async def test_a_few_of_anything(db: Db, heads: list[Checkpoint], seed: int) -> None:
    """Every place that a random vandal touched is named."""
    random = Random(seed)
    places = sorted(random.sample(range(start(heads), heads[-1].size), 5))
    vandals: list[Callable[[int], Awaitable[object]]] = [
        lambda at: db.execute(delete(Evidence).where(Evidence.position == at)),
        lambda at: db.execute(update(Evidence).where(Evidence.position == at).values(at=text("at - interval '1 day'"))),
        lambda at: db.execute(update(Evidence).where(Evidence.position == at).values(content_sealed=b"x" * 60)),
    ]
    for at in places:
        await random.choice(vandals)(at)
    assert sorted({fault[0] for fault in await faults(db, heads)}) == places
