"""Auditing: the whole log walked against the heads that were signed, so that whatever was changed since is named.

What came after the newest head that lies outside the database is not protected yet: a minute's evidence, as a rule.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import and_, func, or_, select

from domain.evidence import leaves, tree
from domain.evidence.checkpoints import Checkpoint
from domain.evidence.leaves import CONTENT, Evidence
from domain.evidence.log import EvidenceNode
from domain.evidence.tree import Node
from infra import vault
from infra.database import Db
from infra.vault import Seal

BATCH = 5_000
LEVELS = 64
WRITTEN_ANEW = "rows and tree were written anew: the head that was signed over them is another"


@dataclass(frozen=True)
class LogFault:
    """`first` to `last` are positions of the log; `id` names the row where there is one."""

    first: int
    last: int
    what: str
    id: UUID | None = None

    def __str__(self) -> str:
        where = f"position {self.first}" if self.first == self.last else f"positions {self.first} to {self.last}"
        return f"{where}: {self.what}" + (f" (evidence {self.id})" if self.id else "")


@dataclass
class Audit:
    """How many leaves were walked, how many heads hold, whose content could be opened, and every fault."""

    size: int
    heads: int = 0
    held: int = 0  # the size of the last head that holds
    opened: int = 0
    faults: list[LogFault] = field(default_factory=list)


Progress = Callable[[int, int], None]  # leaves walked, of so many


async def audit(db: Db, heads: Sequence[Checkpoint], progress: Progress = lambda done, of: None) -> Audit:
    """Compare rows, tree and heads, which come from outside: only they tell that a log was cut off or written anew."""
    found = Audit(await _size(db))
    known: dict[Node, bytes] = {}
    for start in range(0, found.size, BATCH):
        end = min(start + BATCH, found.size)
        stored = await _stored(db, start, end)
        hashes = await _leaves(db, start, end, stored, found)
        for node, hash in tree.new_nodes(start, hashes, known):
            known[node] = hash
            if node[0] and stored.get(node) != hash:
                first = node[1] << node[0]
                found.faults.append(
                    LogFault(first, first + (1 << node[0]) - 1, "a node of the tree over them was changed")
                )
        _compare([head for head in heads if start < head.size <= end], known, found)
        known = {node: known[node] for node in tree.complete_nodes((0, end))}
        progress(end, found.size)
    for head in heads:
        if head.size > found.size:
            found.faults.append(LogFault(found.size, head.size - 1, "cut off: a head was signed over more"))
            break
    return found


async def _size(db: Db) -> int:
    by_tree = select(func.max(EvidenceNode.place)).where(EvidenceNode.level == 0)
    by_rows = select(func.max(Evidence.position))
    last = [(await db.execute(query)).scalar_one() for query in (by_tree, by_rows)]
    return 1 + max((each for each in last if each is not None), default=-1)


async def _stored(db: Db, start: int, end: int) -> dict[Node, bytes]:
    """The nodes that leaves from `start` up to `end` complete, as they are stored."""
    node = EvidenceNode
    spans = [(level, start >> level, end >> level) for level in range(LEVELS)]
    wanted = or_(
        *(and_(node.level == at, node.place >= first, node.place < last) for at, first, last in spans if first < last)
    )
    return {
        (level, place): hash
        for level, place, hash in await db.execute(select(node.level, node.place, node.hash).where(wanted))
    }


async def _leaves(db: Db, start: int, end: int, stored: Mapping[Node, bytes], found: Audit) -> list[bytes]:
    """The leaf hashes as they are stored, each compared with its row; of a row alone where nothing is stored."""
    rows = await _rows(db, start, end)
    seals = await vault.seals_of(db, {row.user_id for each in rows.values() for row in each})
    hashes = []
    for position in range(start, end):
        row, twins = next(iter(rows[position]), None), rows[position][1:]
        node = stored.get((0, position))
        found.faults += [LogFault(position, position, what, id) for what, id in _faults_of(row, twins, node)]
        if row is not None and (seal := seals.get(row.user_id)):
            found.opened += 1
            if not _is_committed(row, seal):
                found.faults.append(LogFault(position, position, "its content is not what was committed to", row.id))
        hashes.append(node or (_hash_of(row) if row else bytes(32)))
    return hashes


async def _rows(db: Db, start: int, end: int) -> defaultdict[int | None, list[Evidence]]:
    placed = select(Evidence).where(Evidence.position >= start, Evidence.position < end).order_by(Evidence.id)
    rows = defaultdict(list)
    for row in (await db.execute(placed.execution_options(populate_existing=True))).scalars():
        rows[row.position].append(row)
        db.expunge(row)
    return rows


def _faults_of(
    row: Evidence | None, twins: Sequence[Evidence], node: bytes | None
) -> Iterable[tuple[str, UUID | None]]:
    if row is None:
        yield "its row was deleted, or put elsewhere", None
    elif node is not None and _hash_of(row) != node:
        yield "its row is not the one that was sealed", row.id
    if node is None:
        yield "its leaf was taken out of the tree", row.id if row else None
    for twin in twins:
        yield "a second row claims its place", twin.id


def _hash_of(row: Evidence) -> bytes:
    return tree.hash_leaf(row.leaf)


def _is_committed(row: Evidence, seal: Seal) -> bool:
    try:
        opened = seal.open(row.content_sealed, CONTENT)
    except InvalidTag:
        return False
    return leaves.commit_to(bytes.fromhex(opened["salt"]), opened["content"].encode()) == row.commitment


def _compare(heads: Sequence[Checkpoint], known: Mapping[Node, bytes], found: Audit) -> None:
    """From the first head that does not hold, none can."""
    for head in sorted(heads, key=lambda head: head.size):
        if any(fault.what == WRITTEN_ANEW for fault in found.faults):
            return
        if tree.fold((0, head.size), known) == head.root:
            found.heads += 1
            found.held = head.size
        else:
            found.faults.append(LogFault(found.held, head.size - 1, WRITTEN_ANEW))
