"""Sealing: each minute the evidence that came gets its place in the log, and the log's new head is signed."""

from datetime import timedelta

from sqlalchemy import func, select, text

from domain.evidence import checkpoints, leaves, tree
from domain.evidence.checkpoints import Checkpoint
from domain.evidence.leaves import Evidence
from domain.evidence.log import EvidenceHead, EvidenceNode, hashes_of, newest_head
from infra import clock, outbox, schedules
from infra.copying import copy_in
from infra.database import Db
from infra.events import declare
from infra.outbox import Event
from infra.reactions import reaction

ONE_SEALER = 0x6C6F6E67  # of the locks of this database, this one's number
BATCH = 10_000
SEALING_DUE, HEAD_SIGNED = declare("evidence.sealing_due"), declare("evidence.head_signed", size=int)
schedules.recur(SEALING_DUE, timedelta(minutes=1))

PLACE = text(
    "UPDATE evidence_leaves SET position = placed.position"
    " FROM unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[]), CAST(:places AS bigint[])) AS placed(user_id, id, position)"
    " WHERE evidence_leaves.user_id = placed.user_id AND evidence_leaves.id = placed.id"
)


@reaction(SEALING_DUE, stored_as="seal_evidence")
async def seal_evidence(db: Db, event: Event) -> None:
    await seal(db)


async def seal(db: Db) -> int:
    """Give the evidence that has none its place, and sign the head; the log's size. Without anything new, nothing is signed."""
    await db.execute(select(func.pg_advisory_xact_lock(ONE_SEALER)))
    head = await newest_head(db)
    size = head.size if head else 0
    fresh = select(Evidence.user_id, Evidence.id, Evidence.kind, Evidence.subject_id, Evidence.at, Evidence.commitment)
    rows = (await db.execute(fresh.where(Evidence.position.is_(None)).order_by(Evidence.id).limit(BATCH))).all()
    if not rows and (head is None or checkpoints.is_signed_here(head.note)):
        return size
    hashes = [leaves.hash_of(*row[1:]) for row in rows]
    edge = await hashes_of(db, tree.complete_nodes((0, size)))
    grown = dict(tree.new_nodes(size, hashes, edge))
    end = size + len(rows)
    placed = {"users": [row[0] for row in rows], "ids": [row[1] for row in rows], "places": [*range(size, end)]}
    await db.execute(PLACE, placed)
    await copy_in(db, EvidenceNode, [{"level": at[0], "place": at[1], "hash": hash} for at, hash in grown.items()])
    await _sign(db, end, tree.fold((0, end), edge | grown), head)
    if len(rows) == BATCH:
        await outbox.announce(db, SEALING_DUE)
    return end


async def _sign(db: Db, size: int, root: bytes, head: EvidenceHead | None) -> None:
    now = await clock.now(db)
    note = checkpoints.sign(Checkpoint(checkpoints.origin(), size, root, now))
    if head is not None and head.size == size:  # a new key signs what an old one had signed
        head.note, head.signed_at = note, now
    else:
        db.add(EvidenceHead(size=size, signed_at=now, note=note))
    await outbox.announce(db, HEAD_SIGNED, size=size)
