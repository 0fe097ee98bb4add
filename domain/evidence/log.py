"""The log as it is stored: the nodes of its tree, and the heads that were signed."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, SmallInteger, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from domain.evidence.tree import Node, Span, complete_nodes, fold
from infra.database import Db
from infra.entity import Entity
from infra.records import Record


class EvidenceNode(Entity):
    """The hash over a complete subtree. Nobody stands in it, so it stays when a person is erased."""

    __tablename__ = "evidence_nodes"
    __record__ = Record()

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class EvidenceHead(Entity):
    """The log at one size, signed: `note` is the whole checkpoint, with the signatures of witnesses that answered."""

    __tablename__ = "evidence_heads"
    __record__ = Record(later=("signed_at", "note"))

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    signed_at: Mapped[datetime]
    note: Mapped[str]


async def newest_head(db: Db) -> EvidenceHead | None:
    return (await db.execute(select(EvidenceHead).order_by(EvidenceHead.size.desc()).limit(1))).scalar_one_or_none()


async def hashes_of(db: Db, nodes: Iterable[Node]) -> dict[Node, bytes]:
    wanted = tuple_(EvidenceNode.level, EvidenceNode.place).in_(list(nodes))
    rows = await db.execute(select(EvidenceNode.level, EvidenceNode.place, EvidenceNode.hash).where(wanted))
    return {(level, place): hash for level, place, hash in rows}


async def hashes_over(db: Db, spans: list[Span]) -> list[bytes]:
    """The hash over each span of the log, in one statement."""
    known = await hashes_of(db, {node for span in spans for node in complete_nodes(span)})
    return [fold(span, known) for span in spans]
