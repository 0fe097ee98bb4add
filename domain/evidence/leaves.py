"""Evidence: one thing that was decided, sealed for its person, and committed to in a leaf of the log."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from domain.evidence.tree import hash_leaf
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.ids import new_id
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record

CONTENT = "evidence_leaves.content"
SALT_BYTES = 32


class EvidenceKind(StrEnum):
    CONSENT = "CONSENT"
    LOOKUP = "LOOKUP"
    DECISION = "DECISION"
    AGREEMENT = "AGREEMENT"


class Evidence(Entity):
    """`commitment` binds to the content without telling it: with the person's key gone, nobody can guess what it was.

    `position` is its place in the log, null until the log was sealed behind it.
    """

    __tablename__ = "evidence_leaves"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)
    __record__ = Record(later=("position",), closed_by="position")

    user_id: Mapped[OwnerId]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[EvidenceKind]
    subject_id: Mapped[UUID]
    at: Mapped[datetime]
    commitment: Mapped[bytes]
    content_sealed: Mapped[bytes]  # with its salt
    position: Mapped[int | None] = mapped_column(BigInteger, default=None)

    __table_args__ = (Index(None, "position"),)

    @property
    def leaf(self) -> bytes:
        """The exact bytes that stand in the log."""
        return leaf_of(self.id, self.kind, self.subject_id, self.at, self.commitment)


Index("ix_evidence_leaves_unsealed", Evidence.id, postgresql_where=Evidence.position.is_(None))


def canonical(value: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys and nothing between them."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def commit_to(salt: bytes, content: bytes) -> bytes:
    return sha256(salt + content).digest()


def leaf_of(id: UUID, kind: str, subject_id: UUID, at: datetime, commitment: bytes) -> bytes:
    said = {"id": str(id), "kind": str(kind), "subject": str(subject_id), "commitment": commitment.hex()}
    return canonical({**said, "at": at.astimezone(UTC).isoformat(timespec="microseconds")})


def hash_of(id: UUID, kind: str, subject_id: UUID, at: datetime, commitment: bytes) -> bytes:
    """What stands at the bottom of the tree."""
    return hash_leaf(leaf_of(id, kind, subject_id, at, commitment))


async def add(db: Db, user_id: UUID, kind: EvidenceKind, subject_id: UUID, content: Mapping[str, Any]) -> None:
    """Write evidence in the transaction of what it is about. It takes no lock: its place is given later."""
    db.add(await of(db, user_id, kind, subject_id, content))


async def of(db: Db, user_id: UUID, kind: EvidenceKind, subject_id: UUID, content: Mapping[str, Any]) -> Evidence:
    """Evidence that is yet to be written."""
    seal, id = await vault.seal_of(db, user_id), new_id()
    salt, text = os.urandom(SALT_BYTES), canonical(content)
    sealed = seal.close({"salt": salt.hex(), "content": text.decode()}, CONTENT)
    return Evidence(
        user_id=user_id,
        id=id,
        kind=kind,
        subject_id=subject_id,
        at=await clock.now(db),
        commitment=commit_to(salt, text),
        content_sealed=sealed,
    )
